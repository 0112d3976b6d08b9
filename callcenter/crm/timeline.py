"""What happened with a patient, and the numbers in full: read for one patient in somebody's reach."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.administration.reading import Record, find_row, show_records
from callcenter.administration.resources import Resource, lost_place
from callcenter.crm.contacts import load_contacts, timeline_item
from callcenter.crm.scope import is_reached
from storage.queries.paging import Page


def load_timeline(
    session: Session, resource: Resource, principal: Principal, patient_id: int, limit: int, cursor: str | None
) -> tuple[Page[Record], bool]:
    """A page of the timeline, newest first, and whether ``principal`` sees this patient's numbers.

    Raises NotFoundError for a patient out of reach, InvalidError for a broken cursor.
    """
    patient = find_row(session, resource, principal, "view", patient_id)
    try:
        page = load_contacts(session, principal, patient_id, limit, cursor)
    except ValueError as error:
        raise lost_place() from error
    revealed = is_reached(principal, "patients.unmask", patient.department_id, patient.doctor_id)
    return Page([timeline_item(call) for call in page.items], page.next), revealed


def reveal_numbers(
    session: Session, resource: Resource, principal: Principal, patient_id: int, now: datetime
) -> Record:
    """Phones and id document in full, audited. Raises NotAllowedError, NotFoundError."""
    row = find_row(session, resource, principal, "unmask", patient_id)
    record = show_records(session, resource, [row])[0]
    record_audit(session, principal, "unmask", resource.singular, patient_id, None, None, now)
    return {name: record[name] for name in ("id", "phones", "id_document")}
