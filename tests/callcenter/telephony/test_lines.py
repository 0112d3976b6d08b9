"""Dialling and the service of lines."""

from __future__ import annotations

import pytest
import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred, gatherResults

from callcenter.errors import ConflictError, InvalidError, UnavailableError
from callcenter.telephony.line_runner import LineRunner
from protocols.signals import Answered, DialFailed, DialFailure, Ended, HandsetLifted, LineLost, Rang
from storage.models import CallRecord, UserAccount
from tests.peers.call_center import ANNA, BEN, CARL, QUIET, SUSAN, ZHANG, CallCenter, audit_actions
from tests.peers.scripted_line import MONITOR, ScriptedLine


def call_rows(session: Session) -> list[tuple[str, str, str]]:
    statement = select(CallRecord.direction, CallRecord.state, CallRecord.end_reason).order_by(CallRecord.id)
    return [tuple(row) for row in session.execute(statement)]


def runner_of(hospital: CallCenter, name: str) -> LineRunner:
    return next(runner for runner in hospital.telephony._board if runner.journal.line.name == name)


@pytest_twisted.ensureDeferred
async def test_the_attempt_is_on_disk_before_the_device_dials(hospital: CallCenter) -> None:
    seen: list[list[tuple[str, str, str]]] = []

    class Witness(ScriptedLine):
        def dial(self, number: str) -> None:
            seen.append(
                [
                    (e.data["direction"], e.data["state"], e.data["number"])
                    for e in hospital.events
                    if e.topic == "calls"
                ]
            )
            super().dial(number)

    hospital.line.__class__ = Witness
    view = await hospital.telephony.lines.dial(ANNA, None, "+86 138 0013 8000")
    assert seen == [[("out", "dialling", "+8613800138000")]]
    assert hospital.line.asked == [("dial", "13800138000")]
    assert (view["patient"]["id"], view["agent"]["id"], view["state"]) == (ZHANG, ANNA.user_id, "dialling")
    await hospital.hear(Answered())
    assert hospital.told("call.answered")[-1].data["state"] == "talking"
    await hospital.hear(Ended(by_far_end=True))
    assert hospital.told("call.ended")[-1].data["end_reason"] == "far_end"


@pytest_twisted.ensureDeferred
async def test_which_line_is_taken(hospital: CallCenter) -> None:
    lines = hospital.telephony.lines
    # Carl belongs to another department than line 1: the common line is his.
    view = await lines.dial(CARL, None, "10086")
    assert view["line"]["name"] == "line 2"
    view = await lines.dial(ANNA, None, "10086")
    assert view["line"]["name"] == "line 1"
    with pytest.raises(UnavailableError):
        await lines.dial(BEN, None, "10086")


@pytest_twisted.ensureDeferred
async def test_the_bound_line_comes_first_and_only(hospital: CallCenter) -> None:
    def bind(session: Session) -> None:
        session.get_one(UserAccount, ANNA.user_id).bound_line = "line 2"

    await hospital.database.run(bind)
    await hospital.hear(HandsetLifted(), line=1)
    view = await hospital.telephony.lines.dial(ANNA, None, "10086")
    assert view["line"]["name"] == "line 2"
    await hospital.hear(DialFailed(DialFailure.NO_ANSWER), Rang(), line=1)
    with pytest.raises(ConflictError):
        await hospital.telephony.lines.dial(ANNA, None, "10086")


@pytest_twisted.ensureDeferred
async def test_a_line_that_is_somebody_elses_own_is_not_taken_unless_it_is_asked_for(hospital: CallCenter) -> None:
    def bind(session: Session, disabled: bool) -> None:
        susan = session.get_one(UserAccount, SUSAN.user_id)
        susan.bound_line, susan.disabled = "line 1", disabled

    lines = hospital.telephony.lines
    await hospital.database.run(bind, False)
    assert (await lines.dial(ANNA, None, "10086"))["line"]["name"] == "line 2"
    with pytest.raises(UnavailableError):
        await lines.dial(BEN, None, "10086")
    by_name = await lines.dial(BEN, runner_of(hospital, "line 1").line_id, "10086")
    assert by_name["line"]["name"] == "line 1"
    await hospital.hear(DialFailed(DialFailure.NO_ANSWER))
    assert (await lines.dial(SUSAN, None, "10086"))["line"]["name"] == "line 1"
    await hospital.hear(DialFailed(DialFailure.NO_ANSWER))
    # Nobody sits there any more.
    await hospital.database.run(bind, True)
    assert (await lines.dial(BEN, None, "10086"))["line"]["name"] == "line 1"


