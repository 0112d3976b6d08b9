"""Lines added, changed and removed while the call center works."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred, gatherResults

from callcenter.administration.permissions import BUILT_IN_ROLES
from callcenter.administration.principal import Principal
from callcenter.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError, ServiceError
from protocols.sayings import Said, Saying
from protocols.signals import CallerIdentified, Ended, LineLost, LineReady, Rang
from storage.database import Database
from storage.models import AuditEntry, CallRecord, PhoneLine, UserAccount
from tests.peers.call_center import (
    ANNA,
    CARL,
    FOLLOW_UP,
    NOW,
    SUSAN,
    CallCenter,
    LineEntry,
    clock_at,
    every_row,
)

ADMIN = Principal(16, "adam", "Adam", None, dict(BUILT_IN_ROLES["administrator"][1]), "127.0.0.1")
NEW: Mapping[str, Any] = {"name": "门诊一线", "driver": "hayes", "port": "/dev/serial/by-id/none-such"}


async def added(hospital: CallCenter, **values: Any) -> dict[str, Any]:
    made = await hospital.telephony.setups.create(ADMIN, {**NEW, **values})
    await hospital.settle()
    return await hospital.telephony.setups.get(ADMIN, made["id"])


def names_of(session: Session) -> list[str]:
    return list(session.scalars(select(PhoneLine.name).where(PhoneLine.removed == False).order_by(PhoneLine.id)))  # noqa: E712


def last_entry(session: Session) -> tuple[str, str, Any, Any]:
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    return entry.action, entry.subject_type, entry.before, entry.after


async def refused(hospital: CallCenter, attempt: Any, kind: type[ServiceError]) -> Any:
    """What refused it; nothing at all may have changed."""
    before = await hospital.look(every_row)
    with pytest.raises(kind) as caught:
        await attempt
    assert await hospital.look(every_row) == before
    return caught.value


@pytest_twisted.ensureDeferred
async def test_a_line_is_added_rings_at_once_and_is_there_after_a_restart(hospital: CallCenter) -> None:
    made = await added(hospital, group="随访中心", bound_agent="anna", baud=9600)
    assert (made["source"], made["state"], made["group"], made["version"]) == ("interface", "idle", "随访中心", 1)
    assert (made["port"], made["settings"]["baud"], made["bound_name"]) == (NEW["port"], 9600, "Anna")
    (settings, device) = hospital.workbench.made[0]
    assert (settings.name, settings.port, settings.baud) == ("门诊一线", NEW["port"], 9600)
    await hospital.telephony.agents.connected(ANNA)
    hospital.clock.advance(1)
    device.say(Rang(), CallerIdentified("13800138000"))
    await hospital.settle()
    call = hospital.last("call.ringing")
    assert (call["line"], call["offered_to"]) == ({"id": made["id"], "name": "门诊一线"}, [ANNA.user_id])
    assert hospital.told("line.updated")[-1].data["name"] == "门诊一线"
    action, subject, before, after = await hospital.look(last_entry)
    assert (action, subject, before) == ("create", "line", None)
    assert after == {**NEW, "group": "随访中心", "bound_agent": "anna", "baud": 9600}
    device.say(Ended(by_far_end=True))
    await hospital.settle()
    await hospital.telephony.stop()

    second = CallCenter(hospital.database, clock_at(NOW))
    await second.telephony.start()
    await second.settle()
    assert [line["name"] for line in await second.telephony.lines.list(SUSAN)] == ["line 1", "line 2", "门诊一线"]
    assert second.workbench.made[0][0] == settings
    assert (await second.telephony.setups.get(ADMIN, made["id"]))["bound_agent"] == "anna"
    await second.telephony.stop()


@pytest_twisted.ensureDeferred
async def test_what_cannot_be_is_refused_by_field_and_changes_nothing(hospital: CallCenter) -> None:
    for field, value in (
        ("port", "/etc/passwd"), ("port", "/dev/../etc/passwd"), ("port", "/dev"), ("port", "/var/lib/none-such"),
        ("port", "/dev/ttyACM0"), ("name", "line 1"), ("name", "x" * 200), ("group", "没有的组"),
        ("bound_agent", "nobody"), ("port", "/dev/ttyACM1\r\nATD110"),
    ):  # fmt: skip
        error = await refused(hospital, added(hospital, **{field: value}), InvalidError)
        assert list(error.fields) == [field], value
    assert not hospital.workbench.made


@pytest_twisted.ensureDeferred
async def test_script_in_a_name_is_a_name(hospital: CallCenter) -> None:
    made = await added(hospital, name="<img src=x onerror=1>")
    assert made["name"] == "<img src=x onerror=1>"


@pytest_twisted.ensureDeferred
async def test_who_may_do_what(hospital: CallCenter) -> None:
    setups = hospital.telephony.setups
    line_id = (await added(hospital))["id"]
    for person in (ANNA, CARL, SUSAN):
        await refused(hospital, setups.create(person, {**NEW, "name": "x"}), NotAllowedError)
        await refused(hospital, setups.remove(person, line_id, 1), NotAllowedError)
        await refused(hospital, setups.ports(person), NotAllowedError)
    for person in (ANNA, CARL):
        await refused(hospital, setups.edit(person, line_id, {"name": "x"}, 1), NotAllowedError)
        await refused(hospital, setups.list(person), NotAllowedError)
    # A supervisor arranges lines and lets devices be.
    for values in ({"port": "tcp://10.0.0.1:22"}, {"trace": True}, {"driver": "fsk"}, {"dial_prefix": "0"}):
        await refused(hospital, setups.edit(SUSAN, line_id, values, 1), NotAllowedError)
    changed = await setups.edit(SUSAN, line_id, {"name": "护士站", "port": NEW["port"]}, 1)
    assert (changed["name"], changed["version"]) == ("护士站", 2)
    await refused(hospital, setups.edit(ADMIN, 4711, {"name": "x"}, 1), NotFoundError)


@pytest_twisted.ensureDeferred
async def test_name_group_and_seat_change_without_touching_the_device(hospital: CallCenter) -> None:
    def own_line(session: Session) -> str:
        return session.get_one(UserAccount, CARL.user_id).bound_line

    def give(session: Session) -> None:
        session.get_one(UserAccount, CARL.user_id).bound_line = "门诊一线"

    made = await added(hospital)
    await hospital.database.run(give)
    device = hospital.workbench.last
    device.say(Rang())
    await hospital.settle()
    edited = await hospital.telephony.setups.edit(
        SUSAN, made["id"], {"name": "心内一线", "group": "心内科", "bound_agent": "carl"}, 1
    )
    assert (edited["name"], edited["group"], edited["bound_name"], edited["state"]) == (
        "心内一线", "心内科", "Carl", "ringing"
    )  # fmt: skip
    assert not device.stopped
    assert len(hospital.workbench.made) == 1
    assert device.name == "心内一线"
    assert await hospital.look(own_line) == "心内一线"
    assert hospital.told("line.updated")[-1].data["name"] == "心内一线"
    assert hospital.told("line.updated")[-1].data["desk"] == [CARL.user_id]
    assert hospital.told("line.updated")[-1].data["group"] == "心内科"
    action, _, before, after = await hospital.look(last_entry)
    assert (action, before) == ("edit", {"name": "门诊一线"})
    assert after == {"name": "心内一线", "group": "心内科", "bound_agent": "carl"}
    # The next call is the other department's.
    device.say(Ended(by_far_end=True), Rang())
    await hospital.settle()
    assert hospital.last("call.ringing")["line"]["name"] == "心内一线"

    def departments(session: Session) -> list[int | None]:
        return list(session.scalars(select(CallRecord.department_id).order_by(CallRecord.id)))

    assert (await hospital.look(departments))[-1] != FOLLOW_UP


@pytest_twisted.ensureDeferred
async def test_another_port_is_another_device_but_not_during_a_call(hospital: CallCenter) -> None:
    setups = hospital.telephony.setups
    made = await added(hospital)
    first = hospital.workbench.last
    first.say(Rang())
    await hospital.settle()
    await refused(hospital, setups.edit(ADMIN, made["id"], {"port": "/dev/ttyUSB7"}, 1), ConflictError)
    first.say(Ended(by_far_end=True))
    await hospital.settle()
    edited = await setups.edit(ADMIN, made["id"], {"port": "/dev/ttyUSB7", "ring_timeout": "8"}, 1)
    await hospital.settle()
    assert first.stopped
    settings, second = hospital.workbench.made[-1]
    assert (settings.port, settings.ring_timeout) == ("/dev/ttyUSB7", 8)
    assert edited["settings"]["ring_timeout"] == 8
    second.say(LineLost(Said(Saying.CANNOT_OPEN, port="/dev/ttyUSB7", why="No such file or directory")))
    await hospital.settle()
    assert hospital.told("line.updated")[-1].data["reason_said"]["code"] == "cannot_open"
    # It goes on trying by itself, and its number is the same.
    second.say(LineReady("back"), Rang())
    await hospital.settle()
    assert hospital.last("call.ringing")["line"]["id"] == made["id"]


@pytest_twisted.ensureDeferred
async def test_the_trace_is_switched_while_the_line_works(hospital: CallCenter) -> None:
    made = await added(hospital)
    device = hospital.workbench.last
    await hospital.telephony.setups.edit(ADMIN, made["id"], {"trace": True}, 1)
    assert device.asked == [("set_trace", "True")]
    assert not device.stopped
    edited = await hospital.telephony.setups.edit(ADMIN, made["id"], {"trace": False}, 2)
    assert device.asked[-1] == ("set_trace", "False")
    assert "trace" not in edited["settings"]


@pytest_twisted.ensureDeferred
async def test_another_driver_has_other_options(hospital: CallCenter) -> None:
    made = await added(hospital, dial_prefix="9,", baud=9600, group="随访中心")
    edited = await hospital.telephony.setups.edit(ADMIN, made["id"], {"driver": "fsk"}, 1)
    assert edited["settings"] == {"name": "门诊一线", "driver": "fsk", "port": NEW["port"], "group": "随访中心"}
    assert edited["driver"] == "fsk"


@pytest_twisted.ensureDeferred
async def test_the_second_of_two_administrators_is_told(hospital: CallCenter) -> None:
    setups = hospital.telephony.setups
    made = await added(hospital)
    tries = [
        Deferred.fromCoroutine(setups.edit(ADMIN, made["id"], {"name": name}, 1)).addErrback(lambda it: it.value)
        for name in ("甲", "乙")
    ]
    first, second = await gatherResults(tries)
    assert first["name"] == "甲"
    assert isinstance(second, ConflictError)
    assert (second.details["current"]["name"], second.details["current"]["version"]) == ("甲", 2)
    error = await refused(hospital, setups.remove(ADMIN, made["id"], 1), ConflictError)
    assert error.details["current"]["name"] == "甲"
    assert (await setups.edit(ADMIN, made["id"], {"name": "乙"}, 2))["name"] == "乙"


@pytest_twisted.ensureDeferred
async def test_both_whoever_sat_there_and_whoever_does_now_hear_of_it(hospital: CallCenter) -> None:
    setups = hospital.telephony.setups
    made = await added(hospital, bound_agent="anna")
    moved = await setups.edit(SUSAN, made["id"], {"bound_agent": "carl"}, 1)
    told = hospital.told("line.updated")[-1]
    assert (told.data["desk"], moved["desk"]) == ([CARL.user_id], [CARL.user_id])
    assert sorted(told.audience["users"]) == [ANNA.user_id, CARL.user_id]
    shown = {line["name"]: line["desk"] for line in await hospital.telephony.lines.list(SUSAN)}
    assert shown == {"line 1": [], "line 2": [], "门诊一线": [CARL.user_id]}
    await setups.remove(ADMIN, made["id"], 2)
    assert hospital.told("line.removed")[-1].audience["users"] == [CARL.user_id]


@pytest_twisted.ensureDeferred
async def test_a_removed_line_leaves_its_calls_and_may_come_back(hospital: CallCenter) -> None:
    setups = hospital.telephony.setups
    made = await added(hospital)
    device = hospital.workbench.last
    device.say(Rang())
    await hospital.settle()
    await refused(hospital, setups.remove(ADMIN, made["id"], 1), ConflictError)
    device.say(Ended(by_far_end=True))
    await hospital.settle()
    await setups.remove(ADMIN, made["id"], 1)
    await hospital.settle()
    assert device.stopped
    told = [event for event in hospital.events if event.topic == "lines"]
    assert (told[-1].type, told[-1].data) == ("line.removed", {"id": made["id"], "name": "门诊一线"})
    assert await hospital.look(names_of) == ["line 1", "line 2"]
    assert [line["name"] for line in await hospital.telephony.lines.list(SUSAN)] == ["line 1", "line 2"]
    calls = await hospital.telephony.calls.list(SUSAN)
    assert calls.items[0]["line"]["name"] == "门诊一线"
    with pytest.raises(NotFoundError):
        await setups.edit(ADMIN, made["id"], {"name": "x"}, 2)
    # Nobody else may be called so while its calls are; the same line may.
    with pytest.raises(InvalidError):
        await setups.edit(ADMIN, (await added(hospital, name="二线", port="/dev/ttyS9"))["id"], {"name": "门诊一线"}, 1)
    again = await added(hospital)
    assert (again["id"], again["version"], again["state"]) == (made["id"], 3, "idle")


@pytest_twisted.ensureDeferred
async def test_a_line_of_the_file_can_be_arranged_and_nothing_else(hospital: CallCenter) -> None:
    setups = hospital.telephony.setups
    first = (await setups.list(SUSAN))[0]
    assert (first["source"], first["port"], first["file"]["name"]) == ("file", "/dev/ttyACM0", "line 1")
    error = await refused(hospital, setups.edit(ADMIN, first["id"], {"port": "/dev/ttyS1"}, 1), InvalidError)
    assert "configuration file" in error.fields["port"]
    await refused(hospital, setups.remove(ADMIN, first["id"], 1), ConflictError)
    await refused(hospital, setups.edit(ADMIN, first["id"], {"name": "line 2"}, 1), InvalidError)
    renamed = await setups.edit(SUSAN, first["id"], {"name": "总机"}, 1)
    arranged = await setups.edit(SUSAN, first["id"], {"group": "心内科"}, 2)
    assert (renamed["name"], arranged["name"], arranged["group"]) == ("总机", "总机", "心内科")
    assert arranged["settings"] == {"name": "总机", "group": "心内科"}
    assert hospital.line.name == "总机"
    # Set to what the file says, it follows the file again.
    back = await setups.edit(SUSAN, first["id"], {"group": None}, 3)
    assert (back["group"], back["settings"]) == ("随访中心", {"name": "总机"})


async def restarted(database: Database, *entries: LineEntry) -> CallCenter:
    center = CallCenter(database, clock_at(NOW), entries)
    await center.telephony.start()
    await center.settle()
    return center


@pytest_twisted.ensureDeferred
async def test_what_wins_at_the_next_start(hospital: CallCenter) -> None:
    setups = hospital.telephony.setups
    first, second = await setups.list(SUSAN)
    await setups.edit(SUSAN, first["id"], {"name": "总机", "bound_agent": "anna"}, 1)
    own = await added(hospital)
    await hospital.telephony.stop()

    # The interface stands above the file where it said something; a group that the file changes is changed.
    center = await restarted(hospital.database, LineEntry("line 1", group="心内科"), LineEntry("line 2"))
    lines = await center.telephony.setups.list(SUSAN)
    assert [(line["id"], line["name"], line["group"], line["bound_agent"]) for line in lines] == [
        (first["id"], "总机", "心内科", "anna"), (second["id"], "line 2", "", ""), (own["id"], "门诊一线", "", "")
    ]  # fmt: skip
    assert center.line.name == "总机"
    await center.telephony.stop()

    # A section that is called like a line of the interface takes it over; one that another line was called like in the
    # interface gets its name.
    entries = (LineEntry("line 1"), LineEntry("总机", "fsk"), LineEntry("门诊一线", port="/dev/ttyS3"))
    center = await restarted(hospital.database, *entries)
    lines = await center.telephony.setups.list(SUSAN)
    assert [(line["name"], line["source"], line["driver"]) for line in lines] == [
        ("line 1", "file", "hayes"), ("总机", "file", "fsk"), ("门诊一线", "file", "hayes")
    ]  # fmt: skip
    assert [lines[0]["id"], lines[2]["id"]] == [first["id"], own["id"]]
    assert lines[2]["port"] == "/dev/ttyS3"
    assert not center.workbench.made
    await center.telephony.stop()


@pytest_twisted.ensureDeferred
async def test_settings_that_no_driver_takes_any_more_are_a_lost_line_that_says_so(hospital: CallCenter) -> None:
    made = await added(hospital)
    await hospital.telephony.stop()

    def spoil(session: Session) -> None:
        line = session.get_one(PhoneLine, made["id"])
        line.settings = {**line.settings, "baud": 31}

    await hospital.database.run(spoil)
    center = await restarted(hospital.database, LineEntry("line 1"))
    line = next(one for one in await center.telephony.lines.list(SUSAN) if one["id"] == made["id"])
    assert (line["state"], line["reason_said"]["code"]) == ("lost", "settings_unusable")
    mended = await center.telephony.setups.edit(ADMIN, made["id"], {"baud": None}, 1)
    await center.settle()
    assert mended["settings"].get("baud") is None
    assert (await center.telephony.setups.get(ADMIN, made["id"]))["state"] == "idle"
    await center.telephony.stop()


@pytest_twisted.ensureDeferred
async def test_groups_agents_and_ports_to_choose_from(hospital: CallCenter) -> None:
    choices = await hospital.telephony.setups.choices(SUSAN)
    assert choices["groups"] == sorted(choices["groups"])
    assert {"username": "anna", "name": "Anna"} in choices["agents"]
    found = await hospital.telephony.setups.ports(ADMIN)
    assert found.devices is not None
