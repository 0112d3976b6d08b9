"""Keeps one port open: opens it, notices its loss, tries again for ever with growing, jittered pauses."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IProtocol, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from hardware.line_device import HardwareError
from protocols.sayings import words_of

log = Logger()


class PortError(HardwareError):
    """A port cannot be found or opened."""


class ClosablePort(Protocol):
    """An open port."""

    def close(self) -> None:
        """Close at once."""
        ...


class PortOpener(Protocol):
    """Opens a port whenever asked."""

    def open(self, protocol: IProtocol, on_closed: Callable[[], None]) -> Deferred[ClosablePort]:
        """Open and connect ``protocol``; fails with ``PortError``. ``on_closed`` is called when it closes."""
        ...

    def give_up(self) -> None:
        """The port is not wanted any more: an opening in progress should fail soon, if it can."""
        ...


STEADY = 10.0
"""Seconds that a port must stay open before its next loss is answered with the shortest pause: a server that accepts
and closes at once is not to be asked without end."""


@dataclass
class BackOff:
    """Pauses in seconds: from ``first`` doubling to ``most``, each shortened by up to half at random, so that the
    lines of one hub do not all try in the same moment. ``longest`` is the pause after ``slow_down``, ``most`` if None.
    """

    first: float = 0.5
    most: float = 15.0
    longest: float | None = None
    source: random.Random = field(default_factory=random.Random)
    _next: float = 0.0
    _slow: bool = False

    def slow_down(self) -> None:
        """Make the next pause the longest, whatever happens until then."""
        self._slow = True

    def reset(self) -> None:
        """Begin again with the shortest pause."""
        self._next = 0.0

    def pause(self) -> float:
        """The next pause."""
        if self._slow:
            self._slow, self._next = False, self.most
            return (self.longest or self.most) * self.source.uniform(0.5, 1.0)
        self._next = min(self.most, max(self.first, 2 * self._next))
        return self._next * self.source.uniform(0.5, 1.0)


class PortSupervisor:
    """Runs ``build()``'s protocols on the port of ``opener``, one after another.

    ``on_down`` is told why each time the port could not be opened; its loss is the protocol's to report.
    """

    def __init__(
        self,
        opener: PortOpener,
        build: Callable[[], IProtocol],
        on_down: Callable[[str], None],
        clock: IReactorTime,
        back_off: BackOff | None = None,
    ) -> None:
        self._opener = opener
        self._build = build
        self._on_down = on_down
        self._clock = clock
        self._back_off = back_off or BackOff()
        self._running = False
        self._port: ClosablePort | None = None
        self._opening: Deferred[None] | None = None
        self._retry: IDelayedCall | None = None
        self._closed_early = False
        self._opened_at = 0.0
        self._stopped: Deferred[None] | None = None

    @property
    def next_attempt(self) -> float | None:
        """When the port is opened again, in seconds of the clock; None while it is open or being opened."""
        return None if self._retry is None else self._retry.getTime()

    def start(self) -> None:
        """Open the port now, and again whenever it is lost."""
        if not self._running:
            self._running = True
            self._open()

    def stop(self) -> Deferred[None]:
        """Close the port and open it no more. Fires when nothing of it is left, an opening in progress included."""
        self._running = False
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        done: Deferred[None] = Deferred()
        self._stopped = done
        if self._opening is not None:
            self._opener.give_up()
        if self._port is not None:
            self._port.close()
        self._look_whether_all_is_closed()
        return done

    def _look_whether_all_is_closed(self) -> None:
        if self._stopped is not None and self._opening is None and self._port is None:
            done, self._stopped = self._stopped, None
            done.callback(None)

    def _open(self) -> None:
        self._retry = None
        self._closed_early = False
        opening: Deferred[None] = self._opener.open(self._build(), self._closed).addCallbacks(
            self._opened, self._not_opened
        )
        self._opening = opening
        opening.addErrback(lambda failure: log.failure("port supervision", failure=failure))
        opening.addBoth(self._opening_done)

    def _opening_done(self, _: object) -> None:
        self._opening = None
        self._look_whether_all_is_closed()

    def _opened(self, port: ClosablePort) -> None:
        if self._closed_early:
            # Closed before the opener could hand it over.
            self._try_again()
            return
        self._port, self._opened_at = port, self._clock.seconds()
        if not self._running:
            port.close()

    def _not_opened(self, failure: Failure) -> None:
        error = failure.value
        if not isinstance(error, HardwareError):
            log.failure("unexpected error while opening a port", failure=failure)
        if self._running:
            self._on_down(words_of(error))
        self._try_again()

    def _closed(self) -> None:
        self._closed_early = self._port is None
        if self._port is not None:
            self._port = None
            if self._clock.seconds() - self._opened_at >= STEADY:
                self._back_off.reset()
            self._try_again()
            self._look_whether_all_is_closed()

    def _try_again(self) -> None:
        if self._running:
            self._retry = self._clock.callLater(self._back_off.pause(), self._open)
