"""Uploaded lists: how they may be written, which lines mean nobody, whom a number means, how much is too much."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_twisted
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError, ServiceError
from callcenter.messaging.batches import recipient_lists
from callcenter.messaging.batches.choices import Choice
from callcenter.messaging.batches.recipient_lists import KEPT, MOST_BYTES, decode_lines, forget_lists
from callcenter.messaging.batches.recipients import BatchDraft
from callcenter.messaging.mobiles import THAT_TAKE_TEXTS, takes_texts
from callcenter.messaging.vocabulary import Purpose
from callcenter.numbers import normalise
from storage.database import Database
from storage.models import Patient, PatientPhone, SmsList, SmsListPart
from storage.queries.patients import remember_choice
from tests.peers.call_center import ANNA, CARDIOLOGY, DORA, FAMILY_ONE, FAMILY_TWO, HEART, NOW, SUSAN, ZHANG, every_row
from tests.peers.sms_desk import FAMILY, Desk

DRAFT = BatchDraft("{patient.name}您好", Purpose.CARE)
LINES = (
    "手机号,姓名\n13800138000,张三\r\n\n +86 139 0013 9000 \nR5\n010-62345678\n"
    "13512345678\n；x\nR6\n１３８００１３８０００\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
@pytest_twisted.ensureDeferred
async def test_a_list_is_read_in_the_writings_of_spreadsheets(desk: Desk, encoding: str) -> None:
    taken = await desk.desk.batches.add_part(SUSAN, None, 0, LINES.encode(encoding))
    assert (taken["lines"], taken["count"]) == (10, 4)
    # The heading may be somebody's record number, as far as can be told; a blank line is no problem.
    assert [(one["line"], one["why"]) for one in taken["problems"]] == [
        (1, "unknown"), (6, "unknown"), (7, "unknown"), (9, "unknown"),
    ]  # fmt: skip
    choice = Choice(list_id=taken["id"])
    shown = await desk.desk.batches.preview(SUSAN, DRAFT, choice)
    assert (shown["count"], shown["reasons"]) == (3, {})
    sent = await desk.desk.batches.send(SUSAN, DRAFT, choice, "0123456789")
    await desk.make_all()
    assert sent["chosen"] == 3
    got = {(row["patient_id"], row["number"]) for row in await desk.rows()}
    assert got == {(ZHANG, "+8613800138000"), (FAMILY_ONE, FAMILY), (HEART, "+8613600136000")}


@pytest_twisted.ensureDeferred
async def test_the_number_that_was_listed_is_written_to_as_long_as_it_is_the_patients(desk: Desk) -> None:
    """Not the first of the record; and of several who share it, the one who was said to remember."""
    second, third = "+8613312345678", "+8613312345679"

    def more(session: Session) -> None:
        session.add(PatientPhone(patient_id=ZHANG, number=second, position=1))
        session.add(PatientPhone(patient_id=HEART, number=third, position=1))
        remember_choice(session, FAMILY, FAMILY_TWO, None, NOW)

    await desk.change(more)
    listed = f"{second}\n{FAMILY}\n{third}".encode()
    taken = await desk.desk.batches.add_part(SUSAN, None, 0, listed)
    choice = Choice(list_id=taken["id"])
    await desk.desk.batches.send(SUSAN, DRAFT, choice, "0123456789")

    def taken_off(session: Session) -> None:
        session.execute(update(PatientPhone).where(PatientPhone.number == third).values(number="+8613312345670"))

    await desk.change(taken_off)
    await desk.make_all()
    assert {(row["patient_id"], row["number"]) for row in await desk.rows()} == {(ZHANG, second), (FAMILY_TWO, FAMILY)}
    (batch,) = (await desk.desk.batches.list(SUSAN)).items
    assert batch["left_out"] == {"no_mobile": 1}


@pytest_twisted.ensureDeferred
async def test_parts_come_in_order_each_once_and_belong_to_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    batches = desk.desk.batches
    first = await batches.add_part(SUSAN, None, 0, b"13800138000\nnobody\n")
    key = first["id"]
    second = await batches.add_part(SUSAN, key, 1, b"?!\n13900139000\n13800138000")
    assert (second["lines"], second["count"]) == (5, 3)
    assert [(one["line"], one["why"]) for one in second["problems"]] == [(2, "unknown"), (3, "unreadable")]
    assert await batches.add_part(SUSAN, key, 1, b"?!\n13900139000\n13800138000") == second
    # What stands there twice counts once.
    assert (await batches.preview(SUSAN, DRAFT, Choice(list_id=key)))["count"] == 2
    await unchanged(desk, ConflictError, batches.add_part(SUSAN, key, 3, b"13800138000"))
    other = Principal(99, "other", "Other", None, dict(SUSAN.grants))
    await unchanged(desk, NotFoundError, batches.add_part(other, key, 2, b"13800138000"))
    await unchanged(desk, InvalidError, batches.preview(other, DRAFT, Choice(list_id=key)))
    await unchanged(desk, InvalidError, batches.send(other, DRAFT, Choice(list_id=key), "0123456789"))
    await unchanged(desk, NotAllowedError, batches.add_part(ANNA, None, 0, b"13800138000"))
    monkeypatch.setattr(recipient_lists, "MOST_PARTS", 2)
    await unchanged(desk, InvalidError, batches.add_part(SUSAN, key, 2, b"1"))
    monkeypatch.undo()
    monkeypatch.setattr(recipient_lists, "MOST_LINES", 6)
    error = await unchanged(desk, InvalidError, batches.add_part(SUSAN, key, 2, b"1\n2"))
    assert "content" in error.fields


@pytest_twisted.ensureDeferred
async def test_a_list_of_junk_is_counted_and_its_first_lines_are_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each answer is small and no part is read again, however much of the list there is already."""
    batches = desk.desk.batches
    monkeypatch.setattr(recipient_lists, "MOST_SHOWN", 5)
    first = await batches.add_part(SUSAN, None, 0, b"?\n" * 3)
    assert (first["lines"], first["wrong"], len(first["problems"])) == (3, 3, 3)

    def emptied(session: Session) -> None:
        session.execute(update(SmsListPart).values(members=[]))

    await desk.change(emptied)
    second = await batches.add_part(SUSAN, first["id"], 1, b"13800138000\n" + b"?\n" * 9)
    assert (second["lines"], second["count"], second["wrong"]) == (13, 1, 12)
    assert [one["line"] for one in second["problems"]] == [1, 2, 3, 5, 6]
    third = await batches.add_part(SUSAN, first["id"], 2, b"?\n")
    assert (third["wrong"], third["problems"]) == (13, second["problems"])
    # Sent again, an earlier part tells what it told.
    assert await batches.add_part(SUSAN, first["id"], 0, b"?\n" * 3) == first


