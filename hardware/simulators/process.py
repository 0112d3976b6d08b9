"""What every simulator process has in common: options, control socket, clean end."""

from __future__ import annotations

import argparse
from pathlib import Path

from twisted.internet.base import ReactorBase
from twisted.internet.endpoints import UNIXServerEndpoint

from hardware.simulators.control_server import ControlFactory, Handler
from hardware.simulators.pty_port import PtyPort


def control_options(description: str) -> argparse.ArgumentParser:
    """A parser with the options that all simulators take."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--control", type=Path, required=True, help="UNIX socket for requests")
    parser.add_argument("--speed", type=float, default=1.0, help="how much faster than real time (default 1)")
    return parser


def common_options(description: str) -> argparse.ArgumentParser:
    """The same for those on a terminal."""
    parser = control_options(description)
    parser.add_argument("--link", type=Path, required=True, help="symbolic link to make to the terminal")
    return parser


def serve_on_terminal(reactor: ReactorBase, control: Path, port: PtyPort, handle: Handler) -> None:
    """``serve`` with the device plugged in meanwhile."""
    port.plug()
    reactor.addSystemEventTrigger("before", "shutdown", port.unplug)
    serve(reactor, control, handle)


def serve(reactor: ReactorBase, control: Path, handle: Handler) -> None:
    """Serve requests until the reactor is stopped by a signal, then remove what was made.

    A socket left behind by a killed simulator is replaced.
    """
    control.unlink(missing_ok=True)
    endpoint = UNIXServerEndpoint(reactor, str(control), mode=0o600)  # type: ignore[no-untyped-call]
    listening = endpoint.listen(ControlFactory(handle))  # type: ignore[no-untyped-call]
    failed: list[str] = []

    def cannot_listen(failure: object) -> None:
        failed.append(f"cannot listen at {control}: {failure}")
        reactor.callWhenRunning(reactor.stop)

    listening.addErrback(cannot_listen)
    reactor.run()
    if failed:
        raise SystemExit(failed[0])
