"""Agents hold, consult and transfer, supervisors listen: over a real connection to a PBX, up to the records."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet import reactor
from twisted.internet.defer import DeferredList, ensureDeferred
from twisted.internet.task import deferLater

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.administration.rights import grant
from callcenter.administration.sessions import SessionLimits, end_sessions, hashes_of, open_session
from callcenter.alarms.records import mark_handled
from callcenter.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError, UnavailableError
from callcenter.telephony import listening
from callcenter.telephony.call_control import Target
from callcenter.telephony.effects import LineStateName
from callcenter.telephony.listening_rights import LOOK_SECONDS
from callcenter.telephony.recovery import recover
from hardware.asterisk_pbx import PbxSettings, pbx_directory
from hardware.drivers import LineSettings, SharedPorts, create_line_device
from hardware.pbx_port import PbxAddress
from protocols.ami import endpoint
from protocols.ami.settings import AmiSettings, AmiTimings
from storage.database import Database
from storage.models import Alarm, AuditEntry, CallListener, CallRecord, Patient, Role, UserAccount
from tests.peers.ami_server import AmiServer, ami_server
from tests.peers.call_center import (
    ANNA,
    BEN,
    CARDIOLOGY,
    CARL,
    NOW,
    SUSAN,
    ZHANG,
    CallCenter,
    LineEntry,
    audit_actions,
    clock_at,
    every_row,
    fill,
)  # fmt: skip
from tests.peers.patience import until
from tests.peers.pbx import UP, Leg
from web.fanout import reaches

QUICK = AmiTimings(answer=6.0, keep_alive=0.5, listing=6.0, resync=0.5, patience=30.0)
PHONES = {"8001": "anna", "8002": "ben", "8009": "susan"}
ENTRIES = tuple(LineEntry(name, "asterisk", "随访中心", bound_agent=who) for name, who in PHONES.items())


@dataclass
class Ward:
    """A hospital with three telephones on a PBX, and a caller who talks with Anna."""

    server: AmiServer
    hospital: CallCenter
    caller: Leg
    phone: Leg
    call_id: int

    @property
    def control(self) -> Any:
        return self.hospital.telephony.control

    @property
    def listening(self) -> Any:
        return self.hospital.telephony.listening

    async def becomes(self, **values: Any) -> dict[str, Any]:
        """The record of the call, once it is like that."""
        return await self.record_becomes(self.call_id, **values)

    async def record_becomes(self, call_id: int, **values: Any) -> dict[str, Any]:
        def there() -> bool:
            views = [event.data for event in self.hospital.events if event.topic == "calls"]
            return any(v["id"] == call_id and all(v[key] == values[key] for key in values) for v in views[-3:])

        await until(there)
        await self.hospital.settle()
        return dict(await self.hospital.telephony.calls.get(SUSAN, call_id))

    async def consulting(self, target: Target) -> tuple[Leg, Leg]:
        """Somebody has answered at Ben's telephone: the near half of that call, and the telephone."""
        await self.control.consult(ANNA, self.call_id, target)
        await until(lambda: any(leg.name.startswith("Local/") for leg in self.server.pbx.legs))
        third = next(leg for leg in self.server.pbx.legs if leg.name.startswith("Local/"))
        third.number = "8001"
        ben = self.server.pbx.ring(third, "PJSIP/8002")
        self.server.pbx.state(ben, UP)
        self.server.pbx.dial_end(third, ben, "ANSWER")
        action = self.server.actions("Originate")[-1]
        self.server.pbx.third_answers(third, action)
        await self.becomes(parties="consulting")
        return third, ben

    async def lift(self, phone: str = "PJSIP/8009") -> Leg:
        """The telephone that rings is lifted."""
        await until(lambda: any(leg.name.startswith(phone) for leg in self.server.pbx.legs))
        leg = next(leg for leg in self.server.pbx.legs if leg.name.startswith(phone))
        self.server.pbx.state(leg, UP)
        self.server.pbx.originate_response(self.server.actions("Originate")[-1], "Success", "4")
        return leg


