"""Departments, as a declared record."""

from __future__ import annotations

from callcenter.administration.fields import Field, Kind
from callcenter.administration.resources import Hooks, Resource
from callcenter.text import N_
from storage.models import Department


def department_resource() -> Resource:
    """Name, and whether patients are treated there."""
    return Resource(
        name="departments",
        singular="department",
        label=N_("Departments"),
        model=Department,
        hooks=Hooks(),
        default_sort="name",
        fields=(
            Field("name", N_("Name"), required=True, unique=True, in_list=True, searchable=True, sortable=True),
            Field("clinical", N_("Clinical"), Kind.FLAG, in_list=True, filterable=True,
                  help=N_("Patients are treated in this department.")),
        ),
    )  # fmt: skip
