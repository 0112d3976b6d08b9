"""Who has last changed something, for whoever comes too late."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.clock import iso
from storage.models import AuditEntry, UserAccount


def last_edit(session: Session, subject_type: str, subject_id: object) -> dict[str, Any]:
    """``by``, the name of the person, and ``at``, as the details of a conflict; nothing where nobody is on record."""
    statement = (
        select(AuditEntry.at, AuditEntry.username, UserAccount.display_name)
        .outerjoin(UserAccount, UserAccount.id == AuditEntry.user_id)
        .where(
            AuditEntry.subject_type == subject_type,
            AuditEntry.subject_id == str(subject_id),
            AuditEntry.action == "edit",
        )
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    found = session.execute(statement).first()
    return {} if found is None else {"by": found.display_name or found.username, "at": iso(found.at)}
