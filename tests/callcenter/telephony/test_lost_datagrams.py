"""What becomes of a call when any of a Whozz Calling box's datagrams are lost: through session and state machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest

from callcenter.telephony.effects import (
    CallClosed,
    Caller,
    CallerLearned,
    CallOpened,
    CallTaken,
    Effect,
    EndReason,
    LineStateName,
)
from callcenter.telephony.line_model import Line
from callcenter.telephony.line_state import step
from protocols.actions import Actions
from protocols.whozz.session import WhozzSession
from protocols.whozz.settings import WhozzSettings
from tests.protocols.whozz.packets import call, detail

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
NUMBER = "13800138000"
# Seconds since the first ring, name, datagram.
ANSWERED = [
    (0, "R", detail("R")),
    (2, "S", call("I S", NUMBER, "")),
    (8, "F", detail("F")),
    (68, "N", detail("N")),
    (69, "E", call("I E", NUMBER, "", seconds=60)),
]
GIVEN_UP = [ANSWERED[0], ANSWERED[1], (20, "E", call("I E", NUMBER, ""))]


@dataclass
class Played:
    """A line that has seen a whole call of this unit before, so that it is known to be full-featured."""

    effects: list[Effect] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.line = Line()
        self.session = WhozzSession(WhozzSettings(line=1))
        self.take(self.session.start(-1000), -1000)
        self.hear(-900, detail("R", "01/01 00:00:00"))
        for after, kind in ((1, "F"), (9, "N")):
            self.hear(-900 + after, detail(kind, f"01/01 00:00:{after:02}"))
        self.until(-100)
        self.effects.clear()

    def take(self, actions: Actions, now: float) -> None:
        for signal in actions.signals:
            self.line, effects = step(self.line, signal, START + timedelta(seconds=now - signal.age))
            self.effects += effects

    def until(self, now: float) -> None:
        while (due := self.session.next_deadline()) is not None and due <= now:
            self.take(self.session.tick(due), due)

    def hear(self, now: float, datagram: bytes) -> None:
        self.until(now)
        for _ in range(3):
            self.take(self.session.receive(datagram, now), now)

    def of(self, kind: type[Effect]) -> list:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def caller(self) -> Caller:
        told = [effect.caller for effect in self.effects if isinstance(effect, CallOpened | CallerLearned)]
        return told[-1]


@pytest.mark.parametrize("call_of", [ANSWERED, GIVEN_UP])
def test_whatever_is_lost_one_call_is_left_with_what_was_told_of_it(call_of: list[tuple[int, str, bytes]]) -> None:
    for count in range(1, len(call_of) + 1):
        for heard in combinations(call_of, count):
            played = Played()
            for at, _, datagram in heard:
                played.hear(at, datagram)
            played.until(1000)
            names = "".join(name for _, name, _ in heard)
            if not set(names) & set("RSE"):
                assert not played.of(CallOpened), names
                continue
            if "F" in names and not set(names) & set("NE"):
                # Nobody saw the end: the next ring shows it.
                assert played.line.state is LineStateName.TALKING, names
                played.hear(1000, detail("R", "12/31 23:00:00"))
                assert [effect.reason for effect in played.of(CallClosed)] == [EndReason.UNKNOWN], names
                continue
            assert len(played.of(CallOpened)) == len(played.of(CallClosed)) == 1, names
            assert len(played.of(CallTaken)) == ("F" in names), names
            assert played.caller().number == (NUMBER if set(names) & set("SE") else ""), names
            assert played.line.call is None, names


def test_nothing_is_lost() -> None:
    played = Played()
    for at, _, datagram in ANSWERED:
        played.hear(at, datagram)
    (opened,), (taken,), (closed,) = played.of(CallOpened), played.of(CallTaken), played.of(CallClosed)
    moments = [effect.at - START for effect in (opened, taken, closed)]
    assert moments == [timedelta(0), timedelta(seconds=8), timedelta(seconds=68)]
