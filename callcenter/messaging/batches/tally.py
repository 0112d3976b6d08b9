"""Adds up who of many gets a text and who does not, one number one text."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import chain

from callcenter.messaging.batches.recipients import OBSTACLES, Obstacle

SHOWN = 50
"""Of those who get nothing, so many are shown by name for each reason."""
Looked = tuple[int, str, str, int, str]
"""A patient, the number, why there is nothing (empty: there is), how long what is filled in is, and which characters of
that not every gateway can write.
"""


@dataclass
class Tally:
    """Counts who gets it and who does not."""

    fit: dict[str, Looked] = field(default_factory=dict)
    """Number → who gets it there."""
    shared: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Number → who else would get it there."""
    reasons: Counter[str] = field(default_factory=Counter)
    shown: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, looked: Looked) -> None:
        """One more patient."""
        patient_id, number, why, *_ = looked
        if not why and number not in self.fit:
            self.fit[number] = looked
        elif why:
            self.refuse(patient_id, why)
        else:
            self.shared[number].append(patient_id)

    def forbid(self, number: str, reason: str) -> None:
        """A rule stops this number, for all who have it."""
        why = OBSTACLES.get(reason, Obstacle.TOO_LATE).value
        for patient_id in (self.fit.pop(number)[0], *self.shared.pop(number, ())):
            self.refuse(patient_id, why)

    def close(self) -> None:
        """All are judged: who shares a number with somebody who gets it gets nothing."""
        for patient_id in chain.from_iterable(self.shared.values()):
            self.refuse(patient_id, Obstacle.DUPLICATE.value)

    def refuse(self, patient_id: int, why: str) -> None:
        """One more who gets nothing."""
        self.reasons[why] += 1
        if len(self.shown[why]) < SHOWN:
            self.shown[why].append(patient_id)