@asynccontextmanager
async def ward(database: Database, folder: Path, control: str = "huifang-control") -> AsyncIterator[Ward]:
    async with ami_server() as server:
        session = AmiSettings("huifang", "s3cret", timings=QUICK, control=control)
        pbx = PbxSettings("main", PbxAddress("127.0.0.1", server.port), session)
        shared = SharedPorts(reactor, pbx_directory([pbx], reactor))
        devices: list[Any] = [
            create_line_device(
                LineSettings.model_validate({"name": name, "driver": "asterisk", "port": f"main/PJSIP/{name}"}),
                reactor, folder, shared,
            )
            for name in PHONES
        ]  # fmt: skip
        await database.run(fill)
        await database.run(open_session, SUSAN.user_id, "127.0.0.1", "a browser", NOW, SessionLimits())
        hospital = CallCenter(database, clock_at(NOW), entries=ENTRIES, devices=devices)
        await hospital.telephony.start()
        try:
            await until(lambda: all(runner.line.ready for runner in hospital.telephony._board))
            for person in (ANNA, BEN):
                await hospital.telephony.agents.connected(person)
            caller, phone = server.pbx.call("PJSIP/8001", "13800138000")
            server.pbx.answer(caller, phone)
            await until(lambda: bool(hospital.told("call.answered")))
            yield Ward(server, hospital, caller, phone, hospital.last("call.answered")["id"])
        finally:
            await hospital.telephony.stop()
            await deferLater(reactor, 0)


@pytest_twisted.ensureDeferred
async def test_a_hold_is_shown_and_counted(database: Database, tmp_path: Path) -> None:
    async with ward(database, tmp_path) as story:
        await story.control.hold(ANNA, story.call_id)
        held = await story.becomes(parties="held")
        assert held["held_since"] is not None
        with pytest.raises(ConflictError, match="on hold already"):
            await story.control.hold(ANNA, story.call_id)
        story.hospital.clock.advance(23)
        await story.control.resume(ANNA, story.call_id)
        back = await story.becomes(parties="", hold_seconds=23)
        assert back["held_since"] is None
        assert (await story.hospital.look(audit_actions))[-2:] == ["hold", "resume"]


@pytest_twisted.ensureDeferred
async def test_a_hold_that_goes_on_until_the_caller_hangs_up_is_counted(database: Database, tmp_path: Path) -> None:
    async with ward(database, tmp_path) as story:
        await story.control.hold(ANNA, story.call_id)
        await story.becomes(parties="held")
        story.hospital.clock.advance(40)
        story.server.pbx.hang_up(story.caller, by_device=True)
        ended = await story.becomes(state="ended")
        assert (ended["hold_seconds"], ended["parties"], ended["end_reason"]) == (40, "", "far_end")


@pytest_twisted.ensureDeferred
async def test_a_colleague_takes_the_call_and_has_its_card(database: Database, tmp_path: Path) -> None:
    async with ward(database, tmp_path) as story:
        (one,) = [who for who in await story.control.colleagues(ANNA, story.call_id) if who["id"] == BEN.user_id]
        assert (one["name"], one["state"], one["extension"]) == ("Ben", "available", "8002")
        third, ben = await story.consulting(Target(agent_id=BEN.user_id))
        consulting = await story.becomes(parties="consulting")
        assert consulting["third"]["agent"] == {"id": BEN.user_id, "name": "Ben"}
        await story.control.complete(ANNA, story.call_id)
        ended = await story.becomes(state="ended")
        assert (ended["transfer"], ended["transferred_to"]["number"]) == ("attended", "8002")
        assert ended["transferred_to"]["agent"] == {"id": BEN.user_id, "name": "Ben"}
        assert (ended["end_reason"], ended["wrap_up"], ended["agent"]["id"]) == ("transferred", "open", ANNA.user_id)
        taken = await story.hospital.look(continuation, story.call_id)
        assert (taken["agent_id"], taken["patient_id"], taken["number"]) == (BEN.user_id, ZHANG, "+8613800138000")
        told = [event.data for event in story.hospital.told("call.updated") if event.data["transferred_from_id"]]
        assert (told[-1]["line"]["name"], told[-1]["patient"]["id"]) == ("8002", ZHANG)
        assert story.caller.bridge == third.bridge != ""
        story.server.pbx.end(ben, third, by=ben)


