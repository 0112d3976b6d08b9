"""The line host's end without socket, disk and clock: news of its lines and messages of the server in, what to do out.

News are numbered, kept until the server says that they are written down, and sent again over the next connection.
Orders are carried out once and never late: the server says until when, on our steady clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from protocols.line_host.codec import LineHostError, decode_from_server, encode
from protocols.line_host.hosted_line import HostedLine
from protocols.line_host.messages import (
    VERSION,
    Abilities,
    CommandDone,
    Hello,
    Message,
    Order,
    Ping,
    Pong,
    Refused,
    Welcome,
    What,
    Written,
)
from protocols.line_host.outbox import Item, Moment
from protocols.sayings import Said, Saying
from protocols.signals import DeviceWarns, LineLost

_REMEMBERED = 200


@dataclass(frozen=True)
class HostTimings:
    """In seconds: a server that says nothing for ``silence`` is gone; no order is valid for longer than ``longest``."""

    silence: float = 15.0
    longest: float = 30.0


@dataclass(frozen=True)
class HostActions:
    """What is to be done, in the order of the fields. ``close`` says why the connection is to be given up.

    Each of ``carry_out`` is to be answered by ``done``. ``turned_away``: the server does not want us to come back soon.
    """

    keep: tuple[Item, ...] = ()
    forget: tuple[int, ...] = ()
    send: tuple[bytes, ...] = ()
    trace: tuple[tuple[str, bool], ...] = ()
    carry_out: tuple[Order, ...] = ()
    close: str = ""
    turned_away: bool = False


@dataclass
class _Pending:
    keep: list[Item] = field(default_factory=list)
    forget: list[int] = field(default_factory=list)
    send: list[bytes] = field(default_factory=list)
    trace: list[tuple[str, bool]] = field(default_factory=list)
    carry_out: list[Order] = field(default_factory=list)
    close: str = ""
    turned_away: bool = False


class HostSession:
    """``run`` names this run of the host; ``lines`` are the names of its lines, ``kept`` what earlier runs left unsaid.

    ``most`` bounds what is kept of one line.
    """

    def __init__(
        self,
        run: str,
        program: str,
        lines: Sequence[str],
        kept: Iterable[Item],
        now: Moment,
        timings: HostTimings | None = None,
        most: int = 5000,
    ) -> None:
        self._run = run
        self._program = program
        self._lines = {name: HostedLine(name, most) for name in lines}
        self._began = now.steady
        self._timings = timings or HostTimings()
        self._recent: deque[str] = deque(maxlen=_REMEMBERED)
        self._heard_at: float | None = None
        self._pending = _Pending()
        self._ordinal = 0
        for item in kept:
            self._ordinal = max(self._ordinal, item.ordinal)
            if item.line in self._lines:
                self._add(self._lines[item.line], item)
            else:
                self._pending.forget.append(item.ordinal)
        self._handlers: Mapping[type[Message], Callable[[Any, Moment], None]] = {
            Welcome: self._welcomed,
            Refused: self._turned_away,
            Written: self._written,
            Ping: self._pinged,
            Order: self._ordered,
        }

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return self._heard_at is not None

    @property
    def waiting(self) -> int:
        """Reports that are not written down yet."""
        return sum(len(line.outbox) for line in self._lines.values())

    def begin(self, now: Moment) -> HostActions:
        """The first thing in a run: whatever was going on when the last one ended, its end was not seen."""
        for line in self._lines.values():
            self._tell(line, LineLost(Said(Saying.HOST_STARTED)), now)
        return self._actions()

    def connect(self, now: Moment) -> HostActions:
        """There is a connection."""
        self._heard_at = now.steady
        lines = {line.name: line.can for line in self._lines.values()}
        self._say(Hello(VERSION, self._program, now.wall, now.steady, lines))
        return self._actions()

    def receive(self, data: bytes, now: Moment) -> HostActions:
        """A message of the server. Never raises."""
        self._heard_at = now.steady
        try:
            message = decode_from_server(data)
        except LineHostError as error:
            self._pending.close = f"the server does not keep to the protocol: {error}"
        else:
            self._handlers[type(message)](message, now)
        return self._actions()

    def disconnect(self) -> HostActions:
        """The connection is gone."""
        self._heard_at = None
        for line in self._lines.values():
            line.disconnect()
        return self._actions()

    def tick(self, now: Moment) -> HostActions:
        """Time passed."""
        due = self.next_deadline()
        if due is not None and now.steady >= due:
            self._pending.close = f"the server has said nothing for {self._timings.silence:g} s"
            # Asked for once: a connection that is gone without a word takes a while to be closed.
            self._heard_at = None
        return self._actions()

    def next_deadline(self) -> float | None:
        """When ``tick`` is next needed, on the steady clock."""
        return None if self._heard_at is None else self._heard_at + self._timings.silence

    def heard(self, name: str, news: What, can: tuple[str, ...], now: Moment) -> HostActions:
        """The device of the line ``name`` reports ``news``; ``can`` are its capabilities now."""
        line = self._lines[name]
        if can != line.can:
            line.can = can
            if line.wanted:
                self._say(Abilities(name, can))
        self._tell(line, news, now)
        return self._actions()

    def done(self, order: Order, refused: str, now: Moment) -> HostActions:
        """``order`` was given to the device, which may have ``refused``."""
        self._tell(self._lines[order.line], CommandDone(order.id, refused), now)
        return self._actions()

    # News.

    def _tell(self, line: HostedLine, news: What, now: Moment) -> None:
        line.follow(news)
        self._ordinal += 1
        item = line.item(self._ordinal, self._run, news, now)
        self._pending.keep.append(item)
        self._add(line, item)
        self._send(line, now)

    def _add(self, line: HostedLine, item: Item) -> None:
        if (dropped := line.outbox.add(item)) is not None:
            self._pending.forget.append(dropped.ordinal)

    def _send(self, line: HostedLine, now: Moment) -> None:
        for message in line.to_send(now, self._began):
            self._say(message)

    # The server.

    def _welcomed(self, message: Welcome, now: Moment) -> None:
        for name, known in message.lines.items():
            if (line := self._lines.get(name)) is None:
                continue
            self._pending.forget += line.outbox.written(known.source, known.number)
            self._pending.trace.append((name, known.trace))
            line.wanted = True
            if dropped := line.outbox.dropped:
                line.outbox.dropped = 0
                self._tell(line, DeviceWarns(Said(Saying.HOST_DROPPED, count=dropped)), now)
            self._send(line, now)

    def _turned_away(self, message: Refused, now: Moment) -> None:
        self._pending.close = f"the server ends the connection: {message.why}"
        self._pending.turned_away = True

    def _written(self, message: Written, now: Moment) -> None:
        if (line := self._lines.get(message.line)) is not None:
            self._pending.forget += line.outbox.written(message.source, message.number)
            self._send(line, now)

    def _pinged(self, message: Ping, now: Moment) -> None:
        self._say(Pong(message.sent, now.steady))

    def _ordered(self, order: Order, now: Moment) -> None:
        line = self._lines.get(order.line)
        if line is None or order.id in self._recent:
            return
        self._recent.append(order.id)
        late = not 0 <= order.until - now.steady <= self._timings.longest
        refused = Said(Saying.ORDER_LATE) if late else line.accept(order)
        if refused:
            self._tell(line, CommandDone(order.id, refused), now)
        elif order.command == "trace":
            self._pending.trace.append((line.name, order.argument == "on"))
            self._tell(line, CommandDone(order.id), now)
        else:
            self._pending.carry_out.append(order)

    def _say(self, message: Message) -> None:
        self._pending.send.append(encode(message))

    def _actions(self) -> HostActions:
        pending, self._pending = self._pending, _Pending()
        return HostActions(
            tuple(pending.keep),
            tuple(pending.forget),
            tuple(pending.send),
            tuple(pending.trace),
            tuple(pending.carry_out),
            pending.close,
            pending.turned_away,
        )
