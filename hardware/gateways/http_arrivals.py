"""What was fetched or pushed, until it is written down: a provider gives it once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from protocols.http_sms.harvest import Crop, Receipt, Reply
from protocols.sms import Arrival, GatewaySignal, ReceiptArrived, TextArrived

TELL_AGAIN = 60.0
"""What nobody wrote down in so many seconds is told again."""


class Arrivals:
    """``report`` gets the signals; ``sender`` is the number that an extension follows."""

    def __init__(self, clock: IReactorTime, report: Callable[[Sequence[GatewaySignal]], None], sender: str) -> None:
        self._clock = clock
        self._report = report
        self._sender = sender
        self._waiting: dict[int, Crop] = {}
        self._number = 0
        self._timer: IDelayedCall | None = None
        self._watched: list[tuple[set[int], Deferred[None]]] = []

    @property
    def waiting(self) -> int:
        """How much is not written down yet."""
        return len(self._waiting)

    def add(self, crops: Sequence[Crop]) -> Deferred[None]:
        """Tell of ``crops``; fires when all of them are written down."""
        numbers = set(range(self._number, self._number + len(crops)))
        self._number += len(crops)
        self._waiting.update(zip(sorted(numbers), crops, strict=True))
        done: Deferred[None] = Deferred()
        if not crops:
            done.callback(None)
            return done
        self._watched.append((set(numbers), done))
        self._tell(sorted(numbers))
        return done

    def stop(self) -> None:
        """Tell nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell(self, numbers: Sequence[int]) -> None:
        if self._timer is None:
            self._timer = self._clock.callLater(TELL_AGAIN, self._tell_again)
        self._report([self._signal(number, self._waiting[number]) for number in numbers])

    def _tell_again(self) -> None:
        self._timer = None
        if self._waiting:
            self._tell(sorted(self._waiting))

    def _written(self, number: int) -> None:
        self._waiting.pop(number, None)
        for numbers, _ in self._watched:
            numbers.discard(number)
        over = [done for numbers, done in self._watched if not numbers]
        self._watched = [one for one in self._watched if one[0]]
        for done in over:
            done.callback(None)

    def _signal(self, number: int, crop: Crop) -> Arrival:
        def written() -> None:
            self._written(number)

        match crop:
            case Receipt():
                return ReceiptArrived(
                    crop.gateway_id, crop.fate, crop.code, crop.words, crop.number, written=written, at=crop.at
                )
            case Reply():
                recipient = self._sender + crop.extension
                return TextArrived(crop.number, recipient, crop.text, written=written, at=crop.at)
