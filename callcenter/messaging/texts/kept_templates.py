"""The template that a text was written from, as it was called when it was sent: it may be renamed, or go."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.errors import InvalidError
from callcenter.messaging.texts.templates import TemplateHooks
from callcenter.text import N_
from storage.models import MessageTemplate

_HOOKS = TemplateHooks()


class KeptTemplate(NamedTuple):
    """What a message keeps of it."""

    id: int
    name: str


def keep_template(session: Session, principal: Principal, template_id: int | None) -> KeptTemplate | None:
    """The template with this id, in use still or not; None for none. ``InvalidError`` for one out of reach."""
    if template_id is None:
        return None
    here = MessageTemplate.id == template_id, _HOOKS.reach(principal, "templates.view")
    found = session.execute(select(MessageTemplate.id, MessageTemplate.name).where(*here)).one_or_none()
    if found is None:
        message = N_("There is no such template, or you may not see it.")
        raise InvalidError(message, {"template_id": message})
    return KeptTemplate(*found)


def kept_template(template_id: int | None, name: str) -> KeptTemplate | None:
    """What a record has kept."""
    return None if template_id is None else KeptTemplate(template_id, name)
