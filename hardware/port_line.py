"""What every line on a port has in common: supervision, trace, and who listens."""

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
from hardware.trace import LineTrace, RunInThread, TraceListener, trace_path
from protocols.line_endpoint import LineProtocol
from protocols.sayings import Said, Saying
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


def incapable(line: str, what: Saying, why: Saying | None = None) -> NotCapableError:
    """Says that ``line`` cannot do ``what``, a saying with its name, and ``why`` not."""
    unable = Said(what, line=line)
    return NotCapableError(unable if why is None else Said(Saying.BECAUSE, what=unable, why=Said(why)))


def unavailable(line: str, why: str) -> HardwareError:
    """Says that ``line`` is lost, and ``why``."""
    return HardwareError(Said(Saying.UNAVAILABLE, line=line, why=why))


class PortLine:
    """Base of the line devices on a port. A subclass says which protocol runs on the port and what it can do."""

    def __init__(self, settings: LineSettings, opener: PortOpener, reactor: ReactorBase, trace_folder: Path) -> None:
        self._name = settings.name
        self._reactor = reactor
        self._trace = LineTrace(
            trace_path(trace_folder, settings.name), reactor, threads_of(reactor), enabled=settings.trace
        )
        self._supervisor = PortSupervisor(opener, self._build, self._cannot_open, reactor)
        self._listener: SignalListener | None = None
        self._up: bool | None = None
        self._lost_because: str = Said(Saying.NOT_STARTED)

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

    @property
    def recordings(self) -> Path | None:
        """See ``LineDevice``."""
        return None

    def record(self, name: str) -> None:
        """See ``LineDevice``."""
        raise self._incapable(Saying.CANNOT_RECORD)

    @property
    def call_control(self) -> None:
        """See ``LineDevice``."""
        return None

    def set_trace(self, enabled: bool) -> None:
        """See ``LineDevice``."""
        self._trace.enabled = enabled

    def watch(self, listener: TraceListener | None) -> None:
        """See ``LineDevice``."""
        self._trace.watch(listener)

    def rename(self, name: str) -> None:
        """See ``LineDevice``. The file of its trace keeps the old name until the device is made anew."""
        self._name = name

    def dial(self, number: str) -> None:
        """See ``LineDevice``."""
        raise self._incapable(Saying.CANNOT_DIAL)

    def answer(self) -> None:
        """See ``LineDevice``."""
        raise self._incapable(Saying.CANNOT_ANSWER)

    def hang_up(self) -> None:
        """See ``LineDevice``."""
        raise self._incapable(Saying.CANNOT_HANG_UP)

    def send_digits(self, digits: str) -> None:
        """See ``LineDevice``."""
        raise self._incapable(Saying.CANNOT_SEND_TONES)

    def _incapable(self, what: Saying, why: Saying | None = None) -> NotCapableError:
        return incapable(self._name, what, why)

    def _require_up(self) -> None:
        if not self._up:
            raise unavailable(self._name, self._lost_because)

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
