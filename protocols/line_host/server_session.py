"""The server's end for one line host, over all its connections: messages and time in, signals of its lines out.

A line of a host that is silent is out of reach after ``silence``; its call is kept, because the host tells later what
became of it. After ``patience`` nothing is expected any more, and the call is closed at the moment of the last word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from protocols.line_host.codec import LineHostError, decode_from_host, encode
from protocols.line_host.messages import (
    VERSION,
    Abilities,
    CommandDone,
    Hello,
    Message,
    Order,
    OtherVersion,
    Ping,
    Pong,
    Refused,
    Report,
    Standing,
    Welcome,
    Written,
)
from protocols.line_host.outbox import OLDEST
from protocols.line_host.presence import Absence, Pace, Presence
from protocols.line_host.served_line import ServedLine
from protocols.line_host.steady import Offset
from protocols.sayings import Said, Saying
from protocols.signals import DeviceWarns, LineSignal, Receipt


@dataclass(frozen=True)
class ServerTimings:
    """In seconds, but for the last two. ``order`` is how long an order is valid, ``confirm`` how long its answer may
    take. A clock of the day that is wrong by more than ``skew`` is told of.
    """

    hello: float = 10.0
    ping: float = 5.0
    silence: float = 15.0
    patience: float = 300.0
    order: float = 5.0
    confirm: float = 7.0
    skew: float = 30.0
    messages: int = 1000
    """Most in one second, not counting reports that are new."""
    unwritten: int = 512
    """Most reports of a line that may wait to be written down: four times what a host sends before it waits."""


@dataclass(frozen=True)
class ServerActions:
    """``send`` over the connection, report ``signals`` of lines, then give the connection up if ``close`` says why."""

    send: tuple[bytes, ...] = ()
    signals: tuple[tuple[str, LineSignal], ...] = ()
    close: str = ""


@dataclass
class _Pending:
    send: list[bytes] = field(default_factory=list)
    signals: list[tuple[str, LineSignal]] = field(default_factory=list)
    close: str = ""


class ServerSession:
    """``lines`` are those that the configuration has of ``host``. ``on_written`` is called when a receipt is used.

    ``new_id`` makes the ids of orders, each different from all others ever. ``wall`` gives the seconds since 1970;
    ``now`` counts from anywhere, and is not set.
    """

    def __init__(
        self,
        host: str,
        lines: Sequence[str],
        on_written: Callable[[str, str, int], None],
        new_id: Callable[[], str],
        wall: Callable[[], float],
        timings: ServerTimings | None = None,
    ) -> None:
        self._host = host
        self._lines = {name: ServedLine(host, name) for name in lines}
        self._on_written = on_written
        self._new_id = new_id
        self._wall = wall
        self._timings = timings or ServerTimings()
        self._presence = Presence(self._timings.silence, self._timings.patience)
        self._pace = Pace(self._timings.messages)
        self._pending = _Pending()
        self._hello_by: float | None = None
        self._offset: Offset | None = None
        self._ping_at = 0.0
        self._skewed = False
        self._handlers: Mapping[type[Message], Callable[[Any, float], None]] = {
            Report: self._reported,
            Standing: self._standing,
            Abilities: self._abilities,
            Pong: self._pong,
        }

    def line(self, name: str) -> ServedLine:
        """A line by the host's name for it."""
        return self._lines[name]

    def start(self, name: str) -> ServerActions:
        """Somebody wants to hear of the line."""
        line = self._lines[name]
        self._report(line, line.out_of_reach(Said(Saying.HOST_NOT_CONNECTED, host=self._host)))
        return self._actions()

    def connect(self, marks: Iterable[tuple[str, str, int]], now: float) -> ServerActions:
        """There is a connection. ``marks`` are line, source and number of the reports that the database has last."""
        for name, source, number in marks:
            self._lines[name].remember(source, number)
        self._hello_by = now + self._timings.hello
        return self._actions()

    def receive(self, data: bytes, now: float) -> ServerActions:
        """A message of the host. Never raises."""
        try:
            self._handle(decode_from_host(data), now)
        except LineHostError as error:
            self._misbehaves(str(error))
        return self._actions()

    def disconnect(self) -> ServerActions:
        """The connection is gone."""
        self._hello_by = self._offset = None
        for line in self._lines.values():
            line.there = False
        return self._actions()

    def supersede(self) -> ServerActions:
        """Another connection of the same host takes the place of this one."""
        self._turn_away(Said(Saying.HOST_ELSEWHERE))
        return self._actions()

    def written(self, name: str, source: str, number: int) -> ServerActions:
        """What came of this report is on disk."""
        self._lines[name].written(source, number)
        if self._offset is not None:
            self._say(Written(name, source, number))
        return self._actions()

    def order(self, name: str, command: str, argument: str, now: float) -> ServerActions:
        """Send ``command``; nothing unless the line is ``there``."""
        self._order(self._lines[name], command, argument, now)
        return self._actions()

    def tick(self, now: float) -> ServerActions:
        """Time passed."""
        if self._offset is not None and now >= self._ping_at:
            self._ping(now)
        if self._hello_by is not None and now >= self._hello_by:
            self._pending.close = "it did not say hello"
        for line in self._lines.values():
            self._report(line, line.overdue(now, self._timings.confirm))
        for absence in self._presence.noticed(now):
            self._missed(absence, now)
        return self._actions()

    def next_deadline(self) -> float | None:
        """When ``tick`` is next needed."""
        times = [self._presence.deadline(), self._hello_by, *(line.deadline for line in self._lines.values())]
        if self._offset is not None:
            times.append(self._ping_at)
        return min((time for time in times if time is not None), default=None)

    # Time.

    def _ping(self, now: float) -> None:
        self._ping_at = now + self._timings.ping
        self._say(Ping(now))

    def _missed(self, absence: Absence, now: float) -> None:
        why = Said(Saying.HOST_OUT_OF_REACH, host=self._host)
        if absence is Absence.SILENT:
            self._pending.close = why
            for line in self._lines.values():
                self._report(line, line.out_of_reach(why))
            return
        for line in self._lines.values():
            # As of the last word: what the host still tells of may have happened since.
            self._report(line, line.stands(up=False, words=why, age=now - self._presence.contact))

    # Messages.

    def _handle(self, message: Message, now: float) -> None:
        match message:
            case OtherVersion(version):
                self._turn_away(Said(Saying.VERSIONS_DIFFER, theirs=str(version), ours=str(VERSION)))
            case Hello() if self._hello_by is not None:
                self._presence.heard(now)
                self._hello(message, now)
            case _ if self._offset is None or type(message) not in self._handlers:
                self._misbehaves("hello comes first, and once")
            case _ if type(message) is Report or self._paced(now):
                self._presence.heard(now)
                self._handlers[type(message)](message, now)
            case _:
                pass

    def _hello(self, hello: Hello, now: float) -> None:
        self._hello_by, self._offset = None, Offset(now, hello.at)
        # Before the welcome, so that the clocks are compared before the first report.
        self._ping(now)
        served = {name: line for name, line in self._lines.items() if name in hello.lines}
        self._say(Welcome(VERSION, {name: line.known for name, line in served.items()}))
        for name, line in self._lines.items():
            line.there = name in served
            line.can = hello.lines.get(name, line.can)
            if not line.there:
                missing = Said(Saying.HOST_WITHOUT_LINE, host=self._host, line=name)
                self._report(line, line.stands(up=False, words=missing))
        self._compare_clocks(self._wall() - hello.wall)

    def _compare_clocks(self, slow: float) -> None:
        was_skewed, self._skewed = self._skewed, abs(slow) > self._timings.skew
        if self._skewed and not was_skewed:
            warning = DeviceWarns(Said(Saying.HOST_CLOCK, host=self._host, seconds=f"{slow:.0f}"))
            for line in self._lines.values():
                self._report(line, [warning])

    def _reported(self, report: Report, now: float) -> None:
        line = self._own(report.line)
        if line is None or self._offset is None:
            return
        if line.had(report):
            if self._paced(now):
                self._confirm(line, report)
            return
        if line.unwritten >= self._timings.unwritten:
            self._misbehaves(f"more than {self._timings.unwritten} reports wait")
            return
        line.take(report)
        receipt = Receipt(report.source, report.number, self._written_by(line.name, report.source, report.number))
        age = min(OLDEST, max(0.0, now - report.at - self._offset.seconds))
        self._report(line, [replace(self._news(line, report, now), age=age, receipt=receipt)])

    def _paced(self, now: float) -> bool:
        if self._pace.keeps(now):
            return True
        self._misbehaves(f"more than {self._timings.messages} messages in a second")
        return False

    def _confirm(self, line: ServedLine, report: Report) -> None:
        """The host may have missed that it is written down."""
        known = line.known
        if (report.source, report.number) == (known.source, known.number):
            self._say(Written(line.name, report.source, report.number))

    def _news(self, line: ServedLine, report: Report, now: float) -> LineSignal:
        match report.what:
            case CommandDone() as answer:
                if line.confirmed_late(answer):
                    self._order(line, "take_back", answer.id, now)
                return line.done(answer)
            case signal:
                return line.news(signal)

    def _written_by(self, name: str, source: str, number: int) -> Callable[[], None]:
        return lambda: self._on_written(name, source, number)

    def _standing(self, standing: Standing, now: float) -> None:
        if (line := self._own(standing.line)) is not None:
            self._report(line, line.stands(up=standing.up, words=standing.words))

    def _abilities(self, abilities: Abilities, now: float) -> None:
        if (line := self._own(abilities.line)) is not None:
            line.can = abilities.can

    def _pong(self, pong: Pong, now: float) -> None:
        if self._offset is not None:
            self._offset.answered(pong.sent, pong.at, now)

    def _own(self, name: str) -> ServedLine | None:
        """The line, if both ends have it; a host speaks for no other."""
        line = self._lines.get(name)
        if line is not None and line.there:
            return line
        self._misbehaves(f"it has no line {name}")
        return None

    # What comes of it.

    def _order(self, line: ServedLine, command: str, argument: str, now: float) -> None:
        if self._offset is not None and line.there:
            order_id = self._new_id()
            line.given(order_id, command, now + self._timings.confirm)
            until = now + self._timings.order - self._offset.seconds
            self._say(Order(line.name, order_id, command, argument, until))

    def _misbehaves(self, why: str) -> None:
        self._turn_away(Said(Saying.HOST_MISBEHAVES, why=why))

    def _turn_away(self, why: Said) -> None:
        self._say(Refused(why))
        self._pending.close = why

    def _say(self, message: Message) -> None:
        self._pending.send.append(encode(message))

    def _report(self, line: ServedLine, signals: Iterable[LineSignal]) -> None:
        self._pending.signals += [(line.name, signal) for signal in signals]

    def _actions(self) -> ServerActions:
        pending, self._pending = self._pending, _Pending()
        return ServerActions(tuple(pending.send), tuple(pending.signals), pending.close)
