"""How PostgreSQL looks up what a turn is about, in tables of which it has no statistics yet."""

from __future__ import annotations

import operator
from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
import pytest
import pytest_twisted
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import Session
from twisted.internet import reactor

from callcenter.messaging.batches.refusals import halt_refused
from callcenter.messaging.conversations.answering import last_asked
from callcenter.messaging.conversations.reading import conversation_messages
from callcenter.messaging.gateways.routing import Route
from callcenter.messaging.outbox.claiming import claim
from callcenter.messaging.outbox.queueing import MessageDraft, queue_messages
from callcenter.messaging.outbox.settling import Heard, settle
from callcenter.messaging.texts.segments import Counting, Wording
from callcenter.messaging.vocabulary import Purpose
from protocols.sms import Fate, GatewaySignal, PartAccepted, ReceiptArrived
from storage.database import Database
from storage.models import Patient, PatientPhone, SmsBatch
from tests.peers.call_center import NOW, SUSAN, fill
from tests.peers.sms_desk import add_gateway

pytestmark = pytest.mark.postgresql

PATIENTS, MESSAGES, TURN = 2000, 1500, 100


def number(place: int) -> str:
    return f"+86138{place:08}"


def fill_much(session: Session) -> None:
    fill(session)
    add_gateway(session, 1)
    session.add(SmsBatch(id=1, purpose="notice", text="您好", total=MESSAGES, created_at=NOW))
    session.flush()
    common = {"created_at": NOW, "updated_at": NOW}
    people = [{"id": 1000 + one, "record_number": f"M{one}", "name": "某", **common} for one in range(PATIENTS)]
    session.bulk_insert_mappings(Patient, people)
    phones = [{"patient_id": 1000 + one, "number": number(one), "position": 0} for one in range(PATIENTS)]
    session.bulk_insert_mappings(PatientPhone, phones)
    drafts = [MessageDraft(number(one), "您好", Purpose.NOTICE, batch_id=1) for one in range(MESSAGES)]
    queue_messages(session, drafts, NOW)


@pytest_twisted.async_yield_fixture
async def database(postgresql_url: str) -> AsyncIterator[Database]:
    database = Database(postgresql_url, reactor)
    await database.start()
    yield database
    await database.stop()