@pytest_twisted.ensureDeferred
async def test_what_is_no_list_is_refused_and_nothing_is_written(desk: Desk) -> None:
    for content in (
        b"PK\x03\x04workbook", b"\xd0\xcf\x11\xe0old workbook", b"\xff\xfe1\x003\x00", b"\x00" * 10, b"\x81",
        b"1" * (MOST_BYTES + 1),
    ):  # fmt: skip
        error = await unchanged(desk, InvalidError, desk.desk.batches.add_part(SUSAN, None, 0, content))
        assert "content" in error.fields
    empty = await desk.desk.batches.add_part(SUSAN, None, 0, b"\n \n")
    assert (empty["lines"], empty["count"], empty["problems"]) == (2, 0, [])
    await unchanged(desk, InvalidError, desk.desk.batches.preview(SUSAN, DRAFT, Choice(list_id=empty["id"])))


@pytest_twisted.ensureDeferred
async def test_a_list_reaches_nobody_whom_its_owner_does_not_reach(desk: Desk) -> None:
    doctor = Principal(DORA.user_id, "dora", "Dora", CARDIOLOGY, {**DORA.grants, "messages.bulk": Scope.DEPARTMENT})
    taken = await desk.desk.batches.add_part(doctor, None, 0, b"13800138000\nR1\n13600136000\nR5\n")
    assert [(one["line"], one["why"]) for one in taken["problems"]] == [(1, "unknown"), (2, "unknown")]
    assert (await desk.desk.batches.preview(doctor, DRAFT, Choice(list_id=taken["id"])))["count"] == 1


@pytest_twisted.ensureDeferred
async def test_old_lists_are_dropped_and_what_was_sent_stays(desk: Desk) -> None:
    taken = await desk.desk.batches.add_part(SUSAN, None, 0, b"13800138000\n")
    await desk.desk.batches.send(SUSAN, DRAFT, Choice(list_id=taken["id"]), "0123456789")
    await desk.change(forget_lists, desk.now + KEPT)
    assert len(await desk.rows(SmsList)) == 1
    await desk.change(forget_lists, desk.now + 2 * KEPT)
    assert await desk.rows(SmsList) == []
    assert await desk.database.read(lambda session: list(session.scalars(select(SmsListPart.place)))) == []
    await desk.make_all()
    assert [row["patient_id"] for row in await desk.rows()] == [ZHANG]


@given(st.binary(max_size=400))
def test_any_bytes_are_lines_or_a_clear_error(content: bytes) -> None:
    try:
        lines = decode_lines(content)
    except InvalidError:
        return
    assert not any("\n" in line or "\0" in line for line in lines)


@given(st.lists(st.text("1234567890 李,R\t", max_size=12), max_size=8), st.sampled_from(["\n", "\r\n", "\r"]))
def test_lines_are_the_same_however_they_end(lines: list[str], end: str) -> None:
    text = end.join(lines)
    assert (
        decode_lines(text.encode())
        == decode_lines(text.encode("gb18030"))
        == (lines[:-1] if lines and not lines[-1] else lines)
    )


@pytest_twisted.ensureDeferred
async def test_the_database_and_the_code_agree_on_which_numbers_take_texts(sqlite_database: Database) -> None:
    written = (
        "13800138000", "+8619912345678", "12345678901", "010-62345678", "0755-12345678-801", "10086", "106912345678",
        "8001", "+12125550100", "+442071234567", "4008001234", "+85251234567", "+8612800138000", "13800138000-12", "",
    )  # fmt: skip
    numbers = sorted({normalise(one).number for one in written} - {""})

    def ask(session: Session) -> set[str]:
        patient = Patient(record_number="1", name="x", created_at=NOW, updated_at=NOW)
        session.add(patient)
        session.flush()
        session.add_all(PatientPhone(patient_id=patient.id, number=one) for one in numbers)
        session.flush()
        return set(session.scalars(select(PatientPhone.number).where(THAT_TAKE_TEXTS)))

    found = await sqlite_database.run(ask)
    assert found == {one for one in numbers if takes_texts(one)}
    assert 3 <= len(found) < len(numbers)


async def unchanged(desk: Desk, error: type[ServiceError], doing: Any) -> Any:
    """It is refused with ``error``, and not a row is another."""
    before = await desk.database.read(every_row)
    with pytest.raises(error) as caught:
        await doing
    assert await desk.database.read(every_row) == before
    return caught.value
