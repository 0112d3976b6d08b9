"""To whom tasks can be given."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from callcenter.administration.holders import load_holders


def load_owners(session: Session) -> dict[str, Any]:
    """``agents`` who may work tasks, signed in or not, and ``departments``: ids and names, by name."""
    found = load_holders(session, "call_tasks.work")
    return {"agents": found["people"], "departments": found["departments"]}
