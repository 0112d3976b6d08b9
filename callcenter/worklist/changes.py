"""The few ways in which a task moves from one state to another."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from callcenter.clock import iso
from callcenter.worklist.rules import TaskState, Verdict
from storage.models import CallTask


def release(task: CallTask) -> None:
    """Nobody holds it any more."""
    task.claimed_by, task.claimed_until, task.calling = None, None, False


def apply(task: CallTask, verdict: Verdict, at: datetime) -> None:
    """Make ``task`` what ``verdict`` says; whoever held it does no longer."""
    release(task)
    task.state, task.reason = verdict.state.value, str(verdict.reason)
    if verdict.state is TaskState.OPEN:
        task.ended_at = None
        task.next_at = verdict.next_at or task.next_at
    else:
        task.ended_at = at


def kept(task: CallTask) -> dict[str, Any]:
    """What the audit log tells of a task."""
    return {
        "state": task.state,
        "reason": task.reason,
        "note": task.note,
        "agent_id": task.agent_id,
        "department_id": task.department_id,
        "priority": task.priority,
        "next_at": iso(task.next_at),
        "due_until": iso(task.due_until),
    }