def continuation(session: Session, call_id: int) -> dict[str, Any]:
    call = session.scalars(select(CallRecord).where(CallRecord.transferred_from_id == call_id)).one()
    return {name: getattr(call, name) for name in ("agent_id", "patient_id", "number", "state")}


@pytest_twisted.ensureDeferred
async def test_all_three_speak(database: Database, tmp_path: Path) -> None:
    async with ward(database, tmp_path) as story:
        with pytest.raises(ConflictError, match="Nobody else has answered"):
            await story.control.conference(ANNA, story.call_id)
        await story.consulting(Target(agent_id=BEN.user_id))
        story.hospital.clock.advance(10)
        await story.control.conference(ANNA, story.call_id)
        joined = await story.becomes(parties="conference")
        # Whoever is in a conference is not on hold.
        assert (joined["hold_seconds"], joined["held_since"]) == (10, None)


@pytest_twisted.ensureDeferred
async def test_a_caller_is_given_away_without_asking(database: Database, tmp_path: Path) -> None:
    async with ward(database, tmp_path) as story:
        await story.control.transfer(ANNA, story.call_id, Target(agent_id=BEN.user_id))
        ended = await story.becomes(state="ended")
        assert (ended["transfer"], ended["transferred_to"]["agent"]["id"]) == ("blind", BEN.user_id)
        assert story.server.pbx.sent_to == [(story.caller.name, "8002")]
        ben = story.server.pbx.ring(story.caller, "PJSIP/8002")
        story.server.pbx.answer(story.caller, ben)
        await until(lambda: len(story.hospital.told("call.answered")) == 2)
        await story.hospital.settle()
        taken = await story.hospital.look(continuation, story.call_id)
        assert (taken["agent_id"], taken["patient_id"]) == (BEN.user_id, ZHANG)
        story.server.pbx.end(ben, story.caller, by=story.caller)
        await until(lambda: len(story.hospital.told("call.ended")) == 2)


@pytest_twisted.ensureDeferred
async def test_a_number_that_is_typed_is_checked_as_any_that_is_dialled(database: Database, tmp_path: Path) -> None:
    async with ward(database, tmp_path) as story:
        before = len(story.server.seen)
        rows = await story.hospital.look(every_row)
        for number in ("", "*72", "16812345", "1&2", "8005\r\nAction: Hangup", "1" * 40, "9,8005", "8005,,1"):
            for order in (story.control.transfer, story.control.consult):
                with pytest.raises(InvalidError):
                    await order(ANNA, story.call_id, Target(number=number))
        with pytest.raises(ConflictError) as refused:
            await story.control.transfer(ANNA, story.call_id, Target(number="13700137000"))
        assert refused.value.details["do_not_call"] is True
        with pytest.raises(InvalidError):
            await story.control.transfer(ANNA, story.call_id, Target(agent_id=CARL.user_id))
        sent = [action["Action"] for action in story.server.seen[before:]]
        assert not {"Redirect", "Originate", "Getvar"} & set(sent)
        assert await story.hospital.look(every_row) == rows
        await story.control.transfer(ANNA, story.call_id, Target(number="137 0013 7000", confirmed=True))
        ended = await story.becomes(state="ended")
        assert ended["transferred_to"]["number"] == "+8613700137000"
        assert story.server.pbx.sent_to == [(story.caller.name, "13700137000")]
        assert "dial-do-not-call" in await story.hospital.look(audit_actions)


