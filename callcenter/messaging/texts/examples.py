"""A text that is to be kept, as a patient who is made up would read it: in how many short messages, at what cost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.messaging.messages.composing import House, common_values, gaps_view, warnings_about
from callcenter.messaging.texts.placeholders import LONGEST_TEXT, fill
from callcenter.messaging.texts.quoting import load_tariff
from callcenter.messaging.texts.templates import OF_THE_HOSPITAL
from callcenter.messaging.vocabulary import Purpose

EXAMPLE = {"patient.name": "王小明", "doctor.name": "李建国", "department": "骨科"}
"""Nobody. As long as most names are, so that the count is that of most."""

_FILLED = {"auto_replies": OF_THE_HOSPITAL}
"""Where less than everything is filled in."""


def preview_example(
    session: Session, principal: Principal, kind: str, text: str, purpose: Purpose, house: House, now: datetime
) -> dict[str, Any]:
    """``text`` of a record of ``kind`` (``templates``, ``phrases``, ``auto_replies``), filled in for an example.

    ``missing`` and ``warnings`` are those of a message; the quote is that of the gateway which would carry it to a
    number of no particular network. Raises ``NotAllowedError``.
    """
    principal.require(f"{kind}.view")
    values = common_values(principal, house, now) | EXAMPLE
    allowed = _FILLED.get(kind, values.keys())
    filled, gaps = fill(text[:LONGEST_TEXT], {name: value for name, value in values.items() if name in allowed})
    return {
        "text": filled,
        "missing": gaps_view(gaps),
        "warnings": warnings_about(session, text, filled, purpose),
        **load_tariff(session).quote("", purpose, filled).view,
    }
