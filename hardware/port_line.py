"""What every line on a port has in common, whatever the port: supervision, trace, and who listens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.base import ReactorBase
from twisted.internet.defer import succeed
from twisted.internet.threads import deferToThreadPool

from hardware.line_device import HardwareError, NotCapableError, SignalListener
from hardware.settings import LineSettings
from hardware.supervisor import PortOpener, PortSupervisor
from hardware.trace import LineTrace, RunInThread, trace_path
from protocols.line_endpoint import LineProtocol
from protocols.signals import LineLost, LineReady, LineSignal


def threads_of(reactor: ReactorBase) -> RunInThread:
    """``RunInThread`` on the reactor's thread pool; at once while the reactor is not running."""

    def run(work: Callable[[], None], then: Callable[[], None]) -> None:
        running: Any = succeed(None)
        if reactor.running:
            running = deferToThreadPool(reactor, reactor.getThreadPool(), work)
        else:
            work()
        running.addBoth(lambda _: then())

    return run


class PortLine:
    """Base of the line devices. A subclass says which protocol runs on the port of ``opener`` and what it can do."""

    def __init__(self, settings: LineSettings, opener: PortOpener, reactor: ReactorBase, trace_folder: Path) -> None:
        self._name = settings.name
        self._reactor = reactor
        self._trace = LineTrace(
            trace_path(trace_folder, settings.name), reactor, threads_of(reactor), enabled=settings.trace
        )
        self._supervisor = PortSupervisor(opener, self._build, self._cannot_open, reactor)
        self._listener: SignalListener | None = None
        self._up: bool | None = None
        self._lost_because = "not started"

    def _build(self) -> LineProtocol:
        """The protocol for a newly opened port."""
        raise NotImplementedError

    async def _finish_calls(self) -> None:
        """End what the device holds before its port is closed."""

    def start(self, listener: SignalListener) -> None:
        """See ``LineDevice``."""
        self._listener = listener
        self._supervisor.start()

    async def stop(self) -> None:
        """See ``LineDevice``."""
        self._listener = None
        await self._finish_calls()
        await self._supervisor.stop()
        self._trace.close()

    def set_trace(self, enabled: bool) -> None:
        """See ``LineDevice``."""
        self._trace.enabled = enabled

    def dial(self, number: str) -> None:
        """See ``LineDevice``."""
        raise self._incapable("dial")

    def answer(self) -> None:
        """See ``LineDevice``."""
        raise self._incapable("answer")

    def hang_up(self) -> None:
        """See ``LineDevice``."""
        raise self._incapable("hang up")

    def send_digits(self, digits: str) -> None:
        """See ``LineDevice``."""
        raise self._incapable("send tones")

    def _incapable(self, what: str) -> NotCapableError:
        return NotCapableError(f"line {self._name} cannot {what}")

    def _require_up(self) -> None:
        if not self._up:
            raise HardwareError(f"line {self._name} is not available: {self._lost_because}")

    def _cannot_open(self, reason: str) -> None:
        # Why it cannot be opened may change, from unplugged to occupied; that the line is lost is news once.
        self._lost_because = reason
        if self._up is not False:
            self._report(LineLost(reason))

    def _report(self, signal: LineSignal) -> None:
        match signal:
            case LineReady():
                self._up = True
            case LineLost(reason):
                self._up, self._lost_because = False, reason
            case _:
                pass
        if self._listener is not None:
            self._listener(signal)
