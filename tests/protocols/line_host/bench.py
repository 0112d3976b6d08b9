"""Both ends of the protocol on a bench: a host's session, the server's, and a cable between them that the test cuts."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from itertools import count

from protocols.line_host.codec import decode_from_host, decode_from_server
from protocols.line_host.host_session import HostActions, HostSession
from protocols.line_host.messages import Message, Order, What
from protocols.line_host.outbox import Item, Moment
from protocols.line_host.server_session import ServerActions, ServerSession, ServerTimings
from protocols.signals import LineSignal, Receipt

CAN = ("ring", "caller_id", "dial", "hang_up", "answer")
WALL = 1_800_000_000.0
SERVER_WALL = 1_800_000_300.0
SERVER_CLOCK = 70.0
"""The host's clock of the day is five minutes slow."""


@dataclass(frozen=True)
class Told:
    """A signal as the server reports it, with the moment at which it happened on the bench's clock."""

    line: str
    signal: LineSignal
    at: float


@dataclass
class Bench:
    """``now`` counts from 0; each end has its own clocks beside it. What is sent takes ``delay`` seconds each way.

    ``writes``: what the server reports is written down at once, else when the test says ``write_down``.
    """

    lines: tuple[str, ...] = ("1",)
    served: tuple[str, ...] = ("1",)
    delay: float = 0.0
    writes: bool = True
    now: float = 0.0
    connected: bool = False
    told: list[Told] = field(default_factory=list)
    disk: dict[int, Item] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    from_host: list[Message] = field(default_factory=list)
    from_server: list[Message] = field(default_factory=list)
    closings: list[str] = field(default_factory=list)
    traced: dict[str, bool] = field(default_factory=dict)
    timings: ServerTimings = field(default_factory=ServerTimings)
    _up: deque[tuple[float, bytes]] = field(default_factory=deque)
    _down: deque[tuple[float, bytes]] = field(default_factory=deque)
    _receipts: list[Receipt] = field(default_factory=list)
    database: dict[str, tuple[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._runs = (f"run-{number}" for number in count(1))
        self.ids = (f"order-{number}" for number in count(1))
        self.start_server()
        self.start_host()

    # Both ends.

    def start_server(self) -> None:
        self.server = ServerSession(
            "ward3", self.served, self._written, lambda: next(self.ids), lambda: SERVER_WALL + self.now, self.timings
        )
        for line in self.served:
            self._server(self.server.start(line))

    def start_host(self) -> None:
        kept = [
            Item(item.ordinal, item.line, item.source, item.number, item.wall, None, item.news)
            for item in self.disk.values()
        ]
        self.host = HostSession(next(self._runs), "0.1", self.lines, kept, self.moment)
        self._host(self.host.begin(self.moment))

    def kill_host(self) -> None:
        """Power off and on again; what was on the disk is there."""
        self.cut()
        self.start_host()

    def kill_server(self) -> None:
        self.cut()
        self._receipts.clear()
        self.start_server()

    @property
    def moment(self) -> Moment:
        return Moment(5_000.0 + self.now, WALL + self.now)

    @property
    def clock(self) -> float:
        return SERVER_CLOCK + self.now

    # The cable.

    def plug(self) -> Bench:
        """Connect, and say hello."""
        assert not self.connected
        self.connected = True
        marks = [(line, *mark) for line, mark in self.database.items()]
        self._server(self.server.connect(marks, self.clock))
        self._host(self.host.connect(self.moment))
        return self.wait(0)

    def cut(self) -> None:
        """Both ends notice at once; what was on its way is lost."""
        self.connected = False
        self._up.clear()
        self._down.clear()
        self._host(self.host.disconnect())
        self._server(self.server.disconnect())

    # What happens.

    def hear(self, *news: What, line: str = "1") -> Bench:
        """The host's device reports."""
        for one in news:
            self._host(self.host.heard(line, one, CAN, self.moment))
        return self.wait(0)

    def order(self, command: str, argument: str = "", line: str = "1") -> Bench:
        self._server(self.server.order(line, command, argument, self.clock))
        return self.wait(0)

    def say(self, data: bytes) -> Bench:
        """The host sends these bytes, whatever its session would have sent."""
        self._server(self.server.receive(data, self.clock))
        return self

    def write_down(self) -> Bench:
        self._write_down()
        return self.wait(0)

    def _write_down(self) -> None:
        receipts, self._receipts = self._receipts, []
        for receipt in receipts:
            receipt.written()

    def wait(self, seconds: float) -> Bench:
        """Let time pass, waking both ends at their deadlines and delivering what has arrived."""
        end = self.now + seconds
        for _ in range(100_000):
            due = self._next()
            if due is None or due > end:
                self.now = end
                return self
            self.now = max(self.now, due)
            self._deliver()
            self._host(self.host.tick(self.moment))
            self._server(self.server.tick(self.clock))
        raise AssertionError("the ends want to be woken without end")

    def _next(self) -> float | None:
        times = [queue[0][0] for queue in (self._up, self._down) if queue]
        if (host := self.host.next_deadline()) is not None:
            times.append(host - 5_000.0)
        if (server := self.server.next_deadline()) is not None:
            times.append(server - SERVER_CLOCK)
        return min(times, default=None)

    def _deliver(self) -> None:
        while self._up and self._up[0][0] <= self.now:
            data = self._up.popleft()[1]
            self.from_host.append(decode_from_host(data))
            self._server(self.server.receive(data, self.clock))
        while self._down and self._down[0][0] <= self.now:
            data = self._down.popleft()[1]
            self.from_server.append(decode_from_server(data))
            self._host(self.host.receive(data, self.moment))

    # What comes of it.

    def _host(self, actions: HostActions) -> None:
        self.disk.update({item.ordinal: item for item in actions.keep})
        for ordinal in actions.forget:
            self.disk.pop(ordinal, None)
        if self.connected:
            self._up += [(self.now + self.delay, data) for data in actions.send]
        self.traced.update(actions.trace)
        for order in actions.carry_out:
            self.orders.append(order)
            self._host(self.host.done(order, self.refusals.get(order.command, ""), self.moment))
        self._close(actions.close)

    def _server(self, actions: ServerActions) -> None:
        if self.connected:
            self._down += [(self.now + self.delay, data) for data in actions.send]
        for line, signal in actions.signals:
            self.told.append(Told(line, signal, round(self.now - signal.age, 3)))
            if signal.receipt is not None:
                self._receipts.append(signal.receipt)
                if self.writes:
                    self._write_down()
        self._close(actions.close)

    def _close(self, why: str) -> None:
        if why and self.connected:
            self.closings.append(str(why))
            self.cut()

    def _written(self, line: str, source: str, number: int) -> None:
        self.database[line] = (source, number)
        self._server(self.server.written(line, source, number))

    @property
    def signals(self) -> list[LineSignal]:
        return [told.signal for told in self.told]

    @property
    def undone(self) -> int:
        """How many of the last signals would be as if they had not been told, if the server died now."""
        waiting = {(receipt.source, receipt.number) for receipt in self._receipts}
        for place, told in enumerate(self.told):
            receipt = told.signal.receipt
            if receipt is not None and (receipt.source, receipt.number) in waiting:
                return len(self.told) - place
        return 0

    def take(self) -> list[tuple[LineSignal, float]]:
        """What was reported since the last time, with its time."""
        told, self.told = self.told, []
        return [(replace(one.signal, age=0.0), one.at) for one in told]
