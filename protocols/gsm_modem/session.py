"""One GSM modem without port and clock: bytes, parts and time in, bytes and signals out.

The parts: ``decoder`` reads the bytes, ``link`` keeps the modem set up, ``outgoing`` sends, ``incoming`` reads and
deletes. One dialogue at a time; what came in goes before what goes out, since the storage of a SIM is small.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import singledispatchmethod

from protocols.actions import Doings
from protocols.gsm_modem.answers import Announced, Answer, Direct, Line, Said
from protocols.gsm_modem.context import Context
from protocols.gsm_modem.decoder import ModemDecoder
from protocols.gsm_modem.dialogue import Script
from protocols.gsm_modem.incoming import Incoming
from protocols.gsm_modem.link import ModemLink, Phase
from protocols.gsm_modem.outgoing import Outgoing
from protocols.gsm_modem.sent import SentMessages
from protocols.gsm_modem.settings import GsmSettings
from protocols.sms import GatewaySignal, Part

_RESTARTED = frozenset({"RDY", "^SYSSTART", "SYSSTART", "+SYSSTART"})
"""What some makers' modems say when they have restarted."""


class GsmSession:
    """A ``Session`` of a gateway. ``wake`` is called when a ``tick`` is needed although nothing came and no time is
    over: something that arrived was written down. ``wall`` gives the seconds since 1970.
    """

    def __init__(self, settings: GsmSettings, wake: Callable[[], None], wall: Callable[[], float]) -> None:
        self._context = context = Context(settings.timings.gap)
        self._decoder = ModemDecoder()
        sent = SentMessages()
        self._link = link = ModemLink(settings, context, self._forget)
        self._outgoing = Outgoing(settings, context, sent, wall, link, lambda: self.has_reports)
        self._incoming = Incoming(settings, context, sent, wake)
        self._was_ready = False
        self._draining = False

    @property
    def has_reports(self) -> bool:
        """Whether the modem passes status reports on. Known once it is set up."""
        return self._link.setup is not None and self._link.setup.reports

    @property
    def room(self) -> int:
        """How many parts ``submit`` takes now."""
        return self._outgoing.room if self._link.ready and not self._draining else 0

    @property
    def retry_at(self) -> float | None:
        """When the modem is set up again, in seconds of ``now``; None if that is not due."""
        return self._link.retry_at()

    @property
    def sending(self) -> bool:
        """Whether a part is being sent."""
        return self._outgoing.busy

    def submit(self, parts: Sequence[Part]) -> None:
        """Take ``parts``, no more than there is ``room``. They are sent from the next ``tick`` on."""
        self._outgoing.add(parts)

    def drain(self, now: float) -> Doings[GatewaySignal]:
        """Begin nothing any more; what is not written is unsent. What is ``sending`` then is still answered."""
        self._context.now = now
        self._draining = True
        self._outgoing.finish()
        return self._actions()

    def start(self, now: float) -> Doings[GatewaySignal]:
        """The port is open: set the modem up."""
        self._context.now = now
        self._decoder = ModemDecoder()
        self._link.open()
        return self._actions()

    def receive(self, data: bytes, now: float) -> Doings[GatewaySignal]:
        """Bytes from the modem. Never raises."""
        self._context.now = now
        if self._link.phase is not Phase.CLOSED:
            self._link.heard()
            for said in self._decoder.feed(data):
                self._heard(said)
        return self._actions()

    def tick(self, now: float) -> Doings[GatewaySignal]:
        """Time passed."""
        self._context.now = now
        if self._link.phase is not Phase.CLOSED:
            self._context.runner.tick(now)
            self._link.tick()
        return self._actions()

    def next_deadline(self) -> float | None:
        """When ``tick`` is next needed."""
        if self._link.phase is Phase.CLOSED:
            return None
        running = self._context.runner.deadline()
        if running is not None:
            return running
        if not self._link.ready:
            return self._link.retry_at()
        if self._draining:
            return None
        times = (self._incoming.due(), self._outgoing.due(), self._link.due())
        return min(time for time in times if time is not None)

    def port_lost(self, reason: str, now: float) -> Doings[GatewaySignal]:
        """The port is gone: report it unless the modem was lost already."""
        self._context.now = now
        if self._link.phase is not Phase.CLOSED:
            self._link.close(reason)
        return self._actions()

    def _forget(self) -> None:
        self._outgoing.forget()

    @singledispatchmethod
    def _heard(self, said: Said) -> None:
        raise NotImplementedError

    @_heard.register
    def _(self, said: Answer) -> None:
        self._context.runner.result(said, self._context.now)

    @_heard.register
    def _(self, said: Line) -> None:
        if said.text in _RESTARTED:
            self._link.restarted()
        else:
            self._context.runner.text(said.text)

    @_heard.register
    def _(self, said: Announced) -> None:
        self._incoming.announced(said)

    @_heard.register
    def _(self, said: Direct) -> None:
        self._incoming.direct(said.line)

    def _actions(self) -> Doings[GatewaySignal]:
        self._begin_what_is_due()
        return Doings(self._context.runner.take_output(), self._context.take_signals())

    def _begin_what_is_due(self) -> None:
        ready = self._link.ready
        if ready and not self._was_ready and self._link.setup is not None:
            self._incoming.begin(self._link.setup.memory, announces=self._link.setup.announces)
        self._was_ready = ready
        while self._link.ready and not self._draining and not self._context.runner.busy:
            job = self._next_job()
            if job is None:
                return
            self._context.runner.run(job, self._context.now)

    def _next_job(self) -> Script | None:
        if self._link.suspected:
            return self._link.job()
        return self._incoming.job() or self._outgoing.job() or self._link.job()
