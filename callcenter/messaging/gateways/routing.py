"""Which gateway takes a message. Pure: gateways as they are now, a message, and the answer with its reason."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from callcenter.messaging.texts.segments import Wording, can_carry
from callcenter.messaging.vocabulary import OF_THE_HOUSE, Purpose, Reason


@dataclass(frozen=True)
class Route:
    """A gateway as routing sees it. ``prefixes`` and ``purposes`` empty: any. ``cost`` of a part in thousandths of a
    yuan. ``room``: parts that it takes now. ``number`` is the one that the patient sees; ``picks_sender``: another can
    be chosen.

    ``throttled``: it has been saying "not now" for so long that others are to take over; with ``on_trial`` one message
    finds out whether it takes any again.
    """

    gateway_id: int
    prefixes: tuple[str, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    priority: int = 5
    cost: int = 0
    in_service: bool = True
    ready: bool = True
    room: int = 0
    wording: Wording = field(default_factory=Wording)
    receipts: bool = False
    number: str = ""
    picks_sender: bool = False
    throttled: bool = False
    on_trial: bool = False

    def takes(self, number: str, purpose: Purpose) -> bool:
        """Whether it is set up for such a message."""
        national = _national(number)
        fits = not self.prefixes or any(number.startswith(one) or national.startswith(one) for one in self.prefixes)
        # A test is for whatever gateway it is meant for; an alarm is not to wait because nobody ticked a box for it.
        suits = not self.purposes or purpose in self.purposes or purpose in OF_THE_HOUSE
        return purpose is Purpose.TEST or (fits and suits)

    def is_covered_by(self, other: Route) -> bool:
        """Whether ``other`` is set up for whatever this one is, and carries whatever it carries."""
        if not other.wording.carries_all_of(self.wording):
            return False
        pairs = ((self.prefixes, other.prefixes), (self.purposes, other.purposes))
        return all(not theirs or (ours and set(ours) <= set(theirs)) for ours, theirs in pairs)


class Wanted(NamedTuple):
    """A message that looks for a gateway. ``only``: it must be this one. ``rather``: the conversation's, which the
    patient knows. ``refused``: gateways that said no to it; ``put_off``: those that said not now; ``unable``: those
    that cannot carry its text.
    """

    number: str
    purpose: Purpose
    only: int | None = None
    rather: int | None = None
    refused: Collection[int] = ()
    put_off: Collection[int] = ()
    unable: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Chosen:
    """It goes to ``route``."""

    route: Route


@dataclass(frozen=True)
class Waits:
    """No gateway takes it now. ``soon``: one is ready and only full, so there is room in a moment. ``never``: every
    gateway that is set up for it has refused it, or it must go by one that refused. ``unable``: none that is set up
    for it can carry its text, not this one either, which would come first; why tells the text. ``later``: others
    cannot carry its text, and those that can are out of service, of which this one would come first.
    """

    reason: Reason = Reason.NO_GATEWAY
    soon: bool = False
    never: bool = False
    unable: Route | None = None
    later: Route | None = None


def choose(routes: Iterable[Route], wanted: Wanted, room: Mapping[int, int]) -> Chosen | Waits:
    """The gateway for a message. ``room``: what each takes still.

    Those that are set up for its number and purpose, in service, can carry it and have not refused it; of these the
    conversation's own, then by priority, longest prefix, cost and id. The first that is ready takes it, or it waits for
    room there: one that is only full for a moment does not send patients to a dearer one. One that is throttled for
    long does, if there is another; if all are, they are waited for as if none were, but for the one message that finds
    out. If none is ready it waits, also for one that is out of service where no other can carry it.
    """
    meant = [route for route in routes if _is_set_up(route, wanted)]
    able = [route for route in meant if route.gateway_id not in wanted.unable]
    serving = [route for route in able if route.in_service]
    if not serving:
        return _carried_by_nobody([route for route in meant if route.in_service], able, wanted)
    left = [route for route in serving if route.gateway_id not in wanted.refused]
    if not left:
        return Waits(Reason.GATEWAY_REFUSED, never=True)
    ready = [route for route in left if route.ready]
    if not ready:
        return Waits()
    steady = [route for route in ready if not route.throttled]
    # What it put off before has waited long enough to find out, where another takes it; else it may be all there is.
    spared = wanted.put_off if steady else ()
    taking = steady + [route for route in ready if route.gateway_id not in spared and _may_try(route, room)]
    # Between those that are all throttled nobody goes to and fro: the best one is waited for.
    best = min(taking or ready, key=lambda route: _rank(route, wanted))
    return Chosen(best) if room.get(best.gateway_id, 0) > 0 else _elsewhere(taking, best, wanted, room)


class Beginnings:
    """Tells which numbers are alike to ``routes``, by the prefixes that they begin with."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._prefixes = frozenset(prefix for route in routes for prefix in route.prefixes)
        self._lengths = sorted(set(map(len, self._prefixes)))

    def of(self, number: str) -> tuple[str, ...]:
        """The same for numbers of which each route says the same. Nearly all of many numbers have few of these."""
        if not self._lengths:
            return ()
        begins = [each[:length] for each in (number, _national(number)) for length in self._lengths]
        return tuple(one for one in begins if one in self._prefixes)


def unable_for(routes: Iterable[Route], text: str) -> frozenset[int]:
    """Those that cannot carry ``text``."""
    return frozenset(route.gateway_id for route in routes if not can_carry(text, route.wording))


def _carried_by_nobody(serving: Collection[Route], able: Collection[Route], wanted: Wanted) -> Waits:
    """None of ``serving`` can carry it, if there are any; ``able`` are out of service."""
    if not serving:
        return Waits(Reason.OUT_OF_SERVICE) if able else Waits()
    first = min(able or serving, key=lambda route: _rank(route, wanted))
    return Waits(Reason.OUT_OF_SERVICE, later=first) if able else Waits(never=True, unable=first)


def _may_try(route: Route, room: Mapping[int, int]) -> bool:
    """Whether it may be given the one message that finds out: none of this turn was it yet."""
    return route.throttled and route.on_trial and room.get(route.gateway_id, 0) == route.room > 0


def _elsewhere(ready: list[Route], best: Route, wanted: Wanted, room: Mapping[int, int]) -> Chosen | Waits:
    """Equals share the work: same priority and cost."""
    free = [one for one in ready if room.get(one.gateway_id, 0) > 0]
    equals = [one for one in free if (one.priority, one.cost) == (best.priority, best.cost)]
    if wanted.rather == best.gateway_id or not equals:
        return Waits(soon=True)
    return Chosen(min(equals, key=lambda route: _rank(route, wanted)))


def _is_set_up(route: Route, wanted: Wanted) -> bool:
    if wanted.only is not None:
        return route.gateway_id == wanted.only
    return route.takes(wanted.number, wanted.purpose)


def _rank(route: Route, wanted: Wanted) -> tuple[bool, int, int, int, int]:
    national = _national(wanted.number)
    matching = [len(one) for one in route.prefixes if wanted.number.startswith(one) or national.startswith(one)]
    known = route.gateway_id == wanted.rather
    return (not known, route.priority, -max(matching, default=0), route.cost, route.gateway_id)


def _national(number: str) -> str:
    return number.removeprefix("+86")
