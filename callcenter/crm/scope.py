"""Which patients a person may see: the one place where data scope meets patients."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.administration.reach import reach_clause
from storage.models import Patient


def patient_scope_clause(principal: Principal, permission: str = "patients.view") -> ColumnElement[bool]:
    """The condition on ``Patient`` for what ``permission`` lets ``principal`` reach.

    - own: patients whose doctor one is;
    - department: also every patient of one's department;
    - all: every patient.

    Raises ``NotAllowedError`` without the permission.
    """
    return reach_clause(principal, permission, Patient.doctor_id, Patient.department_id)


def is_reached(principal: Principal, permission: str, department_id: int | None, doctor_id: int | None) -> bool:
    """The same rule for a patient in this department and of this doctor, whose record was read already."""
    scope = principal.grants.get(permission)
    if scope is None or scope is Scope.ALL:
        return scope is Scope.ALL
    mine = doctor_id is not None and doctor_id == principal.user_id
    if scope is Scope.OWN or principal.department_id is None:
        return mine
    return mine or department_id == principal.department_id
