"""Signals that are sent until they are written down, and tell of the past: each counts once, at its own time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.clock import utc_now
from callcenter.telephony.effects import EndReason
from protocols.signals import (
    CallerIdentified,
    DeviceWarns,
    HandsetLifted,
    HandsetReplaced,
    LineLost,
    LineReady,
    OutOfReach,
    Rang,
    Receipt,
    RingingStopped,
)
from storage.database import Database
from storage.models import AgentStateSpan, CallRecord, PhoneLine
from tests.peers.call_center import ANNA, NOW, CallCenter, LineEntry, clock_at, fill
from tests.peers.patience import until
from tests.peers.scripted_line import ScriptedLine


def calls(session: Session) -> list[dict[str, Any]]:
    rows = session.scalars(select(CallRecord).order_by(CallRecord.started_at, CallRecord.id))
    names = ("state", "number", "rings", "started_at", "answered_at", "ended_at", "end_reason", "missed")
    return [{name: getattr(row, name) for name in names} for row in rows]


def heard_until(session: Session) -> tuple[str, int | None]:
    line = session.scalars(select(PhoneLine).order_by(PhoneLine.id)).first()
    assert line is not None
    return line.heard_source, line.heard_number


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


class Written:
    """Counts the receipts that were given, with what the database held at that moment."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def receipt(self, number: int, source: str = "run") -> Receipt:
        return Receipt(source, number, lambda: self.numbers.append(number))


def play(hospital: CallCenter, written: Written, *happened: tuple[float, Callable[..., Any]]) -> None:
    """Everything is told now; ``happened`` has when it was, in seconds after NOW."""
    now = (utc_now(hospital.clock) - NOW).total_seconds()
    for number, (at, signal) in enumerate(happened, 1):
        hospital.line.say(signal(age=now - at, receipt=written.receipt(number)))


def out_of_reach(hospital: CallCenter, why: str = "away") -> None:
    hospital.line.say(OutOfReach(why))


@pytest_twisted.ensureDeferred
async def test_a_call_goes_on_while_its_line_is_out_of_reach_and_ends_when_it_ended(hospital: CallCenter) -> None:
    written = Written()
    hospital.line.say(LineReady("box"), Rang(), CallerIdentified("13800138000"))
    hospital.clock.advance(15)
    out_of_reach(hospital)
    await hospital.settle()
    shown = hospital.last("line.updated")
    assert (shown["state"], shown["reason"]) == ("ringing", "away")
    hospital.clock.advance(45)
    play(
        hospital, written, (5, Rang), (8, HandsetLifted), (30, HandsetReplaced), (40, Rang),
        (40, lambda **more: CallerIdentified("13900139000", **more)), (45, RingingStopped),
    )  # fmt: skip
    hospital.line.say(LineReady("box"))
    await hospital.settle()
    first, second = await hospital.look(calls)
    assert first | {"number": ""} == {
        "state": "ended", "number": "", "rings": 2, "started_at": after(0), "answered_at": after(8),
        "ended_at": after(30), "end_reason": EndReason.HANDSET.value, "missed": False,
    }  # fmt: skip
    assert second | {"number": ""} == {
        "state": "ended", "number": "", "rings": 1, "started_at": after(40), "answered_at": None,
        "ended_at": after(40), "end_reason": EndReason.ABANDONED.value, "missed": True,
    }  # fmt: skip
    assert written.numbers == [1, 2, 3, 4, 5, 6]
    assert await hospital.look(heard_until) == ("run", 6)
    assert hospital.last("line.updated")["state"] == "idle"


@pytest_twisted.ensureDeferred
async def test_a_line_out_of_reach_is_shown_as_lost_and_not_dialled_on(hospital: CallCenter) -> None:
    out_of_reach(hospital, "host away")
    await hospital.settle()
    shown = hospital.last("line.updated")
    assert (shown["state"], shown["reason"]) == ("lost", "host away")
    assert not next(iter(hospital.telephony._board)).line.free


