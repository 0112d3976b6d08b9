"""The words in which a line says why it is in its state."""

from __future__ import annotations

from typing import Any

from protocols.sayings import cleaned, said
from storage.models import PhoneLine

_REASON_LENGTH = 200


def reason_columns(reason: str) -> dict[str, Any]:
    """Why a line is in its state, by column: readable by itself, and so that it can be said in any language."""
    kept = cleaned(reason)
    return {"reason": str(kept)[:_REASON_LENGTH], "reason_said": said(kept)}


def put_reason(line: PhoneLine, reason: str) -> None:
    """Write down why ``line`` is in its state."""
    for column, value in reason_columns(reason).items():
        setattr(line, column, value)
