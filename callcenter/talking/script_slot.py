"""The slot for call scripts: those that fit the call, filled in."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import case, or_, select
from sqlalchemy.orm import Session

from callcenter.administration.disclosure import disclose
from callcenter.administration.principal import Principal
from callcenter.talking.placeholders import fill
from callcenter.talking.slots import Slot, SlotContent, TalkedCall
from storage.models import CallScript
from storage.models.base import NO

MOST = 9


def script_slot(hospital: str) -> Slot:
    """``hospital`` is its name. Content: ``{"scripts": [{"id", "name", "zh": parts, "en": parts}]}``, the best first.

    Parts are those of ``placeholders.fill``; English is empty where nobody wrote it.
    """

    def fitting(session: Session, principal: Principal, call: TalkedCall) -> SlotContent | None:
        own_group = CallScript.group_id.in_(sorted(call.groups))
        statement = (
            select(CallScript)
            .where(
                CallScript.disabled == NO,
                or_(CallScript.direction.is_(None), CallScript.direction == call.direction),
                or_(CallScript.group_id.is_(None), own_group),
            )
            .order_by(case((CallScript.group_id.is_(None), 1), else_=0), CallScript.position, CallScript.id)
            .limit(MOST)
        )
        # People write numbers into names, too.
        patient = disclose({"name": call.patient_name}, principal)["name"]
        values = {"patient.name": patient, "agent.name": principal.display_name, "hospital": hospital}
        scripts = [
            {"id": one.id, "name": one.name}
            | {
                language: [asdict(part) for part in fill(text, values)]
                for language, text in (("zh", one.text_zh), ("en", one.text_en))
            }
            for one in session.scalars(statement)
        ]
        return {"scripts": scripts} if scripts else None

    return Slot("scripts", "scripts.view", fitting)
