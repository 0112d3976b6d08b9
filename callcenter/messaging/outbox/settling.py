"""Writes down what gateways say of parts, and what follows for their messages: a turn of it in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import String, bindparam, null, select, update
from sqlalchemy.orm import Session

from callcenter.messaging.batches.refusals import halt_refused
from callcenter.messaging.outbox.attempts import ATTEMPT, TOLD_BY_NUMBER, Key, in_state, plain, read_key
from callcenter.messaging.outbox.concluding import conclude
from callcenter.messaging.outbox.parked import anything_parked, clean_words, unpark
from callcenter.messaging.outbox.receipts import Told, settle_receipts
from callcenter.messaging.outbox.references import canonical_ref
from callcenter.messaging.vocabulary import PartState
from protocols.sms import (
    GatewaySignal,
    PartAccepted,
    PartRefused,
    PartUnknown,
    PartUnsent,
    ReceiptArrived,
    Refusal,
)
from storage.bulk import Keyed
from storage.many import Changes, Given
from storage.models import SmsGateway
from storage.models.base import table_of

_GATEWAY = table_of(SmsGateway)
_COLUMNS = ATTEMPT.c

_REFUSED: Mapping[Refusal, PartState] = MappingProxyType(
    {Refusal.LATER: PartState.LATER, Refusal.NEVER: PartState.REFUSED, Refusal.GATEWAY: PartState.ELSEWHERE}
)


class Heard(NamedTuple):
    """What a gateway reported."""

    gateway_id: int
    signal: GatewaySignal


class _Answer(NamedTuple):
    """What became of a part by any answer but that it was accepted."""

    message: int
    attempt: int
    position: int
    state: str
    code: str = ""
    words: str = ""


def _the_part(given: Given) -> tuple[Any, ...]:
    return (
        _COLUMNS.message_id == given["message"],
        _COLUMNS.attempt == given["attempt"],
        _COLUMNS.position == given["position"],
        in_state(PartState.SENDING, PartState.UNKNOWN, PartState.GIVEN_UP),
    )


_KEY = {"message": _COLUMNS.message_id.type, "attempt": _COLUMNS.attempt.type, "position": _COLUMNS.position.type}
_ACCEPTED = Changes(
    {**_KEY, "ref": _COLUMNS.gateway_ref.type},
    lambda given: (
        update(ATTEMPT)
        .where(*_the_part(given))
        .values(
            state=plain(PartState.ACCEPTED), gateway_ref=given["ref"], code=null(), words=null(),
            answered_at=bindparam("at", type_=_COLUMNS.answered_at.type),
        )
    ),
)  # fmt: skip
_ANSWERED = Changes(
    {**_KEY, "state": String(), "code": _COLUMNS.code.type, "words": _COLUMNS.words.type},
    lambda given: (
        update(ATTEMPT)
        .where(*_the_part(given))
        .values(
            state=given["state"], gateway_ref=null(), code=given["code"], words=given["words"],
            answered_at=bindparam("at", type_=_COLUMNS.answered_at.type),
        )
    ),
)  # fmt: skip
_GATEWAYS = Keyed(
    lambda among: (
        select(_GATEWAY.c.id).where(among(_GATEWAY.c.id)).order_by(_GATEWAY.c.id).with_for_update(key_share=True)
    )
)
_DOUBTFUL = Keyed(
    lambda among: select(_COLUMNS.gateway_id, _COLUMNS.number).where(
        among(_COLUMNS.message_id),
        in_state(*TOLD_BY_NUMBER),
        _COLUMNS.gateway_ref.is_(None),
    )
)


def _refused(signal: PartRefused) -> tuple[str, str, str]:
    return _REFUSED[signal.refusal].value, *clean_words(signal.code, signal.words)


def _unknown(signal: PartUnknown) -> tuple[str, str, str]:
    return PartState.UNKNOWN.value, *clean_words("", str(signal.reason))


def _unsent(_: PartUnsent) -> tuple[str, str, str]:
    return PartState.UNSENT.value, "", ""


_OTHERS: Mapping[type[GatewaySignal], Callable[[Any], tuple[str, str, str]]] = MappingProxyType(
    {PartRefused: _refused, PartUnknown: _unknown, PartUnsent: _unsent}
)
ANSWERS = frozenset({PartAccepted, *_OTHERS})
"""The signals that say what became of a part that was handed over."""


def settle(session: Session, heard: Sequence[Heard], now: datetime) -> None:
    """Write answers and receipts down, in this order: a receipt may have overtaken the answer it belongs to."""
    gateways = {one.gateway_id for one in heard}
    hold_gateways(session, gateways)
    # One answer for each part: of several the first that is one, as if they had been written one after the other.
    accepted: dict[Key, str | None] = {}
    named: dict[int, list[str]] = {gateway: [] for gateway in gateways}
    others: dict[Key, _Answer] = {}
    told: list[Told] = []
    for gateway, signal in heard:
        if isinstance(signal, PartAccepted):
            ref = canonical_ref(signal.gateway_id)
            if ref == accepted.setdefault(read_key(signal.key), ref) and ref is not None:
                named[gateway].append(ref)
        elif isinstance(signal, ReceiptArrived):
            told.append((gateway, signal))
        elif (read := _OTHERS.get(type(signal))) is not None:
            key = read_key(signal.key)  # type: ignore[attr-defined]
            if key not in others or others[key].state == PartState.UNKNOWN.value:
                others[key] = _Answer(*key, *read(signal))
    _ACCEPTED.run(session, [(*key, ref) for key, ref in accepted.items()], {"at": now})
    _ANSWERED.run(session, list(others.values()), {"at": now})
    touched = {key[0] for key in (*accepted, *others)}
    # Receipts that waited because something was being sent to their number may be for what is in doubt there, or was
    # taken without a name.
    parked = [gateway for gateway in gateways if anything_parked(session, gateway)]
    matched = unpark(session, {key: named[key] for key in parked}, doubtful(session, touched)) if parked else []
    touched |= settle_receipts(session, told, matched, now)
    halt_refused(session, conclude(session, sorted(touched), now), now)


def hold_gateways(session: Session, gateways: Iterable[int]) -> None:
    """Lock the gateways until the commit. Whoever changes their parts and messages does this first: two transactions
    that change the same ones, or park and take out the same receipts, could otherwise wait for each other.

    The key is not locked: a claim writes rows that refer to it, and need not wait.
    """
    _GATEWAYS.hold(session, sorted(gateways))


def doubtful(session: Session, ids: Iterable[int]) -> dict[int, set[str]]:
    """Gateway → numbers of the parts of these messages whose fate is told by their number."""
    found: dict[int, set[str]] = {}
    for gateway, number in _DOUBTFUL.rows(session, sorted(set(ids))):
        found.setdefault(gateway, set()).add(number)
    return found
