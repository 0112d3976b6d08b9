"""Showing a ringing call to agents: what ``routing`` decides, read from and written to the database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from callcenter.clock import is_told_as
from callcenter.events import CallRinging
from callcenter.telephony.announce import announce_call, announce_line
from callcenter.telephony.candidates import (
    available_agents,
    bound_agents,
    group_of,
    last_agent,
    move_turn,
    take_turn,
)
from callcenter.telephony.line_context import LineContext
from callcenter.telephony.routing import NEW, Caller, Offer, Why, next_offer
from callcenter.telephony.views import Facts
from storage.models import CallOffer, CallRecord
from storage.models.base import table_of
from storage.prepared import Prepared
from storage.queries.calls import load_line, record_in, update_call
from storage.queries.offers import insert_offers

_TELLS_CALLERS = "caller_id"
_ONLY_BOUND = (None, Why.BOUND)
"""Why a call rings where, with somebody bound to its line, nobody else is asked."""
_CALL, _OFFER = table_of(CallRecord), table_of(CallOffer)
_LOCK_CALL = Prepared(
    select(_CALL)
    .where(
        _CALL.c.id == bindparam("key"),
        _CALL.c.state == "ringing",
        _CALL.c.direction == "in",
        _CALL.c.agent_id.is_(None),
    )
    .with_for_update()
)
_OFFERS = Prepared(
    select(_OFFER.c.user_id, _OFFER.c.closed_at, _OFFER.c.let_ring).where(_OFFER.c.call_id == bindparam("key"))
)


def first_offer(session: Session, call: CallRecord, line: LineContext, at: datetime) -> list[int]:
    """Whom a new call is to be shown to, by id; notes on ``call``, which is not written yet, why and until when."""
    offer = _decide(session, call, line, NEW, at)
    call.offer_why, call.offered_until = offer.why or "", offer.until
    return sorted(offer.agents)


def route_call(session: Session, call_id: int, line: LineContext, at: datetime, over: datetime | None = None) -> None:
    """Offer an unclaimed ringing call to whom it belongs at ``at``, and tell of it; nothing where nothing changes.

    The offer that was to end at ``over``, as an event tells it, has had its time: ``at`` may be before, if the wall was
    set back. Its row is ours until the commit, so a claim comes before or after.
    """
    row = _LOCK_CALL.first(session, {"key": call_id})
    if row is None:
        return
    call = record_in(CallRecord, _LOCK_CALL, row)
    new = reroute(session, call, line, at, over)
    if new is None:
        return
    announce_call(session, CallRinging, call, known=Facts(line.name))
    if new:
        # They have not heard yet what the line can do.
        announce_line(session, load_line(session, line.line_id), line, call_id=call.id)


def reroute(
    session: Session, call: CallRecord, line: LineContext, at: datetime, over: datetime | None = None
) -> frozenset[int] | None:
    """What ``route_call`` does for a call whose row is ours already; tells nobody.

    Gives the agents to whom it was not offered before, None where nothing changes.
    """
    rows = _OFFERS.all(session, {"key": call.id})
    present = Offer(
        frozenset(user_id for user_id, closed_at, _ in rows if closed_at is None),
        Why(call.offer_why) if call.offer_why else None,
        _end(call.offered_until, at, over),
        frozenset(user_id for user_id, _, let_ring in rows if let_ring),
    )
    after = _decide(session, call, line, present, at)
    if after == present:
        return None
    _write(session, call.id, frozenset(row[0] for row in rows), present, after, at)
    if (after.why, after.until) != (present.why, present.until):
        update_call(session, call, {"offer_why": after.why or "", "offered_until": after.until})
    return after.agents - present.agents


def _end(until: datetime | None, at: datetime, over: datetime | None) -> datetime | None:
    """When the present offer ends: now at the latest, if it is the one that is ``over``."""
    return min(until, at) if until is not None and over is not None and is_told_as(until, over) else until


def _decide(session: Session, call: CallRecord, line: LineContext, present: Offer, at: datetime) -> Offer:
    stored = group_of(session, line.line_id)
    group = None if stored is None else take_turn(session, stored)
    wanted = group is not None and group.prefers_last
    awaited = not (call.number or call.number_absent) and _TELLS_CALLERS in line.capabilities
    caller = Caller(last_agent(session, call.patient_id) if wanted else None, awaited)
    bound = bound_agents(session, line) if stored is None and present.why in _ONLY_BOUND else []
    available = bound or available_agents(session, line, stored, call.id or 0)
    offer = next_offer(group, available, caller, present, at)
    if stored is not None and offer.why is Why.ROUND_ROBIN and offer != present:
        move_turn(session, stored, next(iter(offer.agents)))
    return offer


def _write(session: Session, call_id: int, known: frozenset[int], before: Offer, after: Offer, at: datetime) -> None:
    insert_offers(session, call_id, sorted(after.agents - known))
    late = after.let_ring - before.let_ring
    _change(session, call_id, late - after.agents, closed_at=at, let_ring=True)
    _change(session, call_id, late & after.agents, let_ring=True)
    _change(session, call_id, before.agents - after.agents - late, closed_at=at)
    _change(session, call_id, (after.agents & known) - before.agents, closed_at=None)


def _change(session: Session, call_id: int, user_ids: frozenset[int], **values: object) -> None:
    if user_ids:
        mine = update(_OFFER).where(_OFFER.c.call_id == call_id, _OFFER.c.user_id.in_(sorted(user_ids)))
        session.execute(mine.values(**values))
