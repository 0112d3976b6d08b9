"""What was fetched or pushed, until it is written down: a provider gives it once."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from protocols.http_sms.harvest import Crop, Receipt, Reply
from protocols.sms import Arrival, GatewaySignal, ReceiptArrived, TextArrived

TELL_AGAIN = 60.0
"""What was not written down and is kept by nobody is told again after so many seconds."""


@dataclass(eq=False)
class _Batch:
    """How many of those that came together are not written down yet, and who wants to know."""

    left: int
    done: Deferred[None]


@dataclass(eq=False)
class _Waiting:
    """What is not written down yet, and the signal that told of it, while somebody keeps that."""

    crop: Crop
    batch: _Batch
    told: weakref.ref[Arrival] | None = None

    @property
    def under_way(self) -> bool:
        """Whether somebody keeps the signal."""
        return self.told is not None and self.told() is not None


class Arrivals:
    """``report`` gets the signals; ``sender`` is the number that an extension follows.

    Of each at most one signal is under way: while the database is away, whoever heard of it keeps it and tries again,
    which may take hours. It is told again when that signal is gone and was not written down.
    """

    def __init__(self, clock: IReactorTime, report: Callable[[Sequence[GatewaySignal]], None], sender: str) -> None:
        self._clock = clock
        self._report = report
        self._sender = sender
        self._waiting: dict[int, _Waiting] = {}
        self._number = 0
        self._timer: IDelayedCall | None = None

    @property
    def waiting(self) -> int:
        """How much is not written down yet."""
        return len(self._waiting)

    def add(self, crops: Sequence[Crop]) -> Deferred[None]:
        """Tell of ``crops``; fires when all of them are written down."""
        done: Deferred[None] = Deferred()
        if not crops:
            done.callback(None)
            return done
        batch = _Batch(len(crops), done)
        numbers = range(self._number, self._number + len(crops))
        self._number += len(crops)
        self._waiting.update((number, _Waiting(crop, batch)) for number, crop in zip(numbers, crops, strict=True))
        self._tell(numbers)
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
            self._tell([number for number, waiting in self._waiting.items() if not waiting.under_way])

    def _written(self, number: int) -> None:
        waiting = self._waiting.pop(number, None)
        if waiting is None:
            return
        waiting.batch.left -= 1
        if not waiting.batch.left:
            waiting.batch.done.callback(None)

    def _signal(self, number: int, waiting: _Waiting) -> Arrival:
        signal = self._arrival(waiting.crop, lambda: self._written(number))
        waiting.told = weakref.ref(signal)
        return signal

    def _arrival(self, crop: Crop, written: Callable[[], None]) -> Arrival:
        match crop:
            case Receipt():
                return ReceiptArrived(
                    crop.gateway_id, crop.fate, crop.code, crop.words, crop.number, written=written, at=crop.at
                )
            case Reply():
                recipient = self._sender + crop.extension
                return TextArrived(crop.number, recipient, crop.text, written=written, at=crop.at)