@pytest_twisted.ensureDeferred
async def test_one_agent_dials_once_however_often_they_click(hospital: CallCenter) -> None:
    tries = [Deferred.fromCoroutine(hospital.telephony.lines.dial(ANNA, None, "10086")) for _ in range(5)]
    results = await gatherResults([one.addErrback(lambda failure: failure.value) for one in tries])
    assert sum(isinstance(result, dict) for result in results) == 1
    assert sum(isinstance(result, ConflictError) for result in results) == 4
    with pytest.raises(ConflictError) as refused:
        await hospital.telephony.lines.dial(ANNA, None, "10086")
    assert "call_id" in refused.value.details
    assert await hospital.look(call_rows) == [("out", "dialling", "")]


@pytest_twisted.ensureDeferred
async def test_who_asked_not_to_be_called_is_called_only_when_confirmed(hospital: CallCenter) -> None:
    for number, patient_id in (("13700137000", None), ("10086", QUIET)):
        with pytest.raises(ConflictError) as refused:
            await hospital.telephony.lines.dial(ANNA, None, number, patient_id)
        assert refused.value.details["do_not_call"] is True
    view = await hospital.telephony.lines.dial(ANNA, None, "13700137000", confirmed=True)
    assert view["patient"]["do_not_call"] is True
    assert await hospital.look(audit_actions) == ["dial-do-not-call"]


@pytest_twisted.ensureDeferred
async def test_a_device_that_refuses_leaves_a_failed_call(hospital: CallCenter) -> None:
    hospital.line.broken = "the line is lost"
    with pytest.raises(UnavailableError, match="the line is lost"):
        await hospital.telephony.lines.dial(ANNA, None, "10086")
    assert await hospital.look(call_rows) == [("out", "ended", "failed")]


@pytest_twisted.ensureDeferred
async def test_a_caller_who_is_faster_than_the_disk(hospital: CallCenter) -> None:
    dialling = Deferred.fromCoroutine(hospital.telephony.lines.dial(ANNA, None, "10086"))
    dialling.addErrback(lambda failure: failure.value)
    while hospital.told("line.updated")[-1].data["state"] != "dialling":
        if any(runner.line.call for runner in hospital.telephony._board):
            hospital.line.say(Rang())
            break
        await hospital.look(call_rows)
    assert isinstance(await dialling, ConflictError)
    await hospital.settle()
    assert hospital.line.asked == []
    assert await hospital.look(call_rows) == [("out", "ended", "failed"), ("in", "ringing", "")]


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("number", ["", "abc", "*21*10086#", "16812345", "2" * 40, "10086;ATH", "10086\r\nATD110"])
async def test_bad_numbers_never_reach_a_line(hospital: CallCenter, number: str) -> None:
    with pytest.raises(InvalidError) as refused:
        await hospital.telephony.lines.dial(ANNA, None, number)
    assert "number" in refused.value.fields
    assert await hospital.look(call_rows) == []


@pytest_twisted.ensureDeferred
async def test_out_of_service_and_back(hospital: CallCenter) -> None:
    lines = hospital.telephony.lines
    line_id = (await lines.list(SUSAN))[0]["id"]
    out = await lines.set_out_of_service(SUSAN, line_id, True, "crackles")
    assert (out["state"], out["out_of_service"], out["reason"]) == ("out_of_service", True, "crackles")
    await hospital.hear(Rang())
    assert hospital.told("call.ringing") == []
    with pytest.raises(ConflictError):
        await lines.dial(ANNA, line_id, "10086")
    back = await lines.set_out_of_service(SUSAN, line_id, False, "")
    assert (back["state"], back["out_of_service"], back["reason"]) == ("idle", False, "")
    await hospital.hear(Rang())
    assert len(hospital.told("call.ringing")) == 1
    assert await hospital.look(audit_actions) == ["set-service", "set-service"]


@pytest_twisted.ensureDeferred
async def test_what_the_list_shows(hospital: CallCenter) -> None:
    hospital.devices[1].capabilities = MONITOR
    await hospital.hear(Rang(), line=1)
    await hospital.hear(LineLost("unplugged"))
    first, second = await hospital.telephony.lines.list(ANNA)
    assert (first["name"], first["driver"], first["group"]) == ("line 1", "hayes", "随访中心")
    assert (first["state"], first["reason"], first["call_id"]) == ("lost", "unplugged", None)
    assert "dial" in first["capabilities"]
    assert second["capabilities"] == ["ring", "caller_id"]
    assert (second["state"], second["since"]) == ("ringing", "2026-03-02T08:00:01.000Z")
    assert second["call_id"] == hospital.told("call.ringing")[-1].data["id"]