@pytest_twisted.ensureDeferred
async def test_a_number_that_the_pbx_does_not_know_is_said_and_costs_nobody(database: Database, tmp_path: Path) -> None:
    async with ward(database, tmp_path) as story:
        story.server.pbx.unknown_numbers.add("8765")
        await story.control.transfer(ANNA, story.call_id, Target(number="8765"))
        await until(lambda: any(event.data["note"] for event in story.hospital.told("line.updated")))
        note = story.hospital.last("line.updated")["note_said"]
        assert note["values"]["why"] == {"code": "not_in_dialplan", "values": {"number": "8765"}}
        assert (await story.hospital.telephony.calls.get(ANNA, story.call_id))["state"] == "talking"


@pytest_twisted.ensureDeferred
async def test_of_two_consultations_at_once_one_is_made_and_the_other_changes_nothing(
    database: Database, tmp_path: Path
) -> None:
    async with ward(database, tmp_path) as story:
        numbers = ("13900139000", "13600136000")
        orders = [ensureDeferred(story.control.consult(ANNA, story.call_id, Target(number=one))) for one in numbers]
        results = await DeferredList(orders, consumeErrors=True)
        made = next(number for number, (done, _) in zip(numbers, results, strict=True) if done)
        (refused,) = [result.value for done, result in results if not done]
        assert isinstance(refused, ConflictError)
        calling = await story.becomes(parties="calling")
        assert calling["third"]["number"] == f"+86{made}"
        rows = await story.hospital.look(every_row)
        with pytest.raises(ConflictError, match="Somebody else"):
            await story.control.consult(ANNA, story.call_id, Target(number="13400134000"))
        assert await story.hospital.look(every_row) == rows
        assert (await story.hospital.look(audit_actions)).count("consult") == 1
        assert [action["Channel"] for action in story.server.actions("Originate")] == [f"Local/{made}@from-internal/n"]


@pytest_twisted.ensureDeferred
async def test_a_number_that_nobody_was_given_is_not_who_took_the_call(database: Database, tmp_path: Path) -> None:
    """The PBX refuses the first number; the second is the one on record."""
    async with ward(database, tmp_path) as story:
        story.server.pbx.unknown_numbers.add("8765")
        await story.control.consult(ANNA, story.call_id, Target(number="8765"))
        await until(lambda: any(event.data["note"] for event in story.hospital.told("line.updated")))
        shown = await story.hospital.telephony.calls.get(ANNA, story.call_id)
        assert (shown["third"], shown["parties"]) == (None, "")
        await story.control.transfer(ANNA, story.call_id, Target(agent_id=BEN.user_id))
        ended = await story.becomes(state="ended")
        assert (ended["transferred_to"]["number"], ended["transferred_to"]["agent"]["id"]) == ("8002", BEN.user_id)


@pytest_twisted.ensureDeferred
async def test_a_line_that_refuses_at_once_leaves_the_record_as_it_was(database: Database, tmp_path: Path) -> None:
    async with ward(database, tmp_path) as story:
        story.server.silent = True
        story.server.drop()
        # The PBX knows it before we do, who at first tell the lines without a call.
        await until(lambda: not all(runner.line.ready for runner in story.hospital.telephony._board))
        with pytest.raises(UnavailableError):
            await story.control.consult(ANNA, story.call_id, Target(number="13900139000"))
        shown = await story.hospital.telephony.calls.get(ANNA, story.call_id)
        assert shown["third"] is None
        call = story.hospital.telephony._board.with_call(story.call_id).line.call
        assert call.asked is None


