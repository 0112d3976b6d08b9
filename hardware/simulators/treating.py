"""How a simulated SMS gateway treats messages, whatever it speaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from hardware.simulators.smsc_requests import Behaviour, Treatment
from protocols.sms_window import TokenBucket


class Treating:
    """The ``treatment`` of now. ``seconds`` is the clock of its limit; ``counts`` counts what becomes of messages."""

    def __init__(self, treatment: Treatment, seconds: Callable[[], float], counts: Counter[str]) -> None:
        self._seconds = seconds
        self._counts = counts
        self.treat(treatment)

    def treat(self, treatment: Treatment) -> None:
        """From now on messages are treated so."""
        self.treatment = treatment
        self._bucket = TokenBucket(treatment.limit) if treatment.limit else None

    def next(self) -> Behaviour:
        """What becomes of the message that comes now; above the limit it is throttled."""
        behaviour = self.treatment.behaviour
        if self._bucket is not None:
            behaviour = behaviour if self._bucket.tokens(self._seconds()) else Behaviour.THROTTLE
            self._bucket.take(int(behaviour is not Behaviour.THROTTLE))
        return self.count(behaviour)

    def count(self, behaviour: Behaviour) -> Behaviour:
        """Another message was treated so."""
        self._counts["submitted"] += 1
        self._counts[behaviour.value] += 1
        return behaviour
