"""What becomes of a message, whatever becomes of its parts in whatever order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.messaging.outbox.outcome import Tried, long_pause_after, missing, pause_after, standing, verdict
from callcenter.messaging.vocabulary import MessageState, PartState
from tests.peers.call_center import NOW

MAY_HAVE_GONE = {
    PartState.SENDING,
    PartState.ACCEPTED,
    PartState.DELIVERED,
    PartState.FAILED,
    PartState.UNKNOWN,
    PartState.UNCERTAIN,
}
P = PartState


def parts(*states: PartState, attempt: int = 1, gateway: int = 1) -> list[Tried]:
    return [
        Tried(attempt, position, len(states), gateway, state, reference=9) for position, state in enumerate(states, 1)
    ]


@st.composite
def histories(draw: st.DrawFn) -> list[Tried]:
    total = draw(st.integers(1, 4))
    found: list[Tried] = []
    for attempt in range(1, draw(st.integers(1, 3)) + 1):
        tried = [position for position in range(1, total + 1) if attempt == 1 or draw(st.booleans())]
        found += [
            Tried(attempt, position, total, draw(st.integers(1, 2)), draw(st.sampled_from(P))) for position in tried
        ]
    return found


@given(histories())
def test_nothing_that_may_have_gone_out_is_queued_again(tried: list[Tried]) -> None:
    now = {position: one.state for position, one in standing(tried).items()}
    found = verdict(tried)
    if found.state is MessageState.DELIVERED:
        assert set(now.values()) == {PartState.DELIVERED}
    if found.state is MessageState.QUEUED:
        assert PartState.UNKNOWN not in now.values()
        assert PartState.SENDING not in now.values()
        wanted = missing(tried, NOW)
        again = set(wanted.positions) if wanted.pinned is not None else set(now)
        assert again
        assert not {position for position in again if now[position] in MAY_HAVE_GONE}
    if PartState.SENDING in now.values():
        assert found.state is MessageState.SENDING


@given(histories(), st.integers(1, 4))
def test_a_delivery_never_makes_it_worse(tried: list[Tried], place: int) -> None:
    told = [
        one if one.position != place else Tried(one.attempt, place, one.total, one.gateway_id, PartState.DELIVERED)
        for one in tried
    ]
    if verdict(tried).state is MessageState.DELIVERED:
        assert verdict(told).state is MessageState.DELIVERED


@pytest.mark.parametrize(
    ("tried", "state", "reason"),
    [
        (parts(P.ACCEPTED, P.SENDING), "sending", ""),
        (parts(P.ACCEPTED, P.DELIVERED), "accepted", ""),
        (parts(P.DELIVERED, P.FAILED), "failed", "not_delivered"),
        (parts(P.ACCEPTED, P.REFUSED), "failed", "partly"),
        (parts(P.REFUSED), "failed", "refused"),
        (parts(P.ELSEWHERE), "queued", "gateway_refused"),
        (parts(P.ACCEPTED, P.ELSEWHERE), "failed", "partly"),
        (parts(P.ACCEPTED, P.LATER), "queued", "refused_later"),
        (parts(P.UNSENT, P.UNSENT), "queued", "unsent"),
        (parts(P.UNKNOWN, P.LATER), "unknown", "no_answer"),
        (parts(P.UNCERTAIN), "unknown", "uncertain"),
        (parts(P.GIVEN_UP), "queued", "resent"),
        ([*parts(P.DELIVERED, P.GIVEN_UP), Tried(2, 2, 2, 1, P.DELIVERED)], "delivered", ""),
    ],
)
def test_what_parts_say(tried: list[Tried], state: str, reason: str) -> None:
    found = verdict(tried)
    assert (found.state, found.reason) == (state, reason)


def test_missing_parts_follow_where_the_others_went() -> None:
    found = missing(parts(P.ACCEPTED, P.LATER, P.UNSENT), NOW)
    assert (found.attempt, found.pinned, found.reference, set(found.positions)) == (2, 1, 9, {2, 3})
    assert missing(parts(P.LATER, P.LATER), NOW).pinned is None


def test_who_refused_is_asked_again_after_a_while() -> None:
    refused = [Tried(1, 1, 1, 7, P.ELSEWHERE, at=NOW)]
    assert set(missing(refused, NOW).refused) == {7}
    assert not missing(refused, NOW + timedelta(minutes=11)).refused


def test_pauses_grow_to_a_limit() -> None:
    assert [pause_after(count).total_seconds() for count in (1, 2, 6, 99)] == [5, 15, 300, 300]
    assert [long_pause_after(count).total_seconds() / 60 for count in (1, 2, 9)] == [10, 20, 120]
