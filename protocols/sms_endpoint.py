"""Twisted glue between a gateway session and a connection. It decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime, ISSLTransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from protocols.deadline import Deadline
from protocols.line_endpoint import PortGoneError
from protocols.sayings import Said, Saying, words_of
from protocols.sms import GatewaySignal, Part
from protocols.sms_actions import SmsActions
from protocols.sms_session import SmsSession

MOST_OWED = 2000
"""Arrivals that are not on disk; with more of them nothing is read from the connection."""
_LAST_WORDS = 2.0
"""Seconds for the last bytes of a connection that is being closed."""

Report = Callable[[Sequence[GatewaySignal]], None]


@implementer(IPushProducer)
class SmsProtocol(Protocol):
    """Runs ``session`` over one connection after another. ``report`` is given the signals of a turn together, ``doubt``
    sentences for the log.

    Nothing is read while the other side does not read (without TLS), or too much of what it sent is not on disk.
    """

    def __init__(
        self, session: SmsSession, clock: IReactorTime, report: Report, doubt: Callable[[str], None] | None = None
    ) -> None:
        self._session = session
        self._clock = clock
        self._report = report
        self._doubt = doubt or (lambda _: None)
        self._deadline = Deadline(clock, self._tick)
        self._flush: IDelayedCall | None = None
        self._closing: IDelayedCall | None = None
        self._reads = True
        self._clogged = False
        session.arrivals.wake = self.flush_soon

    def connectionMade(self) -> None:  # noqa: N802
        """Sign in."""
        self._reads, self._clogged = True, False
        transport: Any = self.transport
        # TLS pauses whoever writes until it has read: reading must go on.
        if not ISSLTransport.providedBy(transport):
            transport.registerProducer(self, True)
        self.perform(self._session.start(self._clock.seconds()))

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Bytes of the gateway."""
        self.perform(self._session.receive(data, self._clock.seconds()))

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """The connection is gone."""
        self.transport = None
        for call in (self._closing, self._flush):
            _cancel(call)
        self._closing = self._flush = None
        why = words_of(reason.value) if isinstance(reason.value, PortGoneError) else Said(Saying.NO_REASON)
        self.perform(self._session.port_lost(why, self._clock.seconds()))

    def pauseProducing(self) -> None:  # noqa: N802
        """The other side does not read what we write: whoever only asks would fill our memory with answers."""
        self._clogged = True
        self._read_or_not()

    def resumeProducing(self) -> None:  # noqa: N802
        """It does again."""
        self._clogged = False
        self._read_or_not()

    def stopProducing(self) -> None:  # noqa: N802
        """The connection ends; ``connectionLost`` follows."""

    @property
    def is_open(self) -> bool:
        """Whether there is a connection."""
        return self.transport is not None

    def submit(self, parts: Sequence[Part]) -> None:
        """Have ``parts`` written at the end of this turn of the reactor; nothing is reported before."""
        self._session.submit(parts)
        self.flush_soon()

    def leave(self) -> None:
        """End the session in good order; the connection is closed then."""
        self.perform(self._session.leave(self._clock.seconds()))

    def flush_soon(self) -> None:
        """Write at the end of this turn what there is to write then."""
        if self._flush is None:
            self._flush = self._clock.callLater(0, self._do_flush)

    def _do_flush(self) -> None:
        self._flush = None
        self.perform(self._session.flush(self._clock.seconds()))

    def perform(self, actions: SmsActions) -> None:
        """Write, close or set the timer for the next deadline, and report."""
        transport = self.transport
        if transport is not None:
            if actions.write:
                transport.write(actions.write)
            if actions.close:
                self._close(gently=bool(actions.write))
            else:
                self._read_or_not()
        self._deadline.set(self._session.next_deadline())
        for doubt in actions.doubts:
            self._doubt(doubt)
        if actions.signals:
            self._report(actions.signals)

    def _close(self, *, gently: bool) -> None:
        if self._closing is not None or self.transport is None:
            return
        if gently:
            self._closing = self._clock.callLater(_LAST_WORDS, self._abort)
            self.transport.loseConnection()
        else:
            self._abort()

    def _abort(self) -> None:
        self._closing = None
        if self.transport is not None:
            self.transport.abortConnection()  # type: ignore[attr-defined]

    def _read_or_not(self) -> None:
        few = self._session.arrivals.owed <= (MOST_OWED if self._reads else MOST_OWED // 2)
        wanted = few and not self._clogged
        if wanted is not self._reads and self.transport is not None:
            self._reads = wanted
            producer = self.transport
            producer.resumeProducing() if wanted else producer.pauseProducing()  # type: ignore[attr-defined]

    def _tick(self) -> None:
        self.perform(self._session.tick(self._clock.seconds()))


def _cancel(call: IDelayedCall | None) -> None:
    if call is not None and call.active():
        call.cancel()
