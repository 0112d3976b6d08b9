"""Lists of messages: each way in which one is narrowed to little walks an index."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import Select
from sqlalchemy.orm import Session

from callcenter.messaging.messages.listing import MessageFilter, conditions
from callcenter.messaging.messages.scope import message_scope
from callcenter.messaging.messages.views import messages_statement
from callcenter.paging import page_of
from storage.models import SmsMessage
from storage.queries.paging import Stretch
from tests.peers.call_center import SUSAN
from tests.peers.message_centre import Centre


def explained(session: Session, wanted: MessageFilter) -> list[str]:
    """The steps of SQLite's plan for a page, as far as they find and order messages."""
    steps: list[str] = []

    def find(part: Select[Any]) -> list[Any]:
        text = part.compile(session.connection(), compile_kwargs={"literal_binds": True})
        steps.extend(row[3] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}"))
        return []

    statement = messages_statement().where(message_scope(SUSAN), *conditions(SUSAN, wanted))
    page_of(find, statement, [Stretch([SmsMessage.created_at, SmsMessage.id], True)], 50, None)
    return [step for step in steps if "sms_message" in step or "TEMP B-TREE" in step]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (MessageFilter(created_by=7), "ix_smsmessage_creator (created_by=?"),
        (MessageFilter(patient_id=7), "ix_smsmessage_patient (patient_id=?"),
        (MessageFilter(created_by=7, direction="out", purpose="care"), "ix_smsmessage_creator (created_by=?"),
        (MessageFilter(patient_id=7, created_by=7), "ix_smsmessage_"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_what_is_narrowed_to_a_person_walks_an_index(centre: Centre, wanted: MessageFilter, index: str) -> None:
    if centre.database.dialect != "sqlite":
        pytest.skip("the planner of PostgreSQL goes by what is in the table")
    steps = await centre.database.read(explained, wanted)
    assert len(steps) == 1, steps
    assert index in steps[0]
