"""The card and the question whose number it is, with who may know what."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import pytest_twisted
from sqlalchemy.orm import Session
from twisted.internet.task import Clock

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.crm.patient_hooks import age
from callcenter.crm.patient_resource import patient_resource
from callcenter.crm.patients import PatientService
from callcenter.errors import NotAllowedError, NotFoundError
from storage.database import Database
from storage.models import CallRecord, Department, NumberChoice, Patient, PatientPhone, PhoneLine, UserAccount

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
SHARED = "+8613800138000"

EVERYTHING = Principal(
    1, "a", "A", grants={"patients.view": Scope.ALL, "patients.unmask": Scope.ALL, "calls.view": Scope.ALL}
)
ORTHOPAEDIST = Principal(2, "b", "B", department_id=1, grants={"patients.view": Scope.DEPARTMENT})
NOBODY = Principal(3, "c", "C", grants={"calls.view": Scope.ALL})


def fill(session: Session) -> None:
    session.add_all([Department(id=1, name="骨科"), Department(id=2, name="内科")])
    session.flush()
    for key, username in ((1, "a"), (2, "b")):
        session.add(UserAccount(id=key, username=username, display_name=username, password_hash="-", created_at=NOW))
    session.add(PhoneLine(id=1, name="line 1", driver="hayes", state="idle", since=NOW))
    for key, name, department in ((1, "张三", 1), (2, "李四", 2), (3, "王五", 1)):
        session.add(
            Patient(
                id=key,
                record_number=f"R{key}",
                name=name,
                department_id=department,
                birth_date=date(1960, 3, 3),
                allergies="青霉素" if key == 1 else "",
                disabled=key == 3,
                created_at=NOW,
                updated_at=NOW,
            )
        )
        session.flush()
        session.add(PatientPhone(patient_id=key, number=SHARED, label="家"))
    session.flush()
    for key in range(1, 8):
        session.add(
            CallRecord(
                line_id=1,
                direction="in",
                state="ended",
                number=SHARED,
                patient_id=1,
                started_at=NOW.replace(minute=key),
                missed=key == 7,
            )
        )


@pytest_twisted.async_yield_fixture
async def cards(database: Database) -> PatientService:
    clock = Clock()
    clock.advance(NOW.timestamp())
    await database.run(fill)
    yield PatientService(patient_resource(clock), database, clock)


@pytest_twisted.ensureDeferred
async def test_the_card_says_who_it_is_and_what_was_last(cards: PatientService) -> None:
    card = await cards.card(EVERYTHING, 1)
    assert (card["name"], card["age"], card["department"], card["allergies"]) == ("张三", 65, "骨科", "青霉素")
    assert card["phones"] == [{"number": SHARED, "number_formatted": "138 0013 8000", "label": "家"}]
    assert [call["started_at"][14:16] for call in card["last_contacts"]] == ["07", "06", "05", "04", "03"]
    assert card["missed_open"] == 1


@pytest_twisted.ensureDeferred
async def test_a_patient_of_another_department_does_not_exist(cards: PatientService) -> None:
    with pytest.raises(NotFoundError):
        await cards.card(ORTHOPAEDIST, 2)
    assert "last_contacts" not in await cards.card(ORTHOPAEDIST, 1)
    with pytest.raises(NotAllowedError):
        await cards.card(NOBODY, 1)


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    "written", ["13800138000", "+86 138-0013-8000", "0086 13800138000", "１３８００１３８０００", "013800138000"]
)
async def test_a_shared_number_gives_all_in_reach_however_it_is_written(cards: PatientService, written: str) -> None:
    found = await cards.match(EVERYTHING, written)
    assert found["number"] == SHARED
    assert [patient["name"] for patient in found["patients"]] == ["张三", "李四"]
    assert [patient["id"] for patient in (await cards.match(ORTHOPAEDIST, written))["patients"]] == [1]
    with pytest.raises(NotAllowedError):
        await cards.match(NOBODY, written)


@pytest_twisted.ensureDeferred
async def test_the_remembered_choice_counts_only_while_it_is_one_of_them(
    cards: PatientService, database: Database
) -> None:
    def remember(session: Session, patient_id: int) -> None:
        session.merge(NumberChoice(number=SHARED, patient_id=patient_id, chosen_by=1, chosen_at=NOW))

    await database.run(remember, 2)
    assert (await cards.match(EVERYTHING, SHARED))["remembered"] == 2
    assert (await cards.match(ORTHOPAEDIST, SHARED))["remembered"] is None
    await database.run(remember, 3)
    assert (await cards.match(EVERYTHING, SHARED))["remembered"] is None


@pytest_twisted.ensureDeferred
async def test_nobody_is_found_for_no_number(cards: PatientService) -> None:
    assert (await cards.match(EVERYTHING, ""))["patients"] == []


def test_age_counts_full_years() -> None:
    assert age(date(1960, 3, 3), date(2026, 3, 2)) == 65
    assert age(date(1960, 3, 3), date(2026, 3, 3)) == 66
    assert age(None, date(2026, 3, 3)) is None
