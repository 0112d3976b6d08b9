"""Cursors come from outside; pages neither skip nor repeat."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import pytest
import pytest_twisted
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from storage.database import Database
from storage.models import AuditEntry, Department
from storage.queries.paging import Page, Stretch, decode_cursor, empty_last, encode_cursor, paged

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@given(
    st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])), st.integers(-(2**62), 2**62)
)
def test_a_cursor_comes_back_as_it_was(text: str, number: int) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    values = (text, number, moment, date(2026, 1, 2))
    assert decode_cursor(encode_cursor(values), (str, int, datetime, date)) == values


def forged(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "?",
        "é",
        "AAAA",
        "=" * 9,
        "A" * 5000,
        forged(),
        forged("a"),
        forged("a", 1, 2),
        forged(1, 1),
        forged("a", "1"),
        forged("a", True),
        forged("a", 2**70),
        forged("a\0", 1),
        forged("\ud800", 1),
        forged(None, 1),
        forged(["a"], 1),
        base64.urlsafe_b64encode(b"[" * 1400).decode(),
        base64.urlsafe_b64encode(b'{"a": 1, "b": 2}').decode(),
    ],
)
def test_a_broken_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(ValueError, match="not a cursor"):
        decode_cursor(cursor, (str, int))


@given(st.text())
def test_no_text_at_all_does_worse_than_be_refused(cursor: str) -> None:
    with suppress(ValueError):
        decode_cursor(cursor, (str, int))


def page(session: Session, cursor: str | None, limit: int, descending: bool) -> Page[tuple[str, int]]:
    stretch = Stretch((Department.name, Department.id), descending)

    def find(statement: Select[Any]) -> list[Any]:
        return list(session.execute(statement))

    found = paged(find, select(Department.name, Department.id), [stretch], cursor, limit)
    return Page([tuple(row) for row in found.items], found.next)


@pytest.mark.parametrize("descending", [False, True])
@pytest_twisted.ensureDeferred
async def test_pages_show_every_row_once_in_order(database: Database, descending: bool) -> None:
    names = [f"{n % 7}-{n}" for n in range(50)]
    await database.run(lambda session: session.add_all(Department(name=name) for name in names))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        found = await database.read(page, cursor, 7, descending)
        seen.extend(name for name, _ in found.items)
        cursor = found.next
        if cursor is None:
            break
    expected = await database.read(
        lambda session: list(
            session.scalars(select(Department.name).order_by(Department.name.desc() if descending else Department.name))
        )
    )
    assert seen == expected
    assert len(seen) == 50


def entries(session: Session, users: list[int | None]) -> None:
    session.add_all(AuditEntry(at=NOW, user_id=user, action="x", subject_type="x") for user in users)


def find_entries(session: Session, cursor: str | None, limit: int, descending: bool) -> Page[tuple[Any, int]]:
    stretches = empty_last(AuditEntry.user_id, AuditEntry.id, descending=descending)
    columns = select(AuditEntry.user_id, AuditEntry.id)
    found = paged(lambda part: session.execute(part).all(), columns, stretches, cursor, limit)
    return Page([tuple(row) for row in found.items], found.next)


@pytest.mark.parametrize("limit", [1, 3, 6, 7, 20])
@pytest.mark.parametrize("descending", [False, True])
@pytest_twisted.ensureDeferred
async def test_rows_without_a_value_come_last_either_way(database: Database, limit: int, descending: bool) -> None:
    users = [3, None, 1, 3, None, 2, 3, 1, None, 2, None]
    await database.run(entries, users)
    seen: list[tuple[Any, int]] = []
    cursor: str | None = None
    while True:
        found = await database.read(find_entries, cursor, limit, descending)
        assert len(found.items) <= limit
        seen += found.items
        cursor = found.next
        if cursor is None:
            break
    assert len(set(seen)) == len(seen) == len(users)
    filled = [row for row in seen if row[0] is not None]
    assert filled == sorted(filled, reverse=descending)
    assert seen[: len(filled)] == filled
    empty = seen[len(filled) :]
    assert empty == sorted(empty, reverse=descending, key=lambda row: row[1])


@pytest.mark.parametrize(
    "values", [("filled",), ("filled", "1", 1), ("empty", 1, 1), ("other", 1), (1, 1), (["filled"], 1)]
)
@pytest_twisted.ensureDeferred
async def test_a_cursor_of_another_order_is_refused(database: Database, values: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="not a cursor"):
        await database.read(find_entries, forged(*values), 3, False)