@pytest_twisted.ensureDeferred
async def test_others_calls_and_missing_permissions_are_refused(database: Database, tmp_path: Path) -> None:
    async with ward(database, tmp_path) as story:
        weak = without(ANNA, "calls.transfer")
        undialling = without(ANNA, "calls.dial")
        rows = await story.hospital.look(every_row)
        refusals: list[tuple[type[Exception], Awaitable[Any]]] = [
            (NotFoundError, story.control.hold(BEN, story.call_id)),
            (NotFoundError, story.control.transfer(BEN, story.call_id, Target(agent_id=ANNA.user_id))),
            (NotAllowedError, story.control.transfer(weak, story.call_id, Target(number="8002"))),
            (NotAllowedError, story.control.colleagues(weak, story.call_id)),
            (NotAllowedError, story.control.consult(undialling, story.call_id, Target(number="13900139000"))),
            (NotAllowedError, story.listening.begin(ANNA, story.call_id, "listen")),
            (NotAllowedError, story.listening.present(ANNA)),
        ]
        for mode in ("listen", "whisper", "barge"):
            refusals.append(
                (NotAllowedError, story.listening.begin(without(SUSAN, f"calls.{mode}"), story.call_id, mode))
            )
            narrow = Principal(14, "susan", "Susan", 102, {f"calls.{mode}": Scope.DEPARTMENT}, "")
            refusals.append((NotFoundError, story.listening.begin(narrow, story.call_id, mode)))
        for error, order in refusals:
            with pytest.raises(error):
                await order
        assert await story.hospital.look(every_row) == rows


def without(person: Principal, permission: str) -> Principal:
    grants = {name: scope for name, scope in person.grants.items() if name != permission}
    return Principal(person.user_id, person.username, person.display_name, person.department_id, grants, "")


@pytest_twisted.ensureDeferred
async def test_without_the_dialplan_only_a_transfer_is_offered(database: Database, tmp_path: Path) -> None:
    async with ward(database, tmp_path, control="") as story:
        (line, *_) = await story.hospital.telephony.lines.list(SUSAN)
        assert {"transfer", "listen"} <= set(line["capabilities"])
        assert not {"hold", "consult", "conference"} & set(line["capabilities"])
        with pytest.raises(UnavailableError):
            await story.control.hold(ANNA, story.call_id)


@pytest_twisted.ensureDeferred
async def test_a_supervisor_listens_and_everybody_who_may_know_knows(database: Database, tmp_path: Path) -> None:
    async with ward(database, tmp_path) as story:
        begun = await story.listening.begin(SUSAN, story.call_id, "whisper")
        assert (begun["user"]["name"], begun["mode"], begun["heard_at"]) == ("Susan", "whisper", None)
        with pytest.raises(ConflictError, match="already"):
            await story.listening.begin(SUSAN, story.call_id, "listen")
        ear = await story.lift()
        await until(lambda: any(event.data["heard_at"] for event in story.hospital.told("listener.updated")))
        (event, *_) = story.hospital.told("listener.updated")
        assert event.audience == {"permission": "calls.listen", "departments": [101], "users": [14]}
        (now,) = await story.listening.present(SUSAN)
        assert (now["call_id"], now["mode"]) == (story.call_id, "whisper")
        assert story.server.actions("Originate")[-1]["Data"] == f"{story.phone.name},qESw"
        await story.listening.end(SUSAN, story.call_id)
        await until(lambda: story.hospital.last("listener.updated")["ended_at"] is not None)
        assert ear not in story.server.pbx.legs
        assert await story.listening.present(SUSAN) == []
        assert "whisper" in await story.hospital.look(audit_actions)


@pytest_twisted.ensureDeferred
async def test_a_supervisor_never_hears_the_call_that_came_next(database: Database, tmp_path: Path) -> None:
    async with ward(database, tmp_path) as story:
        runner = story.hospital.telephony._board.with_call(story.call_id)
        write_down = database.run

        async def slowly(work: Any, *arguments: Any) -> Any:
            done = await write_down(work, *arguments)
            if work is listening._begin:
                pbx = story.server.pbx
                pbx.end(story.phone, story.caller, by=story.caller)
                pbx.answer(*pbx.call("PJSIP/8001", "13900139000"))
                await until(lambda: runner.line.state is LineStateName.TALKING and runner.call_id != story.call_id)
            return done

        story.listening._database = SimpleNamespace(read=database.read, run=slowly)
        with pytest.raises(ConflictError, match="now"):
            await story.listening.begin(SUSAN, story.call_id, "listen")
        assert not story.server.actions("Originate")
        assert await story.listening.present(SUSAN) == []


