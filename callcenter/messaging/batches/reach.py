"""To whom a person may send one text among many: the one place where the scopes of both permissions meet."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_

from callcenter.administration.principal import Principal
from callcenter.crm.scope import patient_scope_clause

BULK = "messages.bulk"
NEEDED = (BULK, "patients.view")
"""What whoever sends must hold, and hold still while the messages are made."""


def bulk_reach(principal: Principal) -> ColumnElement[bool]:
    """The condition on ``Patient``: those whom ``principal`` may see and may write to together with others.

    Raises ``NotAllowedError`` without either permission.
    """
    return and_(*(patient_scope_clause(principal, one) for one in NEEDED))
