"""The words in which a line says why it is in its state."""

from __future__ import annotations

from typing import Any

from protocols.sayings import Said, Saying, cleaned, said
from protocols.signals import CommandFailed
from storage.models import PhoneLine

_REASON_LENGTH = 200

_FAILED = {
    "dial": Saying.DIAL_FAILED,
    "answer": Saying.ANSWER_FAILED,
    "hang_up": Saying.HANG_UP_FAILED,
    "end_call": Saying.HANG_UP_FAILED,
    "send_digits": Saying.TONES_FAILED,
    "record": Saying.RECORD_FAILED,
}


def reason_columns(reason: str) -> dict[str, Any]:
    """Why a line is in its state, by column: readable by itself, and so that it can be said in any language."""
    kept = cleaned(reason)
    return {"reason": str(kept)[:_REASON_LENGTH], "reason_said": said(kept)}


def put_reason(line: PhoneLine, reason: str) -> None:
    """Write down why ``line`` is in its state."""
    for column, value in reason_columns(reason).items():
        setattr(line, column, value)


def failed(news: CommandFailed) -> str:
    """What to note of a command that failed."""
    saying = _FAILED.get(news.command)
    if saying is None:
        return Said(Saying.BECAUSE, what=news.command, why=news.detail)
    return Said(saying, why=news.detail)