@pytest.fixture
def repeated(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """SELECT → how often the most repeated step of its plan was carried out."""
    found: dict[str, int] = {}
    execute = psycopg.Cursor.execute

    def explained(self: Any, query: Any, params: Any = None, **more: Any) -> Any:
        if str(query).lstrip().startswith(("SELECT", "WITH")) and "nextval" not in str(query):
            execute(self, f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", params, **more)
            row = self.fetchone()
            assert row is not None
            found[str(query)] = max(found.get(str(query), 0), most_loops(row[0][0]["Plan"]))
        return execute(self, query, params, **more)

    monkeypatch.setattr(psycopg.Cursor, "execute", explained)
    return found


def most_loops(node: dict[str, Any]) -> int:
    return max([node["Actual Loops"], *map(most_loops, node.get("Plans", ()))])


@pytest_twisted.ensureDeferred
async def test_a_turn_looks_up_no_more_than_it_is_about(database: Database, repeated: dict[str, int]) -> None:
    await database.run(fill_much)
    route = Route(1, receipts=True, wording=Wording(Counting.CHINA), room=TURN)
    for turn in range(MESSAGES // TURN):
        handed = (await database.run(claim, [route], NOW)).handed[1]
        assert len(handed) == TURN
        names = {part.key: f"{turn}{place:04}" for place, part in enumerate(handed)}
        await database.run(settle, [Heard(1, PartAccepted(key, name)) for key, name in names.items()], NOW)
        receipts = [ReceiptArrived(name, Fate.DELIVERED, "DELIVRD", written=lambda: None) for name in names.values()]
        await database.run(settle, [Heard(1, one) for one in receipts], NOW)
    assert any("patient_phone" in one for one in repeated)
    assert any("array_agg" in one for one in repeated)
    assert {query: loops for query, loops in repeated.items() if loops > TURN} == {}


_TOUCHED = text("SELECT relname, n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname LIKE 'sms_%'")


def changed(session: Session, signals: list[GatewaySignal]) -> dict[str, tuple[int, int]]:
    """Table → how many rows the writing of ``signals`` changed, and how many of these without touching an index."""
    before = {name: counts for name, *counts in session.execute(_TOUCHED)}
    settle(session, [Heard(1, one) for one in signals], NOW)
    after = {name: counts for name, *counts in session.execute(_TOUCHED)}
    return {name: tuple(map(operator.sub, after[name], before.get(name, (0, 0)))) for name in after}


@pytest_twisted.ensureDeferred
async def test_being_accepted_changes_no_index_of_messages_and_a_receipt_none_of_parts(
    database: Database,
) -> None:
    await database.run(fill_much)
    route = Route(1, receipts=True, wording=Wording(Counting.CHINA), room=TURN)
    handed = (await database.run(claim, [route], NOW)).handed[1]
    accepted = await database.run(changed, [PartAccepted(part.key, f"n{place}") for place, part in enumerate(handed)])
    # A page may be full, as an exception.
    assert accepted["sms_message"][0] == TURN
    assert accepted["sms_message"][1] > 0.9 * TURN
    receipts = [ReceiptArrived(f"n{place}", Fate.DELIVERED, "", written=lambda: None) for place in range(TURN)]
    delivered = await database.run(changed, receipts)
    assert delivered["sms_message"][0] == TURN
    assert delivered["sms_attempt"][1] > 0.9 * TURN


_OLD_TALK = """
    insert into conversation(id, number, state, last_at, last_direction, unread, version)
    select n, '+86138' || n, 'open', now(), 'in', 0, 1 from generate_series(1, 1000) n
"""
_OLD_TEXTS = """
    insert into sms_message(id, direction, state, number, text, conversation_id, priority, parts, cost, attempts,
                            created_at, state_at, version)
    select n, case when n % 2 = 0 then 'in' else 'out' end, 'received', '+86138', 'x',
           case when n <= 2000 then 1 else 2 + n % 999 end, 2, 1, 0, 0, now(), now(), 1
    from generate_series(1, 20000) n
"""


@pytest.mark.parametrize(
    "ask",
    [
        lambda session: last_asked(session, 1),
        lambda session: conversation_messages(session, SUSAN, 1, 20, None),
    ],
)
def test_what_was_said_last_in_a_long_conversation_is_not_looked_for_among_what_others_said(
    postgresql_url: str, ask: Callable[[Session], Any]
) -> None:
    engine = create_engine(postgresql_url)
    with Session(engine) as session, session.begin():
        for statement in (_OLD_TALK, _OLD_TEXTS, "analyze sms_message"):
            session.execute(text(statement))
    asked = listened(engine)
    with Session(engine) as session:
        ask(session)
        statement, values = asked[-1]
        plan = explained(session, statement, values)
    engine.dispose()
    assert "sms_message" in statement
    assert most_removed(plan) < 10


_OLD_BATCHES = """
    insert into sms_batch(id, purpose, text, total, created_at, state, title, chosen, pages, next_page, left_out, swept)
    select n, 'care', 'x', 5000, now(), 'done', '', 5000, 0, 0, '{}', 0 from generate_series(1, 2) n
"""
_OLD_MESSAGES = """
    insert into sms_message(id, batch_id, direction, state, reason, number, text, gateway_id, priority, parts, cost,
                            attempts, created_at, state_at, version)
    select n, case when n <= 10000 then 1 else 2 end, 'out',
           case when n <= 10000 or n % 2 = 0 and n <= 14000 then 'delivered' when n <= 14000 then 'accepted'
                when n <= 14040 then 'failed' else 'queued' end,
           case when n > 14000 and n <= 14040 then 'refused' else '' end,
           '+86138', 'x', 1, 3, 1, 0, 1, now(), now(), 1
    from generate_series(1, 20000) n
"""


def test_what_a_gateway_refused_of_a_sending_is_looked_for_among_little_else(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url)
    with Session(engine) as session, session.begin():
        add_gateway(session, 1)
        session.flush()
        for statement in (_OLD_BATCHES, _OLD_MESSAGES, "analyze sms_message"):
            session.execute(text(statement))
    asked = listened(engine)
    with Session(engine) as session:
        halt_refused(session, {(2, 1)}, NOW)
        assert session.get_one(SmsBatch, 2).reason == "refused"
        found = [one for one in asked if one[0].startswith("SELECT") and "FROM sms_message" in one[0]]
        plans = [explained(session, *one) for one in found]
    engine.dispose()
    assert len(plans) == 5
    assert max(map(most_removed, plans)) < 10


def listened(engine: Engine) -> list[tuple[str, Any]]:
    """The statements that it is asked from now on, with their values."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    return asked


def explained(session: Session, statement: str, values: Any) -> dict[str, Any]:
    """The plan by which it is answered."""
    asking = session.connection().exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)
    plan: dict[str, Any] = asking.scalar_one()[0]["Plan"]
    return plan


def most_removed(node: dict[str, Any]) -> int:
    return max([node.get("Rows Removed by Filter", 0), *map(most_removed, node.get("Plans", ()))])
