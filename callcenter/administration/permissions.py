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
        "calls": ("view", "handle", "dial", "transfer", "listen", "whisper", "barge", "export"),
        "call_tasks": ("view", "work", "manage", "export"),
        "recordings": ("play", "delete"),
        "conversations": ("view", "reply", "assign"),
        "messages": ("view", "send", "bulk", "manage", "export"),
        "templates": ("view", "create", "edit", "disable"),
        "phrases": ("view", "create", "edit", "disable"),
        "auto_replies": ("view", "create", "edit", "disable"),
        "opt_outs": ("view", "edit"),
        "messaging_rules": ("view", "edit"),
        "gateways": ("view", "edit", "test"),
        "lines": ("view", "control", "edit", "test", "manage"),
        "agents": ("view", "control"),
        "wallboard": ("view",),
        "alarms": ("view", "handle", "export"),
        "reports": ("view", "export"),
        "outcomes": ("view", "create", "edit", "disable"),
        "scripts": ("view", "create", "edit", "disable"),
        "articles": ("view", "create", "edit", "disable"),
        "complaints": ("view", "create", "handle", "export"),
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


_TALK = ("conversations.view", "conversations.reply", "messages.view", "templates.view", "phrases.view")
"""What it takes to answer patients who write."""

# code → (Chinese name, permission → scope)
BUILT_IN_ROLES: Mapping[str, tuple[str, Mapping[str, Scope]]] = MappingProxyType(
    {
        "agent": (
            "坐席",
            _grants(Scope.ALL, "patients.view", "patients.create", "patients.edit", "patients.unmask", "lines.view")
            | _grants(Scope.OWN, "calls.view", "calls.handle", "calls.dial", "calls.transfer", "agents.view")
            | _grants(Scope.OWN, "call_tasks.view", "call_tasks.work", "complaints.view")
            | _grants(Scope.ALL, *_TALK, "messages.send", "scripts.view", "articles.view", "complaints.create"),
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
                *(f"complaints.{action}" for action in RESOURCES["complaints"]),
                *(f"groups.{action}" for action in RESOURCES["groups"]),
                *(f"skills.{action}" for action in RESOURCES["skills"]),
                "recordings.play",
                *_TALK,
                "conversations.assign",
                *(f"messages.{action}" for action in RESOURCES["messages"]),
                *(f"templates.{action}" for action in RESOURCES["templates"]),
                *(f"phrases.{action}" for action in RESOURCES["phrases"]),
                *(f"auto_replies.{action}" for action in RESOURCES["auto_replies"]),
                *(f"opt_outs.{action}" for action in RESOURCES["opt_outs"]),
                "messaging_rules.view",
                "gateways.view",
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
            _grants(Scope.DEPARTMENT, "patients.view", "patients.edit", "calls.view", *_TALK, "messages.send"),
        ),
        "administrator": (
            "系统管理员",
            _grants(Scope.ALL, *sorted(PERMISSIONS - {"calls.handle", "calls.transfer", "call_tasks.work"})),
        ),
        "officer": (
            "投诉专员",
            _grants(
                Scope.ALL,
                *(f"complaints.{action}" for action in RESOURCES["complaints"]),
                *("patients.view", "patients.unmask", "calls.view", "recordings.play"),
                *_TALK,
                *("messages.send", "articles.view"),
            ),
        ),
    }
)
