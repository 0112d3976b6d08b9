"""Gateways as rows: made, changed and removed with audit and event; what they are now written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.last_edit import last_edit
from callcenter.administration.principal import Principal
from callcenter.administration.writing import CHANGED_MEANWHILE, NOT_ACCEPTED
from callcenter.errors import ConflictError, InvalidError, NotFoundError
from callcenter.events import Audience, GatewayRemoved
from callcenter.messaging.gateways.alarms import clear_alarms, keep_alarms
from callcenter.messaging.gateways.live import NOTHING_NOW, Live, Passing
from callcenter.messaging.gateways.secret_box import SecretBox
from callcenter.messaging.gateways.settings import OPTION, Arrangement, SetUp
from callcenter.messaging.gateways.views import PLAIN, GatewayView, arrangement_of, gateway_view, tell_gateway
from callcenter.telephony.announce import announce
from callcenter.telephony.line_words import reason_columns
from callcenter.text import N_
from storage.models import SmsGateway
from storage.models.base import NO


@dataclass(frozen=True)
class Kept:
    """A gateway as it stands in the database, secrets sealed."""

    gateway_id: int
    kind: str
    arrangement: Mapping[str, Any]
    options: Mapping[str, Any]
    sealed: str


def missing(gateway_id: int) -> NotFoundError:
    """There is no such gateway, or no more."""
    return NotFoundError(N_("There is no such gateway."), gateway_id=gateway_id)


def load_kept(session: Session) -> list[Kept]:
    """Every gateway that was not removed."""
    return [_kept(row) for row in session.scalars(_present().order_by(SmsGateway.id))]


def find_kept(session: Session, gateway_id: int) -> Kept:
    """One of them; NotFoundError without it."""
    return _kept(_found(session, gateway_id))


def show_kept(session: Session, gateway_id: int, passing: Passing) -> tuple[GatewayView, Kept]:
    """One of them with its view, at one moment; NotFoundError without it."""
    row = _found(session, gateway_id)
    return gateway_view(row, passing), _kept(row)


def _present() -> Select[SmsGateway]:
    return select(SmsGateway).where(SmsGateway.disabled == NO)


def _found(session: Session, gateway_id: int) -> SmsGateway:
    row = session.scalar(_present().where(SmsGateway.id == gateway_id))
    if row is None:
        raise missing(gateway_id)
    return row


def _kept(row: SmsGateway) -> Kept:
    return Kept(row.id, row.kind, arrangement_of(row), dict(row.settings or {}), row.secrets)


def make_gateway_row(session: Session, principal: Principal, made: SetUp, box: SecretBox, at: datetime) -> Kept:
    """Write a new gateway down."""
    _require_name(session, made.arrangement.name, None)
    row = SmsGateway(kind=made.kind.value, state="stopped", state_since=at, version=1)
    _put(row, made, box)
    session.add(row)
    session.flush()
    record_audit(session, principal, "create", "gateway", row.id, None, _told(made), at)
    tell_gateway(session, row, NOTHING_NOW)
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
) -> None:
    """Write a gateway down as it is to be; ConflictError when it has another ``version`` by now."""
    row = _locked_version(session, gateway_id, version, passing)
    _require_name(session, after.arrangement.name, gateway_id)
    _put(row, after, box)
    row.version += 1
    record_audit(session, principal, "edit", "gateway", row.id, _told(before), _told(after, before), at)
    tell_gateway(session, row, passing)


def remove_gateway_row(session: Session, principal: Principal, gateway_id: int, version: int, at: datetime) -> None:
    """Take a gateway away. Its messages keep it; its secrets are gone, and its name is free again."""
    row = _locked_version(session, gateway_id, version, NOTHING_NOW)
    name = row.name
    row.disabled, row.in_service, row.secrets, row.state = True, False, "", "stopped"
    row.name = f"{name[:28]} ({row.id})"
    row.version += 1
    clear_alarms(session, row.id, at)
    record_audit(session, principal, "remove", "gateway", row.id, {"name": name}, None, at)
    announce(session, GatewayRemoved(str(row.id), {"id": row.id, "name": name}, Audience("gateways.view")))


def _locked_version(session: Session, gateway_id: int, version: int, passing: Passing) -> SmsGateway:
    """The gateway at this ``version``, so that nobody else changes it before this transaction is over. NotFoundError
    without it, ConflictError at another version.
    """
    row = _locked(session, gateway_id)
    if row is None:
        raise missing(gateway_id)
    if row.version != version:
        current = gateway_view(row, passing)
        raise ConflictError(CHANGED_MEANWHILE, current=current, **last_edit(session, "gateway", row.id))
    return row


def _locked(session: Session, gateway_id: int) -> SmsGateway | None:
    """Not so that its key is locked: whoever claims messages writes down what it hands to several gateways, in the
    order of the messages, and would wait here for one while we wait for another.
    """
    statement = _present().where(SmsGateway.id == gateway_id)
    return session.scalar(statement.with_for_update(key_share=True).execution_options(populate_existing=True))


def write_live(session: Session, live: Mapping[int, tuple[Live, Passing]], at: datetime) -> None:
    """Write down what gateways are now, tell it, and open or clear their alarms."""
    for gateway_id, (now, passing) in sorted(live.items()):
        row = _locked(session, gateway_id)
        if row is None:
            continue
        row.state, row.state_since = now.state, now.since
        for column, value in reason_columns(now.reason).items():
            setattr(row, column, value)
        if now.balance_at is not None:
            row.balance, row.balance_at = now.balance, now.balance_at
        keep_alarms(session, row, now, passing, at)
        tell_gateway(session, row, passing)


def _put(row: SmsGateway, made: SetUp, box: SecretBox) -> None:
    arranged: Arrangement = made.arrangement
    for name in PLAIN:
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
