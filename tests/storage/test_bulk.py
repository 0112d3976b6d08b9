"""Statements about many rows do the same on every database, and as others are given them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import bindparam, not_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storage import bulk, many
from storage.bulk import Keyed, Whole
from storage.database import Database
from storage.many import Changes, Inserts
from storage.models import SmsMessage
from storage.models.base import table_of

AT = datetime(2026, 3, 2, 1, 2, 3, 456789, tzinfo=UTC)
MESSAGE = table_of(SmsMessage)
NAMES = ("id", "direction", "state", "number", "text", "sender", "next_at", "created_at", "state_at", "source")
ODD = "a\"b\\c{d},'e\n字😀"


@pytest.fixture(params=["as it is", "as others"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other databases are given lists and sets of values: that can be tried on ours as well."""
    if request.param == "as others":
        monkeypatch.setattr(bulk, "WAYS", {})
        monkeypatch.setattr(many, "_GIVEN", {})
        monkeypatch.setattr(many, "_NUMBERS", {})


def row(state: str, number: str, **values: Any) -> tuple[Any, ...]:
    known = {"direction": "out", "state": state, "number": number, "text": "", "sender": "", "next_at": None}
    known |= {"created_at": AT, "state_at": AT, "source": None, "id": None}
    return tuple((known | values)[name] for name in NAMES)


def fill(session: Session) -> list[int]:
    rows = [row("queued", f"+861380013{place:04}", next_at=AT + timedelta(seconds=place)) for place in range(600)]
    rows += [row("sending", ODD, text=ODD, sender=""), row("sending", ODD, text="短信", sender="1069")]
    return Inserts(MESSAGE, NAMES).run_numbered(session, rows)


@pytest_twisted.ensureDeferred
async def test_rows_are_written_as_they_are_and_numbered_in_their_order(database: Database, way: None) -> None:
    def look(session: Session) -> list[Any]:
        ids = fill(session)
        assert len(set(ids)) == 602
        assert ids == sorted(ids)
        columns = MESSAGE.c
        found = session.execute(select(columns.id, columns.number, columns.next_at).order_by(columns.id)).all()
        assert [one.id for one in found] == ids
        assert found[7].number == "+8613800130007"
        assert found[7].next_at == AT + timedelta(seconds=7)
        last = select(columns.number, columns.text, columns.sender, columns.next_at, columns.version, columns.parts)
        return [tuple(one) for one in session.execute(last.where(columns.id.in_(ids[-2:])).order_by(columns.id))]

    assert await database.run(look) == [(ODD, ODD, "", None, 1, 0), (ODD, "短信", "1069", None, 1, 0)]


@pytest_twisted.ensureDeferred
async def test_numbers_go_on_after_those_that_are_there(database: Database, way: None) -> None:
    def more(session: Session) -> None:
        first, second = fill(session), fill(session)
        assert not set(first) & set(second)
        session.add(SmsMessage(direction="out", state="queued", number="1", created_at=AT, state_at=AT))
        session.flush()

    await database.run(more)


@pytest_twisted.ensureDeferred
async def test_rows_that_are_all_alike_and_none(database: Database, way: None) -> None:
    def write(session: Session) -> int:
        inserts = Inserts(MESSAGE, NAMES[1:])
        inserts.run(session, [])
        assert Inserts(MESSAGE, NAMES).run_numbered(session, []) == []
        inserts.run(session, [row("queued", "1")[1:]] * 3)
        return len(session.scalars(select(MESSAGE.c.id).where(MESSAGE.c.number == "1")).all())

    assert await database.run(write) == 3


@pytest_twisted.ensureDeferred
async def test_what_there_may_be_one_of_is_refused(database: Database, way: None) -> None:
    rows = [row("queued", "1", source="a"), row("queued", "2", source="a")]
    with pytest.raises(IntegrityError):
        await database.run(lambda session: Inserts(MESSAGE, NAMES).run_numbered(session, rows))


