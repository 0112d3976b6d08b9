"""What every hospital starts with, beside the roles: what can come of a call."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.models.telephony import CallOutcome


@dataclass(frozen=True)
class Outcome:
    """One outcome; its place in ``OUTCOMES``, from 1, is its digit in the wrap-up pane.

    ``effect``, ``minutes`` and ``attempts`` say what it does to a call task, see ``CallOutcome``.
    """

    code: str
    label_zh: str
    label_en: str
    needs_time: bool = False
    effect: str = "done"
    minutes: int = 0
    attempts: int = 0


OUTCOMES = (
    Outcome("completed", "已完成", "Completed"),
    Outcome("no_answer", "无人接听", "No answer", effect="retry", minutes=120, attempts=3),
    Outcome("busy", "占线", "Busy", effect="retry", minutes=15, attempts=6),
    Outcome("refused", "拒绝", "Refused", effect="give_up"),
    Outcome("wrong_number", "号码有误", "Wrong number", effect="give_up"),
    Outcome("language_barrier", "语言不通", "Language barrier", effect="give_up"),
    Outcome("deceased", "已故", "Deceased", effect="give_up"),
    Outcome("call_back", "约定回拨", "Call back at …", needs_time=True, effect="at_time"),
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
            task_effect=outcome.effect,
            task_minutes=outcome.minutes,
            task_attempts=outcome.attempts,
            disabled=False,
        )
        for place, outcome in missing
    )
    session.flush()
    return len(missing)
