"""What happened with a patient, and the numbers in full: read for one patient in somebody's reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.administration.reading import Record, find_row, show_records
from callcenter.administration.resources import Resource, lost_place
from callcenter.crm.contacts import contacts_with
from callcenter.crm.scope import is_reached
from callcenter.messaging.messages.scope import message_scope
from callcenter.messaging.messages.views import load_messages, message_view
from callcenter.servicedesk.complaints.open_ones import complaints_with
from storage.models import CallRecord, Complaint, SmsMessage
from storage.queries.paging import Page, decode_cursor, encode_cursor

_Place = tuple[datetime, int, int]
"""When, the rank of its kind, its id: in this order, downwards."""


@dataclass(frozen=True)
class _Kind:
    """One kind of thing that happens. ``rank`` orders what happened at the same moment."""

    rank: int
    permission: str
    at: InstrumentedAttribute[datetime]
    key: InstrumentedAttribute[int]
    patient: InstrumentedAttribute[int | None]
    reach: Callable[[Principal], Sequence[ColumnElement[bool]]]
    load: Callable[[Session, Principal, Sequence[int]], Mapping[int, Record]]

    def places(self, patient_id: int, principal: Principal, after: _Place | None, limit: int) -> Select[datetime, int]:
        """The first ``limit`` of them after a place, newest first."""
        found = select(self.at, self.key).where(self.patient == patient_id, *self.reach(principal))
        if after is not None:
            found = found.where(self._after(after))
        return found.order_by(self.at.desc(), self.key.desc()).limit(limit)

    def _after(self, place: _Place) -> ColumnElement[bool]:
        at, rank, key = place
        if self.rank < rank:
            return self.at <= at
        if self.rank > rank:
            return self.at < at
        return and_(self.at <= at, or_(self.at < at, self.key < key))


def _calls(session: Session, principal: Principal, ids: Sequence[int]) -> dict[int, Record]:
    found = contacts_with(session, principal, ids)
    return {call["id"]: {"kind": "call", "at": call["started_at"], "call": call} for call in found}


def _messages(session: Session, _: Principal, ids: Sequence[int]) -> dict[int, Record]:
    found = [message_view(row) for row in load_messages(session, ids)]
    return {one["id"]: {"kind": "message", "at": one["created_at"], "message": one} for one in found}


def _complaints(session: Session, principal: Principal, ids: Sequence[int]) -> dict[int, Record]:
    found = complaints_with(session, principal, ids)
    return {key: {"kind": "complaint", "at": one["created_at"], "complaint": one} for key, one in found.items()}


# That a call took place or a complaint came belongs to the patient's record, see contacts and open_ones; what was
# written is shown to who may read it.
_KINDS = (
    _Kind(1, "calls.view", CallRecord.started_at, CallRecord.id, CallRecord.patient_id, lambda _: (), _calls),
    _Kind(
        0, "messages.view", SmsMessage.created_at, SmsMessage.id, SmsMessage.patient_id,
        lambda principal: (message_scope(principal),), _messages,
    ),
    _Kind(
        2, "complaints.view", Complaint.created_at, Complaint.id, Complaint.patient_id, lambda _: (), _complaints,
    ),
)  # fmt: skip


def load_timeline(
    session: Session, resource: Resource, principal: Principal, patient_id: int, limit: int, cursor: str | None
) -> tuple[Page[Record], bool]:
    """A page of the timeline, newest first, and whether ``principal`` sees this patient's numbers.

    Raises NotFoundError for a patient out of reach, InvalidError for a broken cursor.
    """
    patient = find_row(session, resource, principal, "view", patient_id)
    after = _place(cursor)
    kinds = [kind for kind in _KINDS if principal.may(kind.permission)]
    places = [
        (at, kind.rank, key)
        for kind in kinds
        for at, key in session.execute(kind.places(patient_id, principal, after, limit + 1))
    ]
    places.sort(reverse=True)
    kept = places[:limit]
    items = {
        (kind.rank, key): item
        for kind in kinds
        for key, item in kind.load(session, principal, [key for _, rank, key in kept if rank == kind.rank]).items()
    }
    onwards = encode_cursor(kept[-1]) if len(places) > limit else None
    revealed = is_reached(principal, "patients.unmask", patient.department_id, patient.doctor_id)
    return Page([items[rank, key] for _, rank, key in kept if (rank, key) in items], onwards), revealed


def _place(cursor: str | None) -> _Place | None:
    if cursor is None:
        return None
    try:
        at, rank, key = decode_cursor(cursor, (datetime, int, int))
    except ValueError as error:
        raise lost_place() from error
    return at, rank, key


def reveal_numbers(
    session: Session, resource: Resource, principal: Principal, patient_id: int, now: datetime
) -> Record:
    """Phones and id document in full, audited. Raises NotAllowedError, NotFoundError."""
    row = find_row(session, resource, principal, "unmask", patient_id)
    record = show_records(session, resource, [row])[0]
    record_audit(session, principal, "unmask", resource.singular, patient_id, None, None, now)
    return {name: record[name] for name in ("id", "phones", "id_document")}
