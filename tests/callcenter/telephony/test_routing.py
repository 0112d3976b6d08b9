"""The rules by which a ringing call finds its agents, one table each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.telephony.routing import (
    CALLER_SECONDS,
    NEW,
    Agent,
    Caller,
    Group,
    Offer,
    Rule,
    Why,
    next_offer,
)

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
UNTIL = NOW + timedelta(seconds=15)
ALL, IDLE, TURN = (Group(rule, 15) for rule in Rule)
KNOWN, AWAITED = Caller(), Caller(awaited=True)
A, B, C = Agent(1, place=2), Agent(2, place=1), Agent(3, place=3)
BOUND = Agent(9, place=9, bound=True, member=False)


def offer(*agents: int, why: Why, until: datetime | None = None, let_ring: tuple[int, ...] = ()) -> Offer:
    return Offer(frozenset(agents), why, until, frozenset(let_ring))


def rung(agent: Agent) -> Agent:
    return agent._replace(rung=True)


@pytest.mark.parametrize(
    ("group", "available", "wanted"),
    [
        (None, [A, B], offer(1, 2, why=Why.EVERYONE)),
        (None, [], offer(why=Why.NOBODY)),
        (None, [A, BOUND], offer(9, why=Why.BOUND)),
        (ALL, [A, B], offer(1, 2, why=Why.GROUP)),
        (ALL, [rung(A), B], offer(1, 2, why=Why.GROUP)),
        (ALL, [], offer(why=Why.NOBODY)),
        (ALL, [A, BOUND], offer(9, why=Why.BOUND, until=UNTIL)),
        (IDLE, [A, B, C], offer(2, why=Why.LONGEST_IDLE, until=UNTIL)),
        (IDLE, [A, rung(B), C], offer(1, why=Why.LONGEST_IDLE, until=UNTIL)),
        (IDLE, [rung(A), rung(B)], offer(why=Why.NOBODY)),
        (IDLE, [A, BOUND], offer(9, why=Why.BOUND, until=UNTIL)),
        (TURN, [A, B, C], offer(1, why=Why.ROUND_ROBIN, until=UNTIL)),
        (replace(TURN, turn=1), [A, B, C], offer(2, why=Why.ROUND_ROBIN, until=UNTIL)),
        (replace(TURN, turn=1), [A, C], offer(3, why=Why.ROUND_ROBIN, until=UNTIL)),
        (replace(TURN, turn=3), [A, B, C], offer(1, why=Why.ROUND_ROBIN, until=UNTIL)),
        (replace(TURN, turn=7), [A, B, C], offer(1, why=Why.ROUND_ROBIN, until=UNTIL)),
        (replace(TURN, turn=3), [C], offer(3, why=Why.ROUND_ROBIN, until=UNTIL)),
    ],
)
def test_a_new_call(group: Group | None, available: list[Agent], wanted: Offer) -> None:
    assert next_offer(group, available, KNOWN, NEW, NOW) == wanted


PREFERRING = replace(IDLE, prefers_last=True)


@pytest.mark.parametrize(
    ("group", "available", "caller", "wanted"),
    [
        (PREFERRING, [A, B], Caller(last_agent=1), offer(1, why=Why.LAST_AGENT, until=UNTIL)),
        (PREFERRING, [rung(A), B], Caller(last_agent=1), offer(2, why=Why.LONGEST_IDLE, until=UNTIL)),
        (PREFERRING, [A, B], Caller(last_agent=77), offer(2, why=Why.LONGEST_IDLE, until=UNTIL)),
        (PREFERRING, [A, BOUND], Caller(last_agent=1), offer(9, why=Why.BOUND, until=UNTIL)),
        (PREFERRING, [A], Caller(last_agent=9), offer(1, why=Why.LONGEST_IDLE, until=UNTIL)),
        (IDLE, [A, B], Caller(last_agent=1), offer(2, why=Why.LONGEST_IDLE, until=UNTIL)),
        (replace(ALL, prefers_last=True), [A, B], Caller(last_agent=1), offer(1, why=Why.LAST_AGENT, until=UNTIL)),
        (PREFERRING, [A, B], AWAITED, offer(why=Why.NUMBER, until=NOW + timedelta(seconds=CALLER_SECONDS))),
        (PREFERRING, [A, BOUND], AWAITED, offer(9, why=Why.BOUND, until=UNTIL)),
        (IDLE, [A], AWAITED, offer(1, why=Why.LONGEST_IDLE, until=UNTIL)),
    ],
)  # fmt: skip
def test_the_agent_whom_the_patient_knows(group: Group, available: list[Agent], caller: Caller, wanted: Offer) -> None:
    assert next_offer(group, available, caller, NEW, NOW) == wanted


RINGING_B = offer(2, why=Why.LONGEST_IDLE, until=UNTIL)
LATER = UNTIL + timedelta(seconds=15)


@pytest.mark.parametrize(
    ("group", "available", "present", "now", "wanted"),
    [
        # Goes on for its time and not a moment longer, whoever else comes.
        (IDLE, [A, B], RINGING_B, UNTIL - timedelta(microseconds=1), RINGING_B),
        (IDLE, [A, B], RINGING_B, UNTIL, offer(1, why=Why.LONGEST_IDLE, until=LATER, let_ring=(2,))),
        (IDLE, [B, BOUND], RINGING_B, NOW, RINGING_B),
        # Who left did not let it ring, and may be offered it again.
        (IDLE, [A], RINGING_B, NOW, offer(1, why=Why.LONGEST_IDLE, until=UNTIL)),
        (IDLE, [A], RINGING_B, UNTIL, offer(1, why=Why.LONGEST_IDLE, until=LATER)),
        (IDLE, [], RINGING_B, NOW, offer(why=Why.NOBODY)),
        # All were tried: it is everybody's, for good.
        (IDLE, [B], RINGING_B, UNTIL, offer(2, why=Why.UNTAKEN, let_ring=(2,))),
        (IDLE, [A, B], replace(RINGING_B, agents=frozenset({1}), let_ring=frozenset({2})), UNTIL,
         offer(1, 2, why=Why.UNTAKEN, let_ring=(1, 2))),
        (IDLE, [A, B, C], offer(1, 2, why=Why.UNTAKEN, let_ring=(1, 2)), NOW,
         offer(1, 2, 3, why=Why.UNTAKEN, let_ring=(1, 2))),
        (IDLE, [], offer(1, 2, why=Why.UNTAKEN, let_ring=(1, 2)), NOW, offer(1, 2, why=Why.UNTAKEN, let_ring=(1, 2))),
        # One who is rung elsewhere was not tried: wait for that.
        (IDLE, [rung(A), B], RINGING_B, UNTIL, offer(why=Why.NOBODY, let_ring=(2,))),
        (IDLE, [A, B], offer(why=Why.NOBODY, let_ring=(2,)), NOW,
         offer(1, why=Why.LONGEST_IDLE, until=UNTIL, let_ring=(2,))),
        (IDLE, [B], offer(why=Why.NOBODY, let_ring=(2,)), NOW, offer(2, why=Why.UNTAKEN, let_ring=(2,))),
        # Nobody was there.
        (IDLE, [], offer(why=Why.NOBODY), NOW, offer(why=Why.NOBODY)),
        (ALL, [A], offer(why=Why.NOBODY), NOW, offer(1, why=Why.GROUP)),
        (None, [A], offer(why=Why.NOBODY), NOW, offer(1, why=Why.EVERYONE)),
        (None, [A, B], offer(1, why=Why.EVERYONE), NOW, offer(1, 2, why=Why.EVERYONE)),
        (ALL, [B], offer(1, why=Why.GROUP), NOW, offer(1, 2, why=Why.GROUP)),
        # The bound agent lets it ring, or goes; without a group it stays theirs while they are there.
        (ALL, [A, BOUND], offer(9, why=Why.BOUND, until=UNTIL), UNTIL, offer(1, why=Why.GROUP, let_ring=(9,))),
        (ALL, [BOUND], offer(9, why=Why.BOUND, until=UNTIL), UNTIL, offer(9, why=Why.UNTAKEN, let_ring=(9,))),
        (IDLE, [A], offer(9, why=Why.BOUND, until=UNTIL), NOW, offer(1, why=Why.LONGEST_IDLE, until=UNTIL)),
        (None, [A, BOUND], offer(9, why=Why.BOUND), NOW + timedelta(hours=1), offer(9, why=Why.BOUND)),
        (None, [A], offer(9, why=Why.BOUND), NOW, offer(1, why=Why.EVERYONE)),
        (None, [], offer(9, why=Why.BOUND), NOW, offer(why=Why.NOBODY)),
    ],
)  # fmt: skip
def test_what_follows(
    group: Group | None, available: list[Agent], present: Offer, now: datetime, wanted: Offer
) -> None:
    assert next_offer(group, available, KNOWN, present, now) == wanted


def test_the_number_is_waited_for_once_and_no_longer_than_said() -> None:
    waiting = next_offer(PREFERRING, [A, B], AWAITED, NEW, NOW)
    assert next_offer(PREFERRING, [A, B], AWAITED, waiting, NOW + timedelta(seconds=1)) == waiting
    told = next_offer(PREFERRING, [A, B], Caller(last_agent=1), waiting, NOW)
    assert (told.agents, told.why) == ({1}, Why.LAST_AGENT)
    over = next_offer(PREFERRING, [A, B], AWAITED, waiting, NOW + timedelta(seconds=CALLER_SECONDS))
    assert (over.agents, over.why, over.let_ring) == ({2}, Why.LONGEST_IDLE, frozenset())


agents = st.builds(
    Agent, st.integers(1, 5), st.integers(1, 9), bound=st.booleans(), member=st.booleans(), rung=st.booleans()
)
crowds = st.lists(agents, max_size=5, unique_by=lambda one: one.id)
groups = st.none() | st.builds(
    Group, st.sampled_from(Rule), st.just(15), prefers_last=st.booleans(), turn=st.none() | st.integers(1, 5)
)
callers = st.builds(Caller, st.none() | st.integers(1, 5), st.booleans())


@given(groups, callers, st.lists(st.tuples(crowds, st.integers(0, 20)), min_size=1, max_size=20))
def test_whatever_happens_nobody_is_rung_alone_twice_and_the_same_is_said_twice(
    group: Group | None, caller: Caller, story: list[tuple[list[Agent], int]]
) -> None:
    present, now = NEW, NOW
    for available, seconds in story:
        now += timedelta(seconds=seconds)
        # A group's agents and those who are bound are all that routing is told of.
        available = [one for one in available if group is None or one.member or one.bound]
        after = next_offer(group, available, caller, present, now)
        here = {one.id for one in available}
        assert after.let_ring >= present.let_ring
        assert after.agents - present.agents <= here
        assert after.until is None or not after.agents & after.let_ring
        assert after.until is None or after.until > now
        if here and not after.agents:
            assert after.why in (Why.NUMBER, Why.NOBODY)
        assert next_offer(group, available, caller, after, now) == after
        present = after
