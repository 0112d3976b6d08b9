"""The alarms of a gateway: opened and cleared by what it is now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from callcenter.alarms.kinds import AlarmKind
from callcenter.alarms.records import Trouble, clear_alarm, keep_alarm, raise_alarm
from callcenter.messaging.gateways.live import Live, Passing
from callcenter.telephony.line_words import reason_columns
from protocols.sayings import Said, Saying
from storage.models import SmsGateway

_KNOWN = ("ready", "out_of_service")
"""States in which it is known what is wrong with a gateway."""
_KINDS = (AlarmKind.GATEWAY_DOWN, AlarmKind.GATEWAY_PASSED_OVER, AlarmKind.GATEWAY_FULL, AlarmKind.BALANCE_LOW)


def keep_alarms(session: Session, row: SmsGateway, now: Live, passing: Passing, at: datetime) -> None:
    """Open or clear each alarm of the gateway, where what it is now says enough for that."""
    _keep_down(session, row, now, at)
    _keep_balance(session, row, now, at)
    _keep_passed_over(session, row, now, passing, at)
    _keep_full(session, row, now, passing, at)


def clear_alarms(session: Session, gateway_id: int, at: datetime) -> None:
    """Clear all of them: the gateway is taken away."""
    for kind in _KINDS:
        clear_alarm(session, kind, str(gateway_id), at)


def _keep_down(session: Session, row: SmsGateway, now: Live, at: datetime) -> None:
    subject = str(row.id)
    if now.down:
        details = {"gateway": row.name, **reason_columns(now.reason)}
        raise_alarm(session, Trouble(AlarmKind.GATEWAY_DOWN, subject, details), at)
    elif now.state in _KNOWN:
        clear_alarm(session, AlarmKind.GATEWAY_DOWN, subject, at)


def _keep_balance(session: Session, row: SmsGateway, now: Live, at: datetime) -> None:
    if now.balance_at is None:
        return
    low = row.balance_low is not None and row.balance is not None and row.balance < row.balance_low
    details = {"gateway": row.name, "balance": row.balance}
    keep_alarm(session, Trouble(AlarmKind.BALANCE_LOW, str(row.id), details), low, at)


def _keep_passed_over(session: Session, row: SmsGateway, now: Live, passing: Passing, at: datetime) -> None:
    """While it is away nobody knows: the alarm stays as it is."""
    if now.state not in _KNOWN:
        return
    reason = Said(Saying.GATEWAY_THROTTLES)
    if passing.refuses:
        reason = Said(Saying.GATEWAY_TAKES_NOTHING, why=passing.refuses)
    elif passing.not_now:
        reason = Said(Saying.BECAUSE, what=reason, why=passing.not_now)
    details = {"gateway": row.name, **reason_columns(reason)}
    trouble = Trouble(AlarmKind.GATEWAY_PASSED_OVER, str(row.id), details)
    keep_alarm(session, trouble, passing.throttled_since is not None, at)


def _keep_full(session: Session, row: SmsGateway, now: Live, passing: Passing, at: datetime) -> None:
    """Until it has told, and while it is away, nobody knows: the alarm stays as it is."""
    if now.state not in _KNOWN or (passing.storage is None and now.state != "out_of_service"):
        return
    full = passing.storage is not None and passing.storage.is_full
    keep_alarm(session, Trouble(AlarmKind.GATEWAY_FULL, str(row.id), {"gateway": row.name}), full, at)
