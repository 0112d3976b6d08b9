"""Gateways as rows: made, changed and removed with audit and event; their live state, balance and alarms written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.last_edit import last_edit
from callcenter.administration.principal import Principal
from callcenter.administration.writing import CHANGED_MEANWHILE, NOT_ACCEPTED
from callcenter.alarms.kinds import AlarmKind
from callcenter.alarms.records import Trouble, clear_alarm, keep_alarm, raise_alarm
from callcenter.clock import iso
from callcenter.errors import ConflictError, InvalidError, NotFoundError
from callcenter.events import Audience, GatewayRemoved, GatewayUpdated
from callcenter.messaging.gateways.secret_box import SecretBox
from callcenter.messaging.gateways.settings import OPTION, Arrangement, SetUp
from callcenter.telephony.announce import announce
from callcenter.telephony.line_words import reason_columns
from callcenter.text import N_
from protocols.sayings import Said, Saying
from protocols.sms import StorageTold
from storage.models import SmsGateway
from storage.models.base import NO

GatewayView = dict[str, Any]
_KNOWN = ("ready", "out_of_service")
"""States in which it is known what is wrong with a gateway."""
_ALARMS = (AlarmKind.GATEWAY_DOWN, AlarmKind.GATEWAY_PASSED_OVER, AlarmKind.GATEWAY_FULL, AlarmKind.BALANCE_LOW)
_LISTS = ("prefixes", "purposes")
_PLAIN = (
    "name",
    "priority",
    "cost",
    "signature",
    "adds_signature",
    "counting",
    "number",
    "balance_low",
    "trace",
    "in_service",
)


@dataclass(frozen=True)
class Kept:
    """A gateway as it stands in the database, secrets sealed."""

    gateway_id: int
    kind: str
    arrangement: Mapping[str, Any]
    options: Mapping[str, Any]
    sealed: str
    version: int


@dataclass(frozen=True)
class Live:
    """What a gateway is now. ``down``: for so long, or in such a way, that somebody is to be told."""

    state: str
    reason: str
    since: datetime
    down: bool = False
    balance: int | None = None
    balance_at: datetime | None = None


@dataclass(frozen=True)
class Passing:
    """What is true of a gateway for the moment only, and of use to nobody once the daemon has ended. ``paused_until``:
    it asked for a pause, because of ``pause_reason`` in its own words. ``throttled_since``: others take over, see
    ``throttling``; ``refuses``: why it refuses whatever it is given, ``not_now``: what it said when it only put off,
    both in its own words, or empty. ``next_attempt_at``: when it is connected to again. ``storage``: how full it is of
    what came in, where it told.
    """

    abilities: Sequence[str] = ()
    paused_until: datetime | None = None
    pause_reason: str = ""
    throttled_since: datetime | None = None
    next_attempt_at: datetime | None = None
    storage: StorageTold | None = None
    refuses: str = ""
    not_now: str = ""


NOTHING_NOW = Passing()


def load_kept(session: Session, gateway_id: int | None = None) -> list[Kept]:
    """Every gateway that was not removed, or one."""
    statement = select(SmsGateway).where(SmsGateway.disabled == NO).order_by(SmsGateway.id)
    if gateway_id is not None:
        statement = statement.where(SmsGateway.id == gateway_id)
    return [_kept(row) for row in session.scalars(statement)]


def _kept(row: SmsGateway) -> Kept:
    return Kept(row.id, row.kind, _arrangement(row), dict(row.settings or {}), row.secrets, row.version)


def _arrangement(row: SmsGateway) -> dict[str, Any]:
    lists = {name: getattr(row, name).split() for name in _LISTS}
    return {name: getattr(row, name) for name in _PLAIN} | lists


def gateway_view(row: SmsGateway, passing: Passing) -> GatewayView:
    """The gateway as JSON data; nothing of its settings."""
    return {
        "id": row.id,
        "kind": row.kind,
        **_arrangement(row),
        "abilities": list(passing.abilities),
        "state": row.state,
        "reason": row.reason,
        "reason_said": row.reason_said,
        "state_since": iso(row.state_since),
        "paused_until": iso(passing.paused_until),
        "pause_reason": passing.pause_reason,
        "throttled_since": iso(passing.throttled_since),
        "refuses": passing.refuses,
        "next_attempt_at": iso(passing.next_attempt_at),
        "storage": _storage_view(passing.storage),
        "balance": row.balance,
        "balance_at": iso(row.balance_at),
        "version": row.version,
    }


def _storage_view(storage: StorageTold | None) -> dict[str, Any] | None:
    if storage is None:
        return None
    return {"used": storage.used, "size": storage.size, "full": storage.is_full}


def load_views(session: Session, passing: Mapping[int, Passing]) -> list[GatewayView]:
    """Every gateway that was not removed, by priority and name."""
    rows = select(SmsGateway).where(SmsGateway.disabled == NO)
    ordered = session.scalars(rows.order_by(SmsGateway.priority, SmsGateway.name))
    return [gateway_view(row, passing.get(row.id, NOTHING_NOW)) for row in ordered]


def make_gateway_row(session: Session, principal: Principal, made: SetUp, box: SecretBox, at: datetime) -> Kept:
    """Write a new gateway down."""
    _require_name(session, made.arrangement.name, None)
    row = SmsGateway(kind=made.kind.value, state="stopped", state_since=at, version=1)
    _put(row, made, box)
    session.add(row)
    session.flush()
    record_audit(session, principal, "create", "gateway", row.id, None, _told(made), at)
    _announce(session, row, NOTHING_NOW)
    return _kept(row)


def change_gateway_row(
    session: Session,
    principal: Principal,
    gateway_id: int,
    version: int,
    before: SetUp,
    after: SetUp,
    box: SecretBox,
    passing: Passing,
    at: datetime,
) -> Kept:
    """Write a gateway down as it is to be; ConflictError when it has another ``version`` by now."""
    row = locked_gateway(session, gateway_id)
    if row.version != version:
        raise ConflictError(
            CHANGED_MEANWHILE, current=gateway_view(row, passing), **last_edit(session, "gateway", row.id)
        )
    _require_name(session, after.arrangement.name, gateway_id)
    _put(row, after, box)
    row.version += 1
    record_audit(session, principal, "edit", "gateway", row.id, _told(before), _told(after, before), at)
    _announce(session, row, passing)
    return _kept(row)


def remove_gateway_row(session: Session, principal: Principal, gateway_id: int, version: int, at: datetime) -> None:
    """Take a gateway away. Its messages keep it; its secrets are gone, and its name is free again."""
    row = locked_gateway(session, gateway_id)
    if row.version != version:
        current = gateway_view(row, NOTHING_NOW)
        raise ConflictError(CHANGED_MEANWHILE, current=current, **last_edit(session, "gateway", row.id))
    name = row.name
    row.disabled, row.in_service, row.secrets, row.state = True, False, "", "stopped"
    row.name = f"{name[:28]} ({row.id})"
    row.version += 1
    for kind in _ALARMS:
        clear_alarm(session, kind, str(row.id), at)
    record_audit(session, principal, "remove", "gateway", row.id, {"name": name}, None, at)
    announce(session, GatewayRemoved(str(row.id), {"id": row.id, "name": name}, Audience("gateways.view")))


def locked_gateway(session: Session, gateway_id: int) -> SmsGateway:
    """The gateway, so that nobody else changes it before this transaction is over; NotFoundError without it."""
    statement = select(SmsGateway).where(SmsGateway.id == gateway_id, SmsGateway.disabled == NO)
    row = session.scalar(statement.with_for_update().execution_options(populate_existing=True))
    if row is None:
        raise NotFoundError(N_("There is no such gateway."), gateway_id=gateway_id)
    return row


def write_live(session: Session, live: Mapping[int, tuple[Live, Passing]], at: datetime) -> None:
    """Write down what gateways are now, tell it, and open or clear their alarms."""
    for gateway_id, (now, passing) in sorted(live.items()):
        statement = select(SmsGateway).where(SmsGateway.id == gateway_id, SmsGateway.disabled == NO)
        row = session.scalar(statement.with_for_update())
        if row is None:
            continue
        row.state, row.state_since = now.state, now.since
        for column, value in reason_columns(now.reason).items():
            setattr(row, column, value)
        if now.balance_at is not None:
            row.balance, row.balance_at = now.balance, now.balance_at
        _alarm(session, row, now, at)
        _alarm_passed_over(session, row, now, passing, at)
        _alarm_full(session, row, now, passing, at)
        _announce(session, row, passing)


def _alarm(session: Session, row: SmsGateway, now: Live, at: datetime) -> None:
    subject = str(row.id)
    if now.down:
        details = {"gateway": row.name, **reason_columns(now.reason)}
        raise_alarm(session, Trouble(AlarmKind.GATEWAY_DOWN, subject, details), at)
    elif now.state in _KNOWN:
        clear_alarm(session, AlarmKind.GATEWAY_DOWN, subject, at)
    if now.balance_at is None:
        return
    low = row.balance_low is not None and row.balance is not None and row.balance < row.balance_low
    details = {"gateway": row.name, "balance": row.balance}
    keep_alarm(session, Trouble(AlarmKind.BALANCE_LOW, subject, details), low, at)


def _alarm_passed_over(session: Session, row: SmsGateway, now: Live, passing: Passing, at: datetime) -> None:
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


def _put(row: SmsGateway, made: SetUp, box: SecretBox) -> None:
    arranged: Arrangement = made.arrangement
    for name in _PLAIN:
        setattr(row, name, getattr(arranged, name))
    row.counting = arranged.counting.value
    row.prefixes = " ".join(arranged.prefixes)
    row.purposes = " ".join(purpose.value for purpose in arranged.purposes)
    row.settings, row.secrets = dict(made.options), box.seal(made.secrets)


def _told(made: SetUp, before: SetUp | None = None) -> dict[str, Any]:
    """What the audit log tells of a gateway: which secrets it has, or that they changed, not what they are. The
    settings of its kind are ``options.NAME`` there: what any gateway has may be called the same.
    """
    told = made.arrangement.model_dump(mode="json") | _options_told(made.options) | {"kind": made.kind.value}
    changed = before is not None and dict(before.secrets) != dict(made.secrets)
    return told | {"secrets": "changed" if changed else "kept"}


def _options_told(options: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, value in options.items():
        parts = {f"{name}.{part}": inner for part, inner in value.items()} if isinstance(value, dict) else {name: value}
        told |= {f"{OPTION}{part}": inner for part, inner in parts.items()}
    return told


def _require_name(session: Session, name: str, gateway_id: int | None) -> None:
    others = select(SmsGateway.id).where(SmsGateway.name == name, SmsGateway.id != (gateway_id or 0))
    if session.scalar(others.limit(1)) is not None:
        raise InvalidError(NOT_ACCEPTED, {"name": N_("Another gateway has this name.")})


def _announce(session: Session, row: SmsGateway, passing: Passing) -> None:
    session.flush()
    announce(session, GatewayUpdated(str(row.id), gateway_view(row, passing), Audience("gateways.view")))


def _alarm_full(session: Session, row: SmsGateway, now: Live, passing: Passing, at: datetime) -> None:
    """Until it has told, and while it is away, nobody knows: the alarm stays as it is."""
    if now.state not in _KNOWN or (passing.storage is None and now.state != "out_of_service"):
        return
    full = passing.storage is not None and passing.storage.is_full
    keep_alarm(session, Trouble(AlarmKind.GATEWAY_FULL, str(row.id), {"gateway": row.name}), full, at)
