"""One line of a Whozz Calling box without socket and clock: datagrams and time in, questions and line signals out."""

from __future__ import annotations

from protocols.actions import Actions
from protocols.sayings import Said, Saying
from protocols.signals import LineLost, LineReady, LineSignal
from protocols.whozz.calls import LineCalls
from protocols.whozz.codec import ASK_PARAMETERS, decode
from protocols.whozz.presence import Presence
from protocols.whozz.settings import WhozzSettings

_READY = "Whozz Calling, line {line} (listens only)"


class WhozzSession:
    """A ``LineSession``; each ``receive`` is one datagram. What is not from the line's box is ignored.

    The line is ready when the socket is open. Whether a box is at the other end is known once it has sent something.
    """

    def __init__(self, settings: WhozzSettings) -> None:
        self._settings = settings
        self._calls = LineCalls(settings.timings)
        self._presence = Presence(settings)
        self._open = False

    @property
    def sees_hook(self) -> bool:
        """Whether the box has shown that it tells of rings and of the telephone being lifted and replaced."""
        return self._calls.sees_hook

    @property
    def answers(self) -> bool:
        """Whether the box has shown that it answers, so that its silence will be noticed."""
        return self._presence.answers

    def start(self, now: float) -> Actions:
        """The socket is open."""
        self._open = True
        return Actions(signals=(self._ready(),))

    def receive(self, data: bytes, now: float) -> Actions:
        """One datagram. Never raises."""
        packet = decode(data)
        if not self._open or packet is None or not self._settings.from_its_box(packet):
            return Actions()
        signals: list[LineSignal] = []
        if self._presence.heard(now, answer=packet.record is None):
            signals.append(self._ready())
        if packet.record is not None and packet.record.line == self._settings.line:
            signals += self._calls.hear(packet.record, now)
        return Actions(signals=tuple(signals))

    def tick(self, now: float) -> Actions:
        """Time passed."""
        if not self._open:
            return Actions()
        signals = self._calls.tick(now)
        was_lost = self._presence.lost
        asks = self._presence.due(now)
        if self._presence.lost and not was_lost:
            self._calls.forget()
            signals.append(LineLost(Said(Saying.BOX_SILENT)))
        return Actions(ASK_PARAMETERS if asks else b"", tuple(signals))

    def next_deadline(self) -> float | None:
        """When ``tick`` is next needed."""
        times = (self._calls.deadline(), self._presence.deadline())
        return min((time for time in times if time is not None), default=None)

    def port_lost(self, reason: str, now: float) -> Actions:
        """The socket is closed."""
        if not self._open:
            return Actions()
        self._open = False
        self._calls.forget()
        self._presence.forget()
        return Actions(signals=(LineLost(reason),))

    def _ready(self) -> LineReady:
        return LineReady(_READY.format(line=f"{self._settings.line:02}"))
