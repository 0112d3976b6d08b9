"""Finding patients: what is a term, what a word finds, each patient once, whatever the page size and the scope."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import pytest
import pytest_twisted
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from storage import demo
from storage.database import Database
from storage.models import Patient, PatientPhone, PatientTerm
from storage.queries import patients
from storage.queries.patients import (
    EVERYBODY,
    NumberMatch,
    Scope,
    index_terms,
    match_number,
    remember_choice,
    search_patient_ids,
)
from storage.queries.terms import LONGEST_TERM, MOST_WORDS, pinyin_of, terms_for, words_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_terms_of_a_patient() -> None:
    terms = terms_for("张三丰", "ZY0001", ["+8613800138000", "+861062345678;ext=801"])
    assert {"张三丰", "三丰", "丰", "zhangsanfeng", "zsf", "sf", "zy0001"} <= terms
    assert {"13800138000", "0138000", "000"} <= terms
    assert {"1062345678", "01062345678", "62345678", "678", "801"} <= terms
    assert not {term for term in terms if term.isdigit() and len(term) < 3}


@pytest.mark.parametrize(
    ("name", "found_by"),
    [("单田芳", {"stf", "shantianfang"}), ("仇英", {"qy", "qiuying"}), ("John Smith", {"john smith", "smith", "js"})],
)
def test_unusual_readings_and_foreign_names_are_found(name: str, found_by: set[str]) -> None:
    assert found_by <= terms_for(name, "1", [])


def test_pinyin_is_the_usual_reading_in_one_piece() -> None:
    assert pinyin_of("张三") == "zhangsan"
    assert pinyin_of("") == ""


def test_words_are_normalised() -> None:
    assert words_of("ＺＳ  Zhang\u200b\x00") == ["zhang", "zs"]
    assert words_of("+86-138 (010)6234-5678 %_ a-b") == ["01062345678", "138", "a-b", "%_"]
    assert words_of(" \t\u3000") == []
    assert len(words_of(" ".join(str(n) for n in range(100)))) == MOST_WORDS


@given(st.text(max_size=200), st.text(max_size=200), st.lists(st.text(max_size=60), max_size=3))
def test_any_text_makes_terms_that_fit(name: str, record_number: str, numbers: list[str]) -> None:
    for term in terms_for(name, record_number, numbers):
        assert 0 < len(term) <= LONGEST_TERM
        term.encode()


def fill(session: Session, count: int) -> None:
    departments = demo.seed_demo_departments(session)
    demo.insert_patients(session, list(demo.demo_patients(count)), departments, {})


def disable_each_tenth(session: Session) -> None:
    session.execute(update(Patient).where(Patient.id % 10 == 0).values(disabled=True))


def all_of(session: Session, query: str, limit: int, scope: Scope = EVERYBODY) -> list[int]:
    found: list[int] = []
    cursor = None
    while True:
        page = search_patient_ids(session, query, limit=limit, cursor=cursor, scope=scope)
        assert len(page.items) <= limit
        found.extend(page.items)
        cursor = page.next
        if cursor is None:
            return found


def expected(session: Session, query: str, keep: Callable[[Patient], bool] = lambda patient: True) -> list[int]:
    """The slow and obvious way, in Python."""
    terms: dict[int, list[str]] = {}
    for term in session.scalars(select(PatientTerm)):
        terms.setdefault(term.patient_id, []).append(term.term)
    allowed = {patient.id for patient in session.scalars(select(Patient)) if not patient.disabled and keep(patient)}
    words = words_of(query)
    hits = {
        key: {word: min((t for t in own if t.startswith(word)), default=None) for word in words}
        for key, own in terms.items()
        if key in allowed
    }
    return sorted(key for key, found in hits.items() if None not in found.values())


@pytest_twisted.ensureDeferred
async def test_searching_finds_the_same_as_looking_at_everybody(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patients, "WINDOW", 11)  # Many windows to a page and pages to a window.
    monkeypatch.setattr(patients, "MOST_WINDOWS", 3)
    await database.run(fill, 60)
    await database.run(disable_each_tenth)

    def check(session: Session) -> None:
        department = session.scalar(select(Patient.department_id).where(Patient.id == 1))
        narrow = Scope(Patient.department_id == department)
        for query in (
            "1",
            "13",
            "555",
            "w",
            "zh",
            "王",
            "hf0000001",
            "王 1",
            "w 555 13",
            "l 010",
            "nobody",
            "0",
            "%",
            "_",
        ):
            for limit in (2, 500):
                found = all_of(session, query, limit)
                assert len(found) == len(set(found)), (query, limit)
                assert sorted(found) == expected(session, query), (query, limit)
                found = all_of(session, query, limit, narrow)
                assert len(found) == len(set(found))
                assert sorted(found) == expected(session, query, lambda p: p.department_id == department)

    await database.read(check)
    monkeypatch.setattr(patients, "FEW", 0)  # The same scope, searched from the terms.
    await database.read(check)


@pytest_twisted.ensureDeferred
async def test_wildcards_and_strange_characters_mean_nothing_special(database: Database) -> None:
    await database.run(fill, 50)
    for query in (
        "%",
        "_",
        "1%",
        "%1",
        "\\",
        "'",
        '"',
        "*",
        "?",
        "[0-9]",
        "\x00",
        "\ud800",
        chr(0x10FFFF),
        "\ud7ff",
        "\u200b",
    ):
        assert (await database.read(partial(search_patient_ids, query=query, limit=10))).items == []


@pytest_twisted.ensureDeferred
async def test_a_cursor_from_elsewhere_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="cursor"):
        await database.read(partial(search_patient_ids, query="1", limit=10, cursor="WzFd"))


@pytest_twisted.ensureDeferred
async def test_terms_follow_the_patient(database: Database) -> None:
    await database.run(fill, 1)

    def rename(session: Session) -> None:
        session.execute(update(Patient).where(Patient.id == 1).values(name="诸葛亮"))
        index_terms(session, 1, "诸葛亮", "X9", ["+8613911112222"])

    await database.run(rename)
    for query in ("zgl", "诸葛", "葛", "x9", "1111", "2222"):
        assert (await database.read(partial(search_patient_ids, query=query, limit=10))).items == [1]
    kept = await database.read(lambda session: set(session.scalars(select(PatientTerm.term))))
    assert kept == terms_for("诸葛亮", "X9", ["+8613911112222"])


@pytest_twisted.ensureDeferred
async def test_a_number_finds_its_patients_and_the_remembered_one(database: Database) -> None:
    await database.run(fill, 3)

    def share(session: Session) -> None:
        for key in (1, 2, 3):
            session.add(PatientPhone(patient_id=key, position=9, number="+8613000000000"))
        session.execute(update(Patient).where(Patient.id == 3).values(disabled=True))

    await database.run(share)
    number = "+8613000000000"
    assert await database.read(match_number, number) == NumberMatch([1, 2], None)
    await database.run(remember_choice, number, 1, None, NOW)
    await database.run(remember_choice, number, 2, None, NOW)
    assert await database.read(match_number, number) == NumberMatch([1, 2], 2)
    assert await database.read(match_number, number, 50, Patient.id == 1) == NumberMatch([1], None)
    assert await database.read(match_number, number, 50, Patient.id == 2) == NumberMatch([2], 2)
    await database.run(remember_choice, number, 3, None, NOW)
    assert await database.read(match_number, number) == NumberMatch([1, 2], None)
    assert await database.read(match_number, "") == NumberMatch([], None)


@pytest_twisted.ensureDeferred
async def test_the_demo_is_filled_once_and_always_the_same(database: Database) -> None:
    made = await database.run(partial(demo.fill_demo, count=200))
    assert made.patients == 200
    assert (await database.run(partial(demo.fill_demo, count=200))).patients == 0
    assert set(made.departments) == {*demo.words.CLINICAL, *demo.words.ADMINISTRATIVE}
    first = await database.read(lambda session: session.scalar(select(Patient.name).order_by(Patient.id).limit(1)))
    assert first == next(demo.demo_patients(1)).name
    shared = select(PatientPhone.number).group_by(PatientPhone.number).having(func.count() > 1)
    assert await database.read(lambda session: list(session.scalars(shared)))
    assert list(demo.demo_patients(50)) == list(demo.demo_patients(200))[:50]
