"""Whose pages show a ringing call, why, and until when: the rules alone, without database or reactor.

1. An agent who is bound to the line and available is rung alone. Whoever is not there is not waited for; whoever lets
   it ring for the group's time loses it to the group. On a line without a group it stays theirs.
2. Where the group prefers the agent who last talked with the patient, that agent is next, if available. For that it has
   to be known who calls: a line that tells the number after the first ring is waited for, ``CALLER_SECONDS`` at most.
3. Then the group's rule: everybody at once, or one agent after the other, ``seconds`` each. Whoever let the call ring
   is passed over. Whoever is being rung alone for another call is not rung for this one, too.
4. When nobody is left who has not been tried, it is everybody's until it ends, those who let it ring included.
5. While nobody is available it is nobody's, and goes to whoever becomes available.
6. A line without a group rings for everybody who is available.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

CALLER_SECONDS = 4
"""Longest wait for the number, which comes between the first ring and the second."""


class Rule(StrEnum):
    """How a group shares its calls."""

    ALL = "all"
    LONGEST_IDLE = "longest_idle"
    ROUND_ROBIN = "round_robin"


class Why(StrEnum):
    """Why a call is shown to those to whom it is shown."""

    BOUND = "bound"
    LAST_AGENT = "last_agent"
    LONGEST_IDLE = "longest_idle"
    ROUND_ROBIN = "round_robin"
    GROUP = "group"
    UNTAKEN = "untaken"
    """Everybody was tried."""
    EVERYONE = "everyone"
    """The line has no group."""
    NOBODY = "nobody"
    """Nobody is available, or everybody is just being rung for another call."""
    NUMBER = "number"
    """The number is about to come, and may decide."""


class Agent(NamedTuple):
    """Somebody who is available. ``place`` is 1 for who has been so for the longest.

    ``bound`` to the line; a ``member`` of its group; ``rung`` alone for another call at this moment. A tuple, because a
    ring may make hundreds.
    """

    id: int
    place: int = 0
    bound: bool = False
    member: bool = True
    rung: bool = False


@dataclass(frozen=True)
class Group:
    """What a group wants. ``turn`` is the agent to whom round robin offered last."""

    rule: Rule
    seconds: int
    prefers_last: bool = False
    turn: int | None = None


@dataclass(frozen=True)
class Caller:
    """Who calls: the ``last_agent`` they talked with; ``awaited`` while the line may still tell the number."""

    last_agent: int | None = None
    awaited: bool = False


@dataclass(frozen=True)
class Offer:
    """The agents whose pages show the call. ``until`` is when it goes on, None for never by itself.

    ``let_ring`` are all who were there and did not take it. ``why`` is None for a call that was offered to nobody yet.
    """

    agents: frozenset[int] = frozenset()
    why: Why | None = None
    until: datetime | None = None
    let_ring: frozenset[int] = frozenset()


NEW = Offer()


def next_offer(group: Group | None, available: Sequence[Agent], caller: Caller, present: Offer, now: datetime) -> Offer:
    """What follows ``present`` at ``now``; ``present`` itself where nothing changes.

    ``available`` has the members of the group and the agents bound to the line; without a group all agents.
    """
    here = _ids(available)
    if present.until is not None:
        if now < present.until and _goes_on(present, here, caller):
            return present
        late = present.agents & here if now >= present.until else frozenset()
        return _choose(group, available, caller, replace(present, let_ring=present.let_ring | late), now)
    if present.why in _FOR_MANY:
        joining = here if present.why is Why.UNTAKEN else here - present.let_ring
        return replace(present, agents=present.agents | joining)
    if present.why is Why.BOUND and present.agents & here:
        return replace(present, agents=present.agents | _ids(one for one in available if one.bound))
    return _choose(group, available, caller, present, now)


_FOR_MANY = frozenset({Why.GROUP, Why.UNTAKEN, Why.EVERYONE})


def _goes_on(present: Offer, here: frozenset[int], caller: Caller) -> bool:
    return caller.awaited if present.why is Why.NUMBER else bool(present.agents & here)


def _choose(group: Group | None, available: Sequence[Agent], caller: Caller, past: Offer, now: datetime) -> Offer:
    def offer(why: Why, agents: Iterable[Agent] = (), seconds: int | None = None) -> Offer:
        until = None if seconds is None else now + timedelta(seconds=seconds)
        return Offer(_ids(agents), why, until, past.let_ring)

    bound = [one for one in available if one.bound and one.id not in past.let_ring]
    if bound:
        return offer(Why.BOUND, bound, None if group is None else group.seconds)
    if group is None:
        return offer(Why.EVERYONE if available else Why.NOBODY, available)
    if group.prefers_last and caller.awaited and past.why is None:
        return offer(Why.NUMBER, seconds=CALLER_SECONDS)
    members = [one for one in available if one.member]
    untried = [one for one in members if one.id not in past.let_ring]
    free = [one for one in untried if not one.rung]
    last = [one for one in free if group.prefers_last and one.id == caller.last_agent]
    if last:
        return offer(Why.LAST_AGENT, last, group.seconds)
    if members and group.rule is Rule.ALL:
        return offer(Why.GROUP, members)
    if not untried:
        return offer(Why.UNTAKEN if available else Why.NOBODY, available)
    if not free:
        return offer(Why.NOBODY)
    order = _ORDERS[group.rule]
    return offer(Why(group.rule.value), [min(free, key=lambda one: order(one, group.turn or 0))], group.seconds)


def _ids(agents: Iterable[Agent]) -> frozenset[int]:
    return frozenset(one.id for one in agents)


_ORDERS: Mapping[Rule, Callable[[Agent, int], tuple[int, int]]] = MappingProxyType(
    {
        Rule.LONGEST_IDLE: lambda agent, _: (agent.place, agent.id),
        # First those after whoever was last, by id, then round from the beginning.
        Rule.ROUND_ROBIN: lambda agent, turn: (int(agent.id <= turn), agent.id),
    }
)