@pytest_twisted.ensureDeferred
async def test_rows_are_found_by_keys_of_any_kind(database: Database, way: None) -> None:
    columns = MESSAGE.c
    by_id = Keyed(lambda among: select(columns.id, columns.sender, columns.next_at).where(among(columns.id)))
    by_number = Keyed(
        lambda among: select(columns.text).where(
            among(columns.number), columns.state == bindparam("state"), not_(among(columns.id, "without"))
        ),
        lists=("without",),
    )

    def look(session: Session) -> None:
        ids = fill(session)
        assert by_id.rows(session, []) == []
        assert len(by_id.rows(session, [*ids, 10**9])) == 602
        assert [tuple(one) for one in by_id.rows(session, [ids[3]])] == [(ids[3], "", AT + timedelta(seconds=3))]
        values = {"state": "sending", "without": []}
        assert sorted(text for (text,) in by_number.rows(session, ["x", ODD], values)) == sorted([ODD, "短信"])
        assert [*map(tuple, by_number.rows(session, [ODD], {**values, "without": [ids[-1]]}))] == [(ODD,)]

    await database.run(look)


@pytest_twisted.ensureDeferred
async def test_what_is_alike_is_found_together(database: Database, way: None) -> None:
    columns = MESSAGE.c
    groups = Keyed(lambda among: select(columns.id, columns.state, columns.batch_id).where(among(columns.id)))

    def look(session: Session) -> None:
        ids = fill(session)
        found = groups.grouped(session, ids)
        assert {key: sorted(value) for key, value in found.items()} == {
            ("queued", None): ids[:600],
            ("sending", None): ids[600:],
        }
        assert groups.grouped(session, []) == groups.grouped(session, [10**9]) == {}

    await database.run(look)


@pytest_twisted.ensureDeferred
async def test_many_are_changed_alike_or_each_otherwise_and_counted(database: Database, way: None) -> None:
    columns = MESSAGE.c
    alike = Keyed(
        lambda among: (
            update(MESSAGE)
            .where(among(columns.id), columns.state == bindparam("was"))
            .values(state="accepted", next_at=bindparam("then", type_=columns.next_at.type))
        )
    )
    each = Changes(
        {"key": columns.id.type, "said": columns.text.type, "moment": columns.next_at.type},
        lambda given: (
            update(MESSAGE)
            .where(columns.id == given["key"])
            .values(text=given["said"], next_at=given["moment"], sender=bindparam("by", type_=columns.sender.type))
        ),
    )

    def change(session: Session) -> list[Any]:
        ids = fill(session)
        assert alike.run(session, [], {"was": "queued", "then": None}) == 0
        assert alike.run(session, ids[590:], {"was": "queued", "then": None}) == 10
        assert each.run(session, [], {"by": ""}) == 0
        rows = [(ids[1], ODD, AT), (ids[2], "", None), (10**9, "nobody", None)]
        assert each.run(session, rows, {"by": "1069"}) == 2
        found = select(columns.state, columns.text, columns.next_at, columns.sender)
        return [
            tuple(session.execute(found.where(columns.id == key)).one()) for key in (ids[1], ids[2], ids[595], ids[600])
        ]

    assert await database.run(change) == [
        ("queued", ODD, AT, "1069"),
        ("queued", "", None, "1069"),
        ("accepted", "", None, ""),
        ("sending", ODD, None, ""),
    ]


@pytest_twisted.ensureDeferred
async def test_a_whole_answer_comes_at_once(database: Database, way: None) -> None:
    columns = MESSAGE.c
    first = Whole(select(columns.number, columns.next_at).order_by(columns.id).limit(bindparam("most")))

    def look(session: Session) -> list[Any]:
        fill(session)
        return [tuple(one) for one in first.rows(session, {"most": 2})]

    assert await database.run(look) == [
        ("+8613800130000", AT),
        ("+8613800130001", AT + timedelta(seconds=1)),
    ]
