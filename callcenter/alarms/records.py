"""Alarms as rows: opened, cleared and handled in the transaction of what makes it true, with event and messages out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callcenter.alarms.kinds import GRAVE, ONCE, AlarmKind, Change
from callcenter.clock import iso
from callcenter.events import AlarmOpened, AlarmUpdated, Audience, Event
from callcenter.telephony.announce import announce
from storage.models import Alarm, AlarmDelivery, AlarmTarget, UserAccount

AlarmView = dict[str, Any]

SETTLING = timedelta(seconds=60)
"""What comes and goes is told outside when it has stayed as it is for so long; the first time at once."""

WAITING = "waiting"
SUPERSEDED = "superseded"


@dataclass(frozen=True)
class Trouble:
    """What is wrong with what. ``details``: ``line``, ``gateway`` (names), ``balance``, ``reason``, ``reason_said``."""

    kind: AlarmKind
    subject: str
    details: Mapping[str, Any] = field(default_factory=dict)
    line_id: int | None = None
    department_id: int | None = None


def raise_alarm(session: Session, trouble: Trouble, at: datetime) -> None:
    """Open an alarm, or say that it is still true or true again. Saying it any number of times opens one alarm."""
    alarm = _live(session, trouble.kind, trouble.subject)
    details = dict(trouble.details)
    if alarm is None:
        alarm = _opened(trouble, details, at)
        session.add(alarm)
        _tell(session, alarm, AlarmOpened, Change.OPENED, at)
    elif alarm.cleared_at is not None:
        lately = at - alarm.cleared_at < SETTLING
        alarm.details, alarm.cleared_at = details, None
        alarm.recurred_at, alarm.times = at, alarm.times + 1
        _tell(session, alarm, AlarmUpdated if lately else AlarmOpened, Change.OPENED, at)
    elif alarm.details != details:
        alarm.details = details
        _tell(session, alarm, AlarmUpdated, None, at)


def clear_alarm(session: Session, kind: AlarmKind, subject: str, at: datetime) -> None:
    """The trouble is over by itself. The alarm stays until somebody handles it."""
    alarm = _live(session, kind, subject)
    if alarm is None or alarm.cleared_at is not None:
        return
    alarm.cleared_at = at
    _let_go(alarm)
    _tell(session, alarm, AlarmUpdated, Change.CLEARED, at)


def keep_alarm(session: Session, trouble: Trouble, holds: bool, at: datetime) -> None:
    """Raise the alarm of a trouble that ``holds`` now, else clear it."""
    if holds:
        raise_alarm(session, trouble, at)
    else:
        clear_alarm(session, trouble.kind, trouble.subject, at)


def mark_handled(session: Session, alarm: Alarm, user_id: int | None, note: str, at: datetime) -> AlarmView:
    """Somebody dealt with it; the alarm as it is now."""
    alarm.handled_at, alarm.handled_by, alarm.note = at, user_id, note
    if alarm.kind in ONCE:
        alarm.cleared_at = alarm.cleared_at or at
    _let_go(alarm)
    return _tell(session, alarm, AlarmUpdated, Change.HANDLED, at)


def alarm_view(alarm: Alarm, handler: str | None) -> AlarmView:
    """The alarm as JSON data. ``handler`` is the name of whoever handled it."""
    details = alarm.details or {}
    line = None if alarm.line_id is None else {"id": alarm.line_id, "name": details.get("line", "")}
    gateway = {"id": int(alarm.subject), "name": details["gateway"]} if "gateway" in details else None
    return {
        "id": alarm.id,
        "kind": alarm.kind,
        "grave": alarm.kind in GRAVE,
        "line": line,
        "gateway": gateway,
        "batch_id": int(alarm.subject) if alarm.kind == AlarmKind.SENDING_HALTED else None,
        "balance": details.get("balance"),
        "reason": details.get("reason", ""),
        "reason_said": details.get("reason_said"),
        "opened_at": iso(alarm.opened_at),
        "recurred_at": iso(alarm.recurred_at),
        "times": alarm.times,
        "cleared_at": iso(alarm.cleared_at),
        "handled_at": iso(alarm.handled_at),
        "handled_by": None if alarm.handled_by is None else {"id": alarm.handled_by, "name": handler or ""},
        "note": alarm.note,
    }


def _live(session: Session, kind: AlarmKind, subject: str) -> Alarm | None:
    return session.scalar(select(Alarm).where(Alarm.live_key == _key(kind, subject)).with_for_update())


def _key(kind: AlarmKind, subject: str) -> str:
    return f"{kind}:{subject}"


def _opened(trouble: Trouble, details: dict[str, Any], at: datetime) -> Alarm:
    return Alarm(
        kind=trouble.kind.value,
        subject=trouble.subject,
        live_key=_key(trouble.kind, trouble.subject),
        line_id=trouble.line_id,
        department_id=trouble.department_id,
        details=details,
        opened_at=at,
        times=1,
        note="",
    )


def _let_go(alarm: Alarm) -> None:
    """What comes now is another alarm, once this one is both over and dealt with."""
    if alarm.cleared_at is not None and alarm.handled_at is not None:
        alarm.live_key = None


def _tell(session: Session, alarm: Alarm, kind: type[Event], change: Change | None, at: datetime) -> AlarmView:
    session.flush()
    handler = None
    if alarm.handled_by is not None:
        handler = session.scalar(select(UserAccount.display_name).where(UserAccount.id == alarm.handled_by))
    view = alarm_view(alarm, handler)
    audience = Audience.of("alarms.view", [alarm.department_id], [alarm.handled_by])
    announce(session, kind(str(alarm.id), view, audience))
    if change is not None:
        _send_out(session, alarm, view, change, at)
    return view


def _send_out(session: Session, alarm: Alarm, view: AlarmView, change: Change, at: datetime) -> None:
    """Write the messages out. What nobody has begun to send of this alarm is overtaken by them."""
    targets = session.scalars(select(AlarmTarget.name).where(AlarmTarget.kind == alarm.kind).order_by(AlarmTarget.name))
    names = list(targets)
    if not names:
        return
    session.execute(
        update(AlarmDelivery)
        .where(AlarmDelivery.alarm_id == alarm.id, AlarmDelivery.state == WAITING, AlarmDelivery.attempts == 0)
        .values(state=SUPERSEDED, finished_at=at),
        execution_options={"synchronize_session": False},
    )
    # What people write may be about patients, and is nobody's outside.
    told = {name: value for name, value in view.items() if name not in ("note", "handled_by")}
    payload = {"event": f"alarm.{change}", "at": iso(at), "alarm": told}
    settles = alarm.times > 1 and change is not Change.HANDLED
    for name in names:
        session.add(
            AlarmDelivery(
                alarm_id=alarm.id,
                target=name,
                event=change.value,
                payload=payload,
                state=WAITING,
                attempts=0,
                created_at=at,
                due_at=at + SETTLING if settles else at,
            )
        )
