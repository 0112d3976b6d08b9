"""Which telephones of a PBX are whose: to whom a call can be given, and on what a supervisor listens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.telephony.agent_states import AgentState
from callcenter.telephony.board import LineBoard
from callcenter.telephony.line_runner import LineRunner
from hardware.call_control import Telephone
from storage.models import AgentStatus, UserAccount
from storage.models.base import NO


@dataclass(frozen=True)
class Person:
    """A user who may have a telephone, and their state as an agent."""

    user_id: int
    username: str
    name: str
    bound_line: str
    state: str


def telephones_of(board: LineBoard, person: Person, pbx: str) -> Iterator[tuple[LineRunner, Telephone]]:
    """The lines on ``pbx`` that are this person's, with their telephones; the free ones first."""
    mine = [runner for runner in board if _belongs(runner, person) and runner.device.call_control is not None]
    for runner in sorted(mine, key=lambda one: not one.line.free):
        control = runner.device.call_control
        if control is not None and control.telephone.pbx == pbx:
            yield runner, control.telephone


def holder_of(board: LineBoard, people: Sequence[Person], pbx: str, extension: str) -> Person | None:
    """Whose telephone ``extension`` is."""
    for person in people:
        if any(phone.extension == extension for _, phone in telephones_of(board, person, pbx)):
            return person
    return None


def load_people(session: Session, *user_ids: int) -> list[Person]:
    """Everybody who has been an agent, by name; or those of ``user_ids``, agents or not."""
    columns: Any = (
        UserAccount.id, UserAccount.username, UserAccount.display_name, UserAccount.bound_line, AgentStatus.state
    )  # fmt: skip
    statement = (
        select(*columns).outerjoin(AgentStatus, AgentStatus.user_id == UserAccount.id).where(UserAccount.disabled == NO)
    )
    wanted = UserAccount.id.in_(user_ids) if user_ids else AgentStatus.user_id.is_not(None)
    rows = session.execute(statement.where(wanted).order_by(UserAccount.display_name, UserAccount.id))
    return [Person(key, name, shown, line, state or AgentState.OFFLINE.value) for key, name, shown, line, state in rows]


def _belongs(runner: LineRunner, person: Person) -> bool:
    line = runner.journal.line
    return line.bound_agent == person.username or line.name == person.bound_line
