"""Chooses gateways for the many messages of one turn: what is said of one holds for all that are like it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from callcenter.messaging.gateways.routing import Beginnings, Chosen, Route, Waits, Wanted, choose, unable_for
from callcenter.messaging.texts.segments import Layout, lay_out
from callcenter.messaging.vocabulary import Purpose

_NOBODY: frozenset[int] = frozenset()


class Choosing:
    """``routes`` as they are in this turn. ``room``: what each takes still; whoever hands over counts it down.

    ``costs``: gateway → what a part costs there.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = routes
        self.room = {route.gateway_id: route.room for route in routes}
        self.costs = {route.gateway_id: route.cost for route in routes}
        # A throttled gateway counts for nothing in ``left`` while another one takes all that it would take. What must
        # go by it all the same goes when its turn comes; the queue is not searched for such messages.
        steady = [route for route in routes if route.in_service and route.ready and not route.throttled]
        self._spared = {one.gateway_id for one in routes if one.throttled and any(map(one.is_covered_by, steady))}
        self._beginnings = Beginnings(routes)
        self._bound = [route for route in routes if route.wording.is_bound]
        self._chosen: dict[tuple[tuple[str, ...], Purpose, int | None, int | None, frozenset[int]], Chosen] = {}
        self._layouts: dict[tuple[int, str], Layout] = {}

    @property
    def left(self) -> int:
        """How many parts are taken still, where it is worth looking for something that is."""
        return sum(room for key, room in self.room.items() if key not in self._spared)

    def unable(self, text: str) -> frozenset[int]:
        """The gateways that cannot carry ``text``."""
        return unable_for(self._bound, text) if self._bound else _NOBODY

    def choose(self, wanted: Wanted) -> Chosen | Waits:
        """See ``routing.choose``."""
        if wanted.refused or wanted.put_off:
            return choose(self._routes, wanted, self.room)
        alike = self._beginnings.of(wanted.number), wanted.purpose, wanted.only, wanted.rather, wanted.unable
        known = self._chosen.get(alike)
        # Only that it is full by now makes another answer of the same question.
        if known is not None and self.room[known.route.gateway_id] > 0:
            return known
        found = choose(self._routes, wanted, self.room)
        # Who is throttled is on trial for one message, and the next is another question.
        if isinstance(found, Chosen) and not found.route.throttled:
            self._chosen[alike] = found
        return found

    def lay_out(self, text: str, route: Route) -> Layout:
        """The parts of ``text`` by the rule of ``route``."""
        found = self._layouts.get((route.gateway_id, text))
        if found is None:
            found = self._layouts[route.gateway_id, text] = lay_out(text, route.wording)
        return found
