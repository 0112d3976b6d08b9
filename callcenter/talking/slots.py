"""The slots of the talking pane: which modules have something to show beside a call, and the reading of it.

A module declares one ``Slot`` and the page one renderer of the same name (web/static/js/console/slots.js). A slot
without content is not shown at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.telephony.scope import scope_clause
from callcenter.telephony.visible import visible_call
from storage.database import Database
from storage.models import GroupMember, Patient, PhoneLine

SlotContent = Mapping[str, Any]


@dataclass(frozen=True)
class TalkedCall:
    """What slots may know of the call in front of an agent. ``groups`` are those whose call it is, or else the agent's.

    ``patient_name`` is empty without a patient; ``task_id`` is the call task that the call is an attempt of.
    """

    id: int
    direction: str
    groups: frozenset[int]
    patient_id: int | None
    patient_name: str
    task_id: int | None


Fill = Callable[[Session, Principal, TalkedCall], SlotContent | None]


@dataclass(frozen=True)
class Slot:
    """``name`` is that of its renderer. ``fill`` runs in the reading transaction and gives JSON data, or None for
    nothing to show; it is asked only for whom ``permission`` is granted.
    """

    name: str
    permission: str
    fill: Fill


class TalkingPane:
    """Fills the slots for one call. Of two slots of one name it makes a ``ValueError``."""

    def __init__(self, database: Database, slots: Sequence[Slot]) -> None:
        names = [one.name for one in slots]
        if len(set(names)) < len(names):
            raise ValueError(f"slots of the same name: {', '.join(names)}")
        self._database = database
        self._slots = tuple(slots)

    async def content(self, principal: Principal, call_id: int) -> list[dict[str, Any]]:
        """``[{"name", "content"}]`` of the slots that have something, in their order.

        Needs ``calls.view``; ``NotFoundError`` for a call out of reach.
        """
        return await self._database.read(fill_slots, principal, call_id, self._slots)


def fill_slots(session: Session, principal: Principal, call_id: int, slots: Sequence[Slot]) -> list[dict[str, Any]]:
    """See ``TalkingPane.content``."""
    call = talked_call(session, principal, call_id)
    filled = [(one.name, one.fill(session, principal, call)) for one in slots if principal.may(one.permission)]
    return [{"name": name, "content": content} for name, content in filled if content is not None]


def talked_call(session: Session, principal: Principal, call_id: int) -> TalkedCall:
    """The call as slots know it; raises what ``visible_call`` raises."""
    call = visible_call(session, call_id, scope_clause(principal))
    group = session.scalar(select(PhoneLine.agent_group_id).where(PhoneLine.id == call.line_id))
    patient = call.patient_id and session.scalar(select(Patient.name).where(Patient.id == call.patient_id))
    mine = select(GroupMember.group_id).where(GroupMember.user_id == principal.user_id)
    groups = frozenset((group,)) if group is not None else frozenset(session.scalars(mine))
    return TalkedCall(call.id, call.direction, groups, call.patient_id, patient or "", call.task_id)
