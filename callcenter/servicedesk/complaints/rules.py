"""The states of a complaint, and until when it is to be settled: pure rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from types import MappingProxyType


class ComplaintKind(StrEnum):
    """What it is, as stored."""

    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    PRAISE = "praise"


class ComplaintState(StrEnum):
    """How far it is, as stored."""

    OPEN = "open"
    IN_HAND = "in_hand"
    SETTLED = "settled"


class StepKind(StrEnum):
    """What was done, as stored."""

    FILED = "filed"
    CHANGED = "changed"
    TAKEN = "taken"
    ASSIGNED = "assigned"
    NOTE = "note"
    SETTLED = "settled"
    REOPENED = "reopened"
    TOLD = "told"


class Severity(IntEnum):
    """How bad it is."""

    SERIOUS = 1
    NORMAL = 2
    MINOR = 3


UNSETTLED = (ComplaintState.OPEN.value, ComplaintState.IN_HAND.value)

DUE_AFTER: Mapping[Severity, timedelta] = MappingProxyType(
    {Severity.SERIOUS: timedelta(days=1), Severity.NORMAL: timedelta(days=3), Severity.MINOR: timedelta(days=7)}
)
"""By when a complaint is to be settled where nobody says otherwise."""


def due_for(kind: ComplaintKind, severity: Severity, at: datetime) -> datetime | None:
    """When what comes at ``at`` is due; praise never is."""
    return None if kind is ComplaintKind.PRAISE else at + DUE_AFTER[severity]