@pytest_twisted.ensureDeferred
async def test_pages_are_told_of_listeners_as_the_list_tells(database: Database, tmp_path: Path) -> None:
    async with ward(database, tmp_path) as story:
        await database.run(lambda session: setattr(session.get_one(Patient, ZHANG), "department_id", 102))
        await story.listening.begin(SUSAN, story.call_id, "listen")
        audience = story.hospital.told("listener.updated")[-1].audience
        heads = [
            Principal(60 + place, "h", "h", place, {"calls.listen": Scope.DEPARTMENT}) for place in (101, 102, 103)
        ]
        agent = replace(ANNA, grants={"calls.listen": Scope.OWN})
        for person, told in ((SUSAN, True), (heads[0], True), (heads[1], True), (heads[2], False), (agent, False)):
            assert reaches(person, audience) is told, person
            assert bool(await story.listening.present(person)) is told, person


def without_the_right(session: Session) -> None:
    role = session.scalars(select(Role).where(Role.code == "supervisor")).one()
    grant(session, role.id, [(name, scope.value) for name, scope in SUSAN.grants.items() if name != "calls.listen"])


def of_her_department_only(session: Session) -> None:
    role = session.scalars(select(Role).where(Role.code == "supervisor")).one()
    grant(session, role.id, [(name, "department") for name in SUSAN.grants])
    session.get_one(UserAccount, SUSAN.user_id).department_id = CARDIOLOGY


def disabled(session: Session) -> None:
    session.get_one(UserAccount, SUSAN.user_id).disabled = True


