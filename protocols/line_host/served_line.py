"""One line of a line host as the server follows it: which reports it had, what it was told to do, how it stands."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from protocols.line_host.messages import CommandDone, Known, Report
from protocols.sayings import Said, Saying, command_failed
from protocols.signals import (
    CommandFailed,
    CommandTaken,
    DeviceWarns,
    DialFailed,
    DialFailure,
    LineLost,
    LineReady,
    LineSignal,
    OutOfReach,
)

_SOURCES = 8
_GIVEN_UP = 16

NOTHING_KNOWN = Known("", 0, trace=False)


@dataclass(frozen=True)
class _Given:
    command: str
    deadline: float


class ServedLine:
    """Methods return the signals to report, if any. ``can`` are the capabilities that the host names.

    ``there``: the host has the line and is connected. ``trace``: its host is to trace its bytes.
    """

    def __init__(self, host: str, name: str) -> None:
        self._host = host
        self.name = name
        self.can: tuple[str, ...] = ()
        self.there = False
        self.trace = False
        # As last reported, None for out of reach.
        self._up: bool | None = None
        self._written = NOTHING_KNOWN
        self._taken: OrderedDict[str, int] = OrderedDict()
        self._unwritten: deque[tuple[str, int]] = deque()
        self._given: dict[str, _Given] = {}
        self._given_up: deque[str] = deque(maxlen=_GIVEN_UP)

    # Reports.

    @property
    def known(self) -> Known:
        """The last report that is written down."""
        return replace(self._written, trace=self.trace)

    @property
    def unwritten(self) -> int:
        """Reports that were taken and are not written down."""
        return len(self._unwritten)

    def remember(self, source: str, number: int) -> None:
        """So much is written down, as the database says, unless more is known here."""
        if not self._written.source:
            self._written = Known(source, number, trace=False)
            self._taken.setdefault(source, number)

    def had(self, report: Report) -> bool:
        """Whether the report was taken before."""
        return report.number <= self._taken.get(report.source, 0)

    def take(self, report: Report) -> None:
        """The report is taken."""
        self._taken[report.source] = report.number
        self._taken.move_to_end(report.source)
        while len(self._taken) > _SOURCES:
            self._taken.popitem(last=False)
        self._unwritten.append((report.source, report.number))

    def written(self, source: str, number: int) -> None:
        """What came of this report is on disk, and so is what came of those before it."""
        while self._unwritten and self._unwritten.popleft() != (source, number):
            continue
        self._written = Known(source, number, trace=False)

    # How it stands.

    def news(self, signal: LineSignal) -> LineSignal:
        """The device says ``signal``."""
        match signal:
            case LineReady():
                self._up = True
            case LineLost():
                self._up = False
            case _:
                pass
        return signal

    def stands(self, *, up: bool, words: str, age: float = 0.0) -> Iterator[LineSignal]:
        """All was told, and now the device is there or not."""
        if self._up is not up:
            yield self.news(LineReady(words, age=age) if up else LineLost(words, age=age))

    def out_of_reach(self, why: str) -> Iterator[LineSignal]:
        """Nothing can be said of it for now."""
        if self._up is not False:
            self._up = None
            yield OutOfReach(why)

    # Commands.

    def given(self, order_id: str, command: str, deadline: float) -> None:
        """``command`` was sent, and is to be confirmed by ``deadline``."""
        self._given[order_id] = _Given(command, deadline)

    def confirmed_late(self, answer: CommandDone) -> bool:
        """Whether a number was dialled after all, although somebody was told that it failed."""
        return answer.id in self._given_up and not answer.refused

    def done(self, answer: CommandDone) -> LineSignal:
        """The host's answer to a command."""
        given = self._given.pop(answer.id, None)
        command = "" if given is None else given.command
        if not answer.refused or command in ("", "take_back"):
            return CommandTaken(command)
        if command == "dial":
            return CommandFailed(command, answer.refused)
        # That a command was refused says nothing of the call, which a failed hanging up otherwise would.
        return DeviceWarns(command_failed(command, answer.refused))

    def overdue(self, now: float, after: float) -> Iterator[LineSignal]:
        """Commands that nobody confirmed in ``after`` seconds. Whether they were carried out, nobody knows."""
        for order_id in [key for key, given in self._given.items() if now >= given.deadline]:
            command = self._given.pop(order_id).command
            if command == "dial":
                self._given_up.append(order_id)
                yield DialFailed(DialFailure.TIMED_OUT)
            if command != "take_back":
                why = Said(Saying.ORDER_UNCONFIRMED, host=self._host, seconds=f"{after:g}")
                yield DeviceWarns(command_failed(command, why))

    @property
    def deadline(self) -> float | None:
        """When ``overdue`` is next needed."""
        return min((given.deadline for given in self._given.values()), default=None)
