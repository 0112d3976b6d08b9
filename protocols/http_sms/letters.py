"""What goes out in one request: a part, or all parts of a text where the provider makes one message of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from protocols.sms import Part


@dataclass(frozen=True)
class Letter:
    """``parts`` of one text to one number."""

    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(part.text for part in self.parts)

    @property
    def number(self) -> str:
        """Whom it is for, canonical."""
        return self.parts[0].number

    @property
    def sender(self) -> str:
        """The number that the patient should see, empty for the provider's own."""
        return self.parts[0].sender

    @property
    def keys(self) -> tuple[str, ...]:
        """Our names of the parts."""
        return tuple(part.key for part in self.parts)


def letters_of(parts: Sequence[Part], *, joins: bool) -> list[Letter]:
    """``parts`` as they are asked for. Those of one text make one letter if all of them are here, however long: alone
    they would be messages without beginning and signature. An incomplete text goes out as it is.
    """
    waiting = deque(parts)
    letters: list[Letter] = []
    while waiting:
        whole = _whole(waiting) if joins else []
        if not whole:
            whole = [waiting[0]]
        for _ in whole:
            waiting.popleft()
        letters.append(Letter(tuple(whole)))
    return letters


def _whole(waiting: deque[Part]) -> list[Part]:
    """All parts of the text that begins here, or none."""
    first = waiting[0]
    if first.total == 1 or first.position != 1 or len(waiting) < first.total:
        return []
    found = [waiting[place] for place in range(first.total)]
    same = all(
        (part.number, part.reference, part.total, part.position) == (first.number, first.reference, first.total, place)
        for place, part in enumerate(found, 1)
    )
    return found if same else []
