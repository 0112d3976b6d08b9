"""What receipts make of parts, written down: of all that are told the same by one statement.

Whatever is told first, a part comes to the same: a delivery is the last word, and nothing goes back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

from sqlalchemy import bindparam, func, update
from sqlalchemy.orm import Session

from callcenter.messaging.outbox.attempts import ATTEMPT, in_state, plain
from callcenter.messaging.outbox.parked import clean_words
from callcenter.messaging.vocabulary import PartState
from protocols.sms import Fate
from storage.bulk import Keyed
from storage.many import Changes

T = TypeVar("T")

Saying = tuple[Fate, str, str]
"""What a receipt says: the fate, with the gateway's code and words."""
_COLUMNS = ATTEMPT.c
_FATES: Mapping[Fate, tuple[PartState, tuple[PartState, ...]]] = MappingProxyType(
    {
        Fate.DELIVERED: (
            PartState.DELIVERED,
            tuple(one for one in PartState if one not in (PartState.DELIVERED, PartState.UNSENT)),
        ),
        Fate.FAILED: (
            PartState.FAILED,
            (PartState.SENDING, PartState.ACCEPTED, PartState.UNKNOWN, PartState.GIVEN_UP, PartState.UNCERTAIN),
        ),
        Fate.UNCERTAIN: (
            PartState.UNCERTAIN,
            (PartState.SENDING, PartState.ACCEPTED, PartState.UNKNOWN, PartState.GIVEN_UP),
        ),
        Fate.UNDER_WAY: (PartState.ACCEPTED, (PartState.SENDING, PartState.UNKNOWN, PartState.GIVEN_UP)),
    }
)
"""Fate → the state that a part is in by it, and the states that it may have been in before."""


def _values(state: PartState) -> dict[str, Any]:
    return {
        "state": plain(state),
        "code": bindparam("new_code", type_=_COLUMNS.code.type),
        "words": bindparam("new_words", type_=_COLUMNS.words.type),
        "final_at": bindparam("at", type_=_COLUMNS.final_at.type),
    }


def _telling(state: PartState, before: Sequence[PartState]) -> Keyed:
    return Keyed(lambda among: update(ATTEMPT).where(among(_COLUMNS.id), in_state(*before)).values(**_values(state)))


def _naming(state: PartState, before: Sequence[PartState]) -> Changes:
    return Changes(
        {"part": _COLUMNS.id.type, "ref": _COLUMNS.gateway_ref.type},
        lambda given: (
            update(ATTEMPT)
            .where(_COLUMNS.id == given["part"], in_state(*before))
            .values(gateway_ref=func.coalesce(_COLUMNS.gateway_ref, given["ref"]), **_values(state))
        ),
    )


_TELLING = MappingProxyType({fate: _telling(state, before) for fate, (state, before) in _FATES.items()})
_NAMING = MappingProxyType({fate: _naming(state, before) for fate, (state, before) in _FATES.items()})


def write_fates(session: Session, told: Sequence[tuple[Saying, int]], now: datetime) -> None:
    """Write down what receipts say of parts, by their ids."""
    for (fate, code, words), keys in _alike(told):
        _TELLING[fate].run(session, keys, _common(fate, code, words, now))


def write_names(session: Session, told: Sequence[tuple[Saying, tuple[int, str]]], now: datetime) -> None:
    """``write_fates`` for parts that had no name: each with the one that the receipt has for it, if it has any."""
    for (fate, code, words), parts in _alike(told):
        _NAMING[fate].run(session, [(part, ref or None) for part, ref in parts], _common(fate, code, words, now))


def _alike(told: Sequence[tuple[Saying, T]]) -> list[tuple[Saying, list[T]]]:
    found: dict[Saying, list[T]] = defaultdict(list)
    for saying, part in told:
        found[saying].append(part)
    return [*found.items()]


def _common(fate: Fate, code: str, words: str, now: datetime) -> dict[str, Any]:
    code, words = clean_words(code, words)
    return {"new_code": code, "new_words": words, "at": None if fate is Fate.UNDER_WAY else now}
