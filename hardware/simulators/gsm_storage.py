"""Where the simulated modem keeps messages: numbered places, few of them, as on a SIM."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

UNREAD, READ, SENT, ALL = 0, 1, 3, 4


@dataclass(frozen=True)
class Stored:
    """A TPDU and its ``<stat>`` (3GPP TS 27.005, section 3.1)."""

    state: int
    tpdu: bytes

    def seen(self) -> Stored:
        """As it is once somebody has read it."""
        return replace(self, state=READ) if self.state == UNREAD else self


class Storage:
    """``size`` places from 1 on."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._places: dict[int, Stored] = {}

    @property
    def used(self) -> int:
        """How many places are taken."""
        return len(self._places)

    def keep(self, tpdu: bytes, state: int = UNREAD) -> int | None:
        """The place where ``tpdu`` is kept, None if all are taken."""
        free = next((place for place in range(1, self.size + 1) if place not in self._places), None)
        if free is not None:
            self._places[free] = Stored(state, tpdu)
        return free

    def read(self, place: int) -> Stored | None:
        """What is kept there, as it was before it was read."""
        stored = self._places.get(place)
        if stored is not None:
            self._places[place] = stored.seen()
        return stored

    def listed(self, state: int) -> Iterator[tuple[int, Stored]]:
        """Everything in ``state``, or all."""
        for place, stored in sorted(self._places.items()):
            if state in (ALL, stored.state):
                self._places[place] = stored.seen()
                yield place, stored

    def delete(self, place: int, how: int) -> bool:
        """``<delflag>`` 0 deletes one place, 1 and 2 what was read, 4 everything; False for a place that is empty."""
        if how == 0:
            return self._places.pop(place, None) is not None
        self._places = {at: stored for at, stored in self._places.items() if how < ALL and stored.state == UNREAD}
        return True
