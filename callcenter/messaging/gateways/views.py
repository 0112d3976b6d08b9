"""Gateways as JSON data, and the event that tells of one: one builder for API, page and socket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.clock import iso
from callcenter.events import Audience, GatewayUpdated
from callcenter.messaging.gateways.live import NOTHING_NOW, Passing
from callcenter.telephony.announce import announce
from protocols.sms import StorageTold
from storage.models import SmsGateway
from storage.models.base import NO

GatewayView = dict[str, Any]
PLAIN = (
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
"""What of an ``Arrangement`` stands in a column of the same name as it is."""
_LISTS = ("prefixes", "purposes")


def arrangement_of(row: SmsGateway) -> dict[str, Any]:
    """The arrangement of a gateway as JSON data."""
    lists = {name: getattr(row, name).split() for name in _LISTS}
    return {name: getattr(row, name) for name in PLAIN} | lists


def gateway_view(row: SmsGateway, passing: Passing) -> GatewayView:
    """The gateway as JSON data; nothing of its settings."""
    return {
        "id": row.id,
        "kind": row.kind,
        **arrangement_of(row),
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


def tell_gateway(session: Session, row: SmsGateway, passing: Passing) -> None:
    """Tell the present state of a gateway."""
    session.flush()
    announce(session, GatewayUpdated(str(row.id), gateway_view(row, passing), Audience("gateways.view")))
