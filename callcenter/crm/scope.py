"""Which patients a person may see: the one place where data scope meets patients."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_, true

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from storage.models import Patient


def patient_scope_clause(principal: Principal, permission: str = "patients.view") -> ColumnElement[bool]:
    """The condition on ``Patient`` for what ``permission`` lets ``principal`` reach.

    - own: patients whose doctor one is;
    - department: also every patient of one's department;
    - all: every patient.

    Raises ``NotAllowedError`` without the permission.
    """
    scope = principal.require(permission)
    if scope is Scope.ALL:
        return true()
    mine = Patient.doctor_id == principal.user_id
    if scope is Scope.OWN or principal.department_id is None:
        return mine
    return or_(mine, Patient.department_id == principal.department_id)
