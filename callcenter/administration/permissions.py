"""Every permission there is, and the roles that a new hospital starts with."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType


class Scope(enum.StrEnum):
    """Whose records a permission reaches."""

    OWN = "own"
    DEPARTMENT = "department"
    ALL = "all"

    @property
    def width(self) -> int:
        """1 for the narrowest."""
        return list(Scope).index(self) + 1


# resource → actions; a permission is "resource.action".
RESOURCES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "patients": ("view", "create", "edit", "disable", "export", "unmask"),
        "calls": ("view", "handle", "dial", "export"),
        "call_tasks": ("view", "work", "manage", "export"),
        "recordings": ("play", "delete"),
        "lines": ("view", "control", "edit", "test", "manage"),
        "agents": ("view", "control"),
        "wallboard": ("view",),
        "alarms": ("view", "handle", "export"),
        "reports": ("view", "export"),
        "outcomes": ("view", "create", "edit", "disable"),
        "scripts": ("view", "create", "edit", "disable"),
        "articles": ("view", "create", "edit", "disable"),
        "departments": ("view", "create", "edit", "disable"),
        "groups": ("view", "create", "edit", "disable"),
        "skills": ("view", "create", "edit", "disable"),
        "users": ("view", "create", "edit", "disable", "export"),
        "roles": ("view", "create", "edit", "disable"),
        "audit": ("view", "export"),
    }
)

PERMISSIONS: frozenset[str] = frozenset(
    f"{resource}.{action}" for resource, actions in RESOURCES.items() for action in actions
)


def _grants(scope: Scope, *permissions: str) -> dict[str, Scope]:
    return dict.fromkeys(permissions, scope)


# code → (Chinese name, permission → scope)
BUILT_IN_ROLES: Mapping[str, tuple[str, Mapping[str, Scope]]] = MappingProxyType(
    {
        "agent": (
            "坐席",
            _grants(Scope.ALL, "patients.view", "patients.create", "patients.edit", "patients.unmask", "lines.view")
            | _grants(Scope.ALL, "scripts.view", "articles.view")
            | _grants(Scope.OWN, "calls.view", "calls.handle", "calls.dial", "agents.view")
            | _grants(Scope.OWN, "call_tasks.view", "call_tasks.work"),
        ),
        "supervisor": (
            "主管",
            _grants(
                Scope.ALL,
                *(f"patients.{action}" for action in RESOURCES["patients"]),
                *(f"calls.{action}" for action in RESOURCES["calls"]),
                *(f"call_tasks.{action}" for action in RESOURCES["call_tasks"]),
                *(f"outcomes.{action}" for action in RESOURCES["outcomes"]),
                *(f"scripts.{action}" for action in RESOURCES["scripts"]),
                *(f"articles.{action}" for action in RESOURCES["articles"]),
                *(f"groups.{action}" for action in RESOURCES["groups"]),
                *(f"skills.{action}" for action in RESOURCES["skills"]),
                "recordings.play",
                "lines.view",
                "lines.control",
                "lines.edit",
                "lines.test",
                "agents.view",
                "agents.control",
                "wallboard.view",
                *(f"alarms.{action}" for action in RESOURCES["alarms"]),
                *(f"reports.{action}" for action in RESOURCES["reports"]),
            ),
        ),
        "doctor": (
            "医生",
            _grants(Scope.DEPARTMENT, "patients.view", "patients.edit", "calls.view"),
        ),
        "administrator": ("系统管理员", _grants(Scope.ALL, *sorted(PERMISSIONS - {"calls.handle", "call_tasks.work"}))),
    }
)
