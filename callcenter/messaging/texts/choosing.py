"""Templates and phrases to choose from while somebody writes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.administration.resources import Resource
from callcenter.messaging.texts.placeholders import PLACEHOLDERS
from storage.models import Department, MessageTemplate, Phrase
from storage.models.base import NO

MOST = 300


def load_texts(session: Session, principal: Principal, templates: Resource) -> dict[str, Any]:
    """``templates`` in reach, those of one's own department first, ``phrases`` by category, ``placeholders``."""
    found: dict[str, Any] = {"templates": [], "phrases": [], "placeholders": list(PLACEHOLDERS)}
    if principal.may("templates.view"):
        found["templates"] = _templates(session, principal, templates)
    if principal.may("phrases.view"):
        phrases = select(Phrase).where(Phrase.disabled == NO).order_by(Phrase.category, Phrase.id).limit(MOST)
        found["phrases"] = [
            {"id": one.id, "category": one.category, "text": one.text} for one in session.scalars(phrases)
        ]
    return found


def _templates(session: Session, principal: Principal, templates: Resource) -> list[dict[str, Any]]:
    own = case((MessageTemplate.department_id == principal.department_id, 0), else_=1)
    statement = (
        select(MessageTemplate, Department.name)
        .outerjoin(Department, Department.id == MessageTemplate.department_id)
        .where(MessageTemplate.disabled == NO, templates.hooks.reach(principal, "templates.view"))
        .order_by(own, Department.name, MessageTemplate.disease, MessageTemplate.name, MessageTemplate.id)
        .limit(MOST)
    )
    return [
        {
            "id": one.id,
            "name": one.name,
            "purpose": one.purpose,
            "department": None if one.department_id is None else {"id": one.department_id, "name": name or ""},
            "disease": one.disease,
            "text": one.text,
        }
        for one, name in session.execute(statement)
    ]
