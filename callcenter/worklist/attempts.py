"""The beginning of an attempt, in the transaction that writes its call."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from callcenter.worklist.rules import TaskState
from storage.models import CallTask


def begin_attempt(session: Session, task_id: int) -> None:
    """A call for the task is being written down: it is held until that call is wrapped up, however long it lasts."""
    session.execute(
        update(CallTask).where(CallTask.id == task_id, CallTask.state == TaskState.CLAIMED.value).values(calling=True),
        execution_options={"synchronize_session": False},
    )
