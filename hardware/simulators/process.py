"""What every simulator process has in common: options, control socket, clean end."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from pydantic import TypeAdapter
from twisted.internet.base import ReactorBase
from twisted.internet.endpoints import UNIXServerEndpoint

from hardware.simulators.control_server import ControlFactory, Handler
from hardware.simulators.requests import parser


def nothing_more() -> None:
    """When nothing is to be told."""


class Pluggable(Protocol):
    """What appears when a simulator starts and disappears when it ends."""

    def plug(self) -> None:
        """Appear."""
        ...

    def unplug(self) -> object:
        """Disappear."""
        ...


def common_options(description: str) -> argparse.ArgumentParser:
    """A parser with the options that all simulators take."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--control", type=Path, required=True, help="UNIX socket for requests")
    parser.add_argument("--speed", type=float, default=1.0, help="how much faster than real time (default 1)")
    return parser


def pty_option(parser: argparse.ArgumentParser) -> None:
    """The option of those on a terminal."""
    parser.add_argument("--link", type=Path, required=True, help="symbolic link to make to the terminal")


def serve(
    reactor: ReactorBase,
    control: Path,
    port: Pluggable,
    handle: Handler[Any],
    requests: TypeAdapter[Any] = parser,
    plugged: Callable[[], None] = nothing_more,
) -> None:
    """Plug the device in, serve requests until the reactor is stopped by a signal, then remove what was made.

    ``requests`` are those that ``handle`` carries out; ``plugged`` is called once the device is there. A socket left
    behind by a killed simulator is replaced.
    """
    control.unlink(missing_ok=True)
    endpoint = UNIXServerEndpoint(reactor, str(control), mode=0o600)  # type: ignore[no-untyped-call]
    listening = endpoint.listen(ControlFactory(handle, requests))  # type: ignore[no-untyped-call]
    failed: list[str] = []

    def cannot_listen(failure: object) -> None:
        failed.append(f"cannot listen at {control}: {failure}")
        reactor.callWhenRunning(reactor.stop)

    listening.addErrback(cannot_listen)
    port.plug()
    plugged()
    reactor.addSystemEventTrigger("before", "shutdown", port.unplug)
    reactor.run()
    if failed:
        raise SystemExit(failed[0])