@pytest_twisted.ensureDeferred
async def test_a_line_given_up_closes_its_call_when_it_was_last_heard_of(hospital: CallCenter) -> None:
    written = Written()
    hospital.line.say(LineReady("box"), Rang())
    hospital.clock.advance(15)
    out_of_reach(hospital)
    hospital.clock.advance(285)
    hospital.line.say(LineLost("gone", age=298))
    hospital.clock.advance(100)
    play(hospital, written, (20, RingingStopped), (30, Rang), (40, RingingStopped))
    await hospital.settle()
    first, second = await hospital.look(calls)
    assert (first["end_reason"], first["ended_at"]) == ("unknown", after(2))
    assert (second["started_at"], second["ended_at"]) == (after(30), after(30))


@pytest_twisted.ensureDeferred
async def test_notes_and_claims_of_now_do_not_move_what_was_before(hospital: CallCenter) -> None:
    written = Written()
    await hospital.telephony.agents.connected(ANNA)
    hospital.line.say(LineReady("box"), Rang(), HandsetLifted(), HandsetReplaced(), Rang())
    await hospital.settle()
    hospital.clock.advance(15)
    out_of_reach(hospital)
    (runner, *_) = hospital.telephony._board
    assert runner.call_id is not None
    await hospital.telephony.calls.claim(ANNA, runner.call_id)
    hospital.line.say(DeviceWarns("the clock is wrong"))
    hospital.clock.advance(45)
    play(hospital, written, (10, HandsetLifted), (50, HandsetReplaced))
    await hospital.settle()
    call = (await hospital.look(calls))[-1]
    assert (call["answered_at"], call["ended_at"]) == (after(10), after(50))
    assert (await hospital.look(stretches)) == sorted(await hospital.look(stretches))


def stretches(session: Session) -> list[datetime]:
    """Begin and end of what Anna did, one after the other."""
    rows = session.scalars(
        select(AgentStateSpan).where(AgentStateSpan.user_id == ANNA.user_id).order_by(AgentStateSpan.id)
    )
    return [moment for row in rows for moment in (row.started_at, row.ended_at) if moment is not None]


@pytest_twisted.ensureDeferred
async def test_what_happened_before_the_daemon_began_has_its_own_time_too(database: Database) -> None:
    await database.run(fill)
    written = Written()
    line = ScriptedLine(ready=False)
    hospital = CallCenter(database, clock_at(NOW + timedelta(hours=1)), entries=(LineEntry("line 1"),), devices=[line])
    await hospital.telephony.start()
    hospital.line.say(OutOfReach("not connected"))
    play(hospital, written, (60, box_ready), (70, Rang), (80, RingingStopped))
    await hospital.settle()
    (call,) = await hospital.look(calls)
    assert (call["started_at"], call["ended_at"]) == (after(70), after(70))
    # Without a receipt nobody says that it was not on record already.
    hospital.line.say(Rang(age=1800))
    await hospital.settle()
    assert (await hospital.look(calls))[-1]["started_at"] == after(3600)
    await hospital.telephony.stop()


def box_ready(**more: Any) -> LineReady:
    return LineReady("box", **more)


@pytest_twisted.ensureDeferred
async def test_a_signal_of_which_nothing_comes_is_written_down_as_heard(hospital: CallCenter) -> None:
    written = Written()
    hospital.line.say(RingingStopped(receipt=written.receipt(7, "other")))
    await hospital.settle()
    assert written.numbers == [7]
    assert await hospital.look(heard_until) == ("other", 7)


@pytest_twisted.ensureDeferred
async def test_there_is_no_receipt_for_what_cannot_be_written(hospital: CallCenter) -> None:
    written = Written()
    await hospital.database.stop()
    hospital.line.say(Rang(receipt=written.receipt(1)))
    await until(lambda: not len(hospital.telephony._tasks))
    assert written.numbers == []
