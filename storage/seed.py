"""What every hospital starts with, beside the roles: what can come of a call."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.models.telephony import CallOutcome


@dataclass(frozen=True)
class Outcome:
    """One outcome; its place in ``OUTCOMES``, from 1, is its digit in the wrap-up pane."""

    code: str
    label_zh: str
    label_en: str
    needs_time: bool = False


OUTCOMES = (
    Outcome("completed", "已完成", "Completed"),
    Outcome("no_answer", "无人接听", "No answer"),
    Outcome("busy", "占线", "Busy"),
    Outcome("refused", "拒绝", "Refused"),
    Outcome("wrong_number", "号码有误", "Wrong number"),
    Outcome("language_barrier", "语言不通", "Language barrier"),
    Outcome("deceased", "已故", "Deceased"),
    Outcome("call_back", "约定回拨", "Call back at …", needs_time=True),
    Outcome("red_flag", "危急情况", "Red flag"),
)


def seed_outcomes(session: Session) -> int:
    """Add the outcomes that are missing and give their number; those that the hospital changed stay as they are."""
    present = set(session.scalars(select(CallOutcome.code)))
    missing = [(place, outcome) for place, outcome in enumerate(OUTCOMES, 1) if outcome.code not in present]
    session.add_all(
        CallOutcome(
            code=outcome.code,
            label_zh=outcome.label_zh,
            label_en=outcome.label_en,
            position=place,
            needs_time=outcome.needs_time,
            disabled=False,
        )
        for place, outcome in missing
    )
    session.flush()
    return len(missing)
