"""The calls of a patient, for the card and the timeline.

That a call with a patient took place, and what came of it, belongs to the patient's record: whoever may see the patient
and any calls at all sees it, so that the next agent knows that somebody called yesterday. The number, the notes and the
rest are shown of calls that are in the person's own reach only.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.telephony.scope import scope_clause
from callcenter.telephony.views import CallView, calls_statement, load_calls
from storage.models import CallRecord
from storage.models.base import YES
from storage.queries.paging import Page, Stretch, paged

_HIDDEN_TEXTS = ("number", "number_formatted", "region", "region_en", "name", "notes")
_MOST_COUNTED = 100


def load_contacts(
    session: Session, principal: Principal, patient_id: int, limit: int, cursor: str | None = None
) -> Page[CallView]:
    """The calls with a patient whom ``principal`` may see, newest first; each has ``in_reach``.

    Nothing for whoever may see no calls. Raises ValueError for a broken cursor.
    """
    if not principal.may("calls.view"):
        return Page([], None)
    newest_first = Stretch((CallRecord.started_at, CallRecord.id), descending=True)
    statement = select(CallRecord.started_at, CallRecord.id).where(CallRecord.patient_id == patient_id)
    page = paged(lambda part: session.execute(part).all(), statement, [newest_first], cursor, limit)
    return Page(contacts_with(session, principal, [row.id for row in page.items]), page.next)


def contacts_with(session: Session, principal: Principal, ids: Sequence[int]) -> list[CallView]:
    """The calls with these ids, newest first, as ``load_contacts`` shows them."""
    newest = calls_statement().where(CallRecord.id.in_(ids))
    calls = load_calls(session, newest.order_by(CallRecord.started_at.desc(), CallRecord.id.desc()))
    reached = set(session.scalars(select(CallRecord.id).where(CallRecord.id.in_(ids), scope_clause(principal))))
    return [_shown(call, in_reach=call["id"] in reached) for call in calls]


def _shown(call: CallView, *, in_reach: bool) -> CallView:
    if in_reach:
        return call | {"in_reach": True}
    return call | dict.fromkeys(_HIDDEN_TEXTS, "") | {"in_reach": False, "candidates": 0, "offered_to": []}


def count_open_missed(session: Session, principal: Principal, patient_id: int) -> int:
    """Missed calls of a patient that nobody has dealt with, up to a hundred."""
    if not principal.may("calls.view"):
        return 0
    statement = select(CallRecord.id).where(
        CallRecord.patient_id == patient_id, CallRecord.missed == YES, CallRecord.missed_handled_at.is_(None)
    )
    return len(session.execute(statement.limit(_MOST_COUNTED)).all())
