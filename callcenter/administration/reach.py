"""What a data scope reaches, as a condition: the one rule for records that belong to a person and a department."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_, true
from sqlalchemy.orm import InstrumentedAttribute

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal


def reach_clause(
    principal: Principal,
    permission: str,
    owner: InstrumentedAttribute[int] | InstrumentedAttribute[int | None],
    department: InstrumentedAttribute[int | None],
) -> ColumnElement[bool]:
    """The condition for what ``permission`` lets ``principal`` reach.

    - own: rows whose ``owner`` column is the person;
    - department: also every row whose ``department`` column is the person's, if the person has one;
    - all: every row.

    Raises ``NotAllowedError`` without the permission.
    """
    scope = principal.require(permission)
    if scope is Scope.ALL:
        return true()
    mine = owner == principal.user_id
    if scope is Scope.OWN or principal.department_id is None:
        return mine
    return or_(mine, department == principal.department_id)
