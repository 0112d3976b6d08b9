"""The one row in which the hospital's rules for SMS stand: those of sending, and those of the desk beside them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.administration.writing import CHANGED_MEANWHILE
from callcenter.errors import ConflictError
from storage.models import MessagingRules

ROW = 1

Values = Mapping[str, Any]
"""Rules by name, as JSON data."""


def kept_rules(session: Session) -> tuple[Values, int]:
    """What is kept, and its version; nothing and 1 before anything was."""
    row = session.get(MessagingRules, ROW)
    return ({}, 1) if row is None else (row.rules or {}, row.version)


def locked_rules(session: Session) -> MessagingRules:
    """The row, ours until the commit; made if it was not there."""
    row = session.scalar(select(MessagingRules).where(MessagingRules.id == ROW).with_for_update())
    if row is None:
        row = MessagingRules(id=ROW, rules={}, version=1)
        session.add(row)
        session.flush()
    return row


def require_version(row: MessagingRules, version: int, present: Values) -> None:
    """Raise ConflictError, with the ``present`` rules, when they are of another version by now."""
    if row.version != version:
        raise ConflictError(CHANGED_MEANWHILE, current={**present, "version": row.version})


def put_rules(
    session: Session,
    principal: Principal,
    row: MessagingRules,
    changed: Values,
    before: Values,
    after: Values,
    at: datetime,
) -> dict[str, Any]:
    """Put ``changed`` among what is kept, audited as ``before`` becoming ``after``; gives ``after``, versioned."""
    row.rules = {**(row.rules or {}), **changed}
    row.version += 1
    record_audit(session, principal, "edit", "messaging_rules", ROW, dict(before), dict(after), at)
    return {**after, "version": row.version}