def signed_out_everywhere(session: Session) -> None:
    end_sessions(session, hashes_of(session, [SUSAN.user_id or 0]), NOW)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (without_the_right, "no-right"),
        (of_her_department_only, "no-right"),
        (disabled, "disabled"),
        (signed_out_everywhere, "signed-out"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_supervisor_who_may_not_listen_any_more_is_cut_off_at_once(
    database: Database, tmp_path: Path, change: Callable[[Session], None], why: str
) -> None:
    async with ward(database, tmp_path) as story:
        begun = await story.listening.begin(SUSAN, story.call_id, "listen")
        ear = await story.lift()
        await until(lambda: any(event.data["heard_at"] for event in story.hospital.told("listener.updated")))
        story.hospital.sessions.end(["of somebody else"])
        await story.hospital.settle()
        assert ear in story.server.pbx.legs
        await database.run(change)
        story.hospital.sessions.end(["hers"])
        await until(lambda: ear not in story.server.pbx.legs)
        await until(lambda: story.hospital.last("listener.updated")["ended_at"] is not None)
        await story.hospital.settle()
        assert story.hospital.last("listener.updated")["id"] == begun["id"]
        (told,) = [entry for entry in await story.hospital.look(audit_entries) if entry[1] == "cut-off-listener"]
        assert told == ("system", "cut-off-listener", str(story.call_id), {
            "listener_id": SUSAN.user_id, "mode": "listen", "why": why,
        })  # fmt: skip
        assert (await story.hospital.telephony.calls.get(ANNA, story.call_id))["state"] == "talking"


@pytest_twisted.ensureDeferred
async def test_what_another_process_takes_away_is_noticed_and_told_once(database: Database, tmp_path: Path) -> None:
    async with ward(database, tmp_path) as story:
        await story.listening.begin(SUSAN, story.call_id, "listen")
        ear = await story.lift()
        await until(lambda: any(event.data["heard_at"] for event in story.hospital.told("listener.updated")))
        story.server.deaf.add("Hangup")
        await database.run(without_the_right)
        checks = story.hospital.telephony._listening_rights._checks
        for _ in range(2):
            # Whoever is looking just now looks again only so long after it has ended.
            await until(lambda: not checks.running)
            story.hospital.clock.advance(LOOK_SECONDS)
            await until(lambda: not checks.running)
            # How often is not told: the connection itself asks again as long as there is no answer.
            await until(lambda: bool(story.server.actions("Hangup")))
        assert ear in story.server.pbx.legs
        assert (await story.hospital.look(audit_actions)).count("cut-off-listener") == 1
        story.server.deaf.clear()
        story.hospital.clock.advance(LOOK_SECONDS)
        await until(lambda: ear not in story.server.pbx.legs)


@pytest_twisted.ensureDeferred
async def test_a_right_that_goes_while_the_telephone_is_being_rung_rings_nobody(
    database: Database, tmp_path: Path
) -> None:
    async with ward(database, tmp_path) as story:
        write_down = database.run

        async def then_without(work: Any, *arguments: Any) -> Any:
            done = await write_down(work, *arguments)
            if work is listening._begin:
                await write_down(without_the_right)
            return done

        story.listening._database = SimpleNamespace(read=database.read, run=then_without)
        await story.listening.begin(SUSAN, story.call_id, "listen")
        await until(lambda: story.hospital.last("listener.updated")["ended_at"] is not None)
        await until(lambda: not any(leg.name.startswith("PJSIP/8009") for leg in story.server.pbx.legs))


def audit_entries(session: Session) -> list[tuple[str, str, str, Any]]:
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [(one.username, one.action, one.subject_id, one.after) for one in entries]


@pytest_twisted.ensureDeferred
async def test_two_clicks_ring_a_supervisors_telephone_once(database: Database, tmp_path: Path) -> None:
    async with ward(database, tmp_path) as story:
        both = [ensureDeferred(story.listening.begin(SUSAN, story.call_id, "listen")) for _ in range(2)]
        results = await DeferredList(both, consumeErrors=True)
        assert sorted(done for done, _ in results) == [False, True]
        assert len(await story.listening.present(SUSAN)) == 1
        assert len(story.server.actions("Originate")) <= 1


@pytest_twisted.ensureDeferred
async def test_the_agent_is_not_told_that_a_supervisor_did_not_lift_the_telephone(
    database: Database, tmp_path: Path
) -> None:
    async with ward(database, tmp_path) as story:
        notes = len(story.hospital.told("line.updated"))
        await story.listening.begin(SUSAN, story.call_id, "listen")
        await until(lambda: any(leg.name.startswith("PJSIP/8009") for leg in story.server.pbx.legs))
        ear = next(leg for leg in story.server.pbx.legs if leg.name.startswith("PJSIP/8009"))
        story.server.pbx.hang_up(ear)
        story.server.pbx.originate_response(story.server.actions("Originate")[-1], "Failure", "3")
        await until(lambda: story.hospital.last("listener.updated")["ended_at"] is not None)
        assert story.hospital.last("listener.updated")["why_said"]["code"] == "phone_not_picked_up"
        assert not any(event.data["note"] for event in story.hospital.told("line.updated")[notes:])


@pytest_twisted.ensureDeferred
async def test_listening_ends_with_the_call(database: Database, tmp_path: Path) -> None:
    async with ward(database, tmp_path) as story:
        await story.listening.begin(SUSAN, story.call_id, "listen")
        await story.lift()
        story.server.pbx.end(story.phone, story.caller, by=story.caller)
        await story.becomes(state="ended")
        assert await story.listening.present(SUSAN) == []
        await until(lambda: not story.server.pbx.legs)


@pytest_twisted.ensureDeferred
async def test_a_listener_does_not_outlive_a_crash(database: Database, tmp_path: Path) -> None:
    async with ward(database, tmp_path) as story:
        await story.listening.begin(SUSAN, story.call_id, "listen")
        await database.run(recover, ENTRIES, "010", NOW)
        assert await story.hospital.look(open_listeners) == 0


def open_listeners(session: Session) -> int:
    return len(session.scalars(select(CallListener).where(CallListener.ended_at.is_(None))).all())


@pytest_twisted.ensureDeferred
async def test_a_stop_gives_whoever_is_on_hold_back_and_lets_nobody_listen_on(
    database: Database, tmp_path: Path
) -> None:
    async with ward(database, tmp_path) as story:
        await story.control.hold(ANNA, story.call_id)
        await story.becomes(parties="held")
        await story.listening.begin(SUSAN, story.call_id, "listen")
        ear = await story.lift()
        await until(lambda: any(event.data["heard_at"] for event in story.hospital.told("listener.updated")))
        story.hospital.clock.advance(30)
    # The daemon is stopped.
    assert story.caller.bridge == story.phone.bridge != ""
    assert ear not in story.server.pbx.legs
    ended = story.hospital.last("call.ended")
    assert (ended["hold_seconds"], ended["parties"], ended["end_reason"]) == (30, "", "unknown")
    assert await database.read(alarms) == []


@pytest.mark.parametrize("trouble", ["refused", "away"])
@pytest_twisted.ensureDeferred
async def test_whoever_cannot_be_given_back_is_an_alarm_until_somebody_has_looked(
    database: Database, tmp_path: Path, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "ENDING_SECONDS", 0.3)
    async with ward(database, tmp_path) as story:
        await story.control.hold(ANNA, story.call_id)
        await story.becomes(parties="held")
        if trouble == "refused":
            story.server.refused["Bridge"] = "Permission denied"
        else:
            story.server.silent = True
            story.server.drop()
            await until(lambda: not story.hospital.devices[0]._pbx.within_reach)
    assert await database.read(alarms) == [("caller_left", False)]
    await database.run(dealt_with)
    assert await database.read(alarms) == [("caller_left", True)]


@pytest_twisted.ensureDeferred
async def test_whoever_was_on_hold_when_the_daemon_was_killed_is_an_alarm(database: Database, tmp_path: Path) -> None:
    async with ward(database, tmp_path) as story:
        await story.control.hold(ANNA, story.call_id)
        await story.becomes(parties="held")
        await database.run(recover, ENTRIES, "010", NOW)
        assert await database.read(alarms) == [("caller_left", False)]


def alarms(session: Session) -> list[tuple[str, bool]]:
    """Those of callers, and whether the next will be another."""
    found = session.scalars(select(Alarm).where(Alarm.kind == "caller_left").order_by(Alarm.id))
    return [(one.kind, one.live_key is None) for one in found]


def dealt_with(session: Session) -> None:
    mark_handled(
        session, session.scalars(select(Alarm).where(Alarm.kind == "caller_left")).one(), 14, "called back", NOW
    )


@pytest_twisted.ensureDeferred
async def test_a_connection_that_breaks_in_the_middle_of_a_transfer_loses_nobody(
    database: Database, tmp_path: Path
) -> None:
    async with ward(database, tmp_path) as story:
        third, ben = await story.consulting(Target(agent_id=BEN.user_id))
        story.server.drop()
        await until(lambda: len(story.server.connections) == 1 and story.server.connections[0].manager.signed_in)
        await until(lambda: all(runner.line.ready for runner in story.hospital.telephony._board))
        held = await story.hospital.telephony.calls.get(ANNA, story.call_id)
        assert held["parties"] == "consulting"
        await eventually(lambda: story.control.complete(ANNA, story.call_id))
        ended = await story.becomes(state="ended")
        assert ended["transfer"] == "attended"
        assert story.caller.bridge == third.bridge != ""
        story.server.pbx.end(ben, third, by=ben)


async def eventually(order: Callable[[], Awaitable[Any]]) -> None:
    async def was_possible() -> bool:
        try:
            await order()
        except UnavailableError:
            return False
        return True

    await until(was_possible, "its being possible")
