"""Parts on their way out over one connection: not yet written, and written but not yet answered."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from protocols.pdu_frames import PduError
from protocols.sayings import Said, Saying
from protocols.sms import (
    GatewayPaused,
    GatewaySignal,
    Part,
    PartAccepted,
    PartRefused,
    PartUnknown,
    PartUnsent,
    Refusal,
    with_code,
)
from protocols.sms_actions import SmsLimits
from protocols.sms_heard import Refused, Throttled, Tongue
from protocols.sms_window import Capacity, Latecomers, PauseLength, SequenceNumbers, TokenBucket, Waiting


class Outgoing:
    """Keeps to rate and window. PDUs go to ``out``, what became of the parts to ``signals``.

    Every part that was taken leaves by exactly one signal. Only one that was given up as unknown may be followed by a
    second one, accepted or refused: the answer came after all, over the same connection. ``now`` never goes back.
    """

    def __init__(
        self,
        tongue: Tongue,
        limits: SmsLimits,
        answer_seconds: float,
        sequence: SequenceNumbers,
        out: list[bytes],
        signals: list[GatewaySignal],
    ) -> None:
        self._tongue = tongue
        self._window = limits.window
        self._answer_seconds = answer_seconds
        self._sequence = sequence
        self._out = out
        self._signals = signals
        self._bucket = TokenBucket(limits.rate)
        self._capacity = Capacity(limits.rate, limits.window)
        self._pauses = PauseLength()
        self._paused_until: float | None = None
        self._queue: deque[Part] = deque()
        self._waiting: dict[int, Waiting] = {}
        self._late = Latecomers()
        self._in_vain = 0

    @property
    def room(self) -> int:
        """How many parts are taken now."""
        return 0 if self.paused else max(0, self._capacity.parts - len(self._queue))

    @property
    def promised(self) -> int:
        """How many parts are taken of whoever saw ``room`` a moment ago."""
        return 0 if self.paused else max(0, self._capacity.promised - len(self._queue))

    @property
    def paused(self) -> bool:
        """Whether the gateway asked us to wait."""
        return self._paused_until is not None

    @property
    def settled(self) -> bool:
        """Whether nothing that was written waits for an answer."""
        return not self._waiting

    def take(self, parts: Sequence[Part]) -> None:
        """Take ``parts``, to be written in order."""
        self._queue.extend(parts)
        if self.paused:
            self.unsend()

    def pump(self, now: float) -> None:
        """Write what rate and window allow. What cannot be written in this protocol is refused."""
        if not self._queue or self.paused:
            return
        room = min(self._window - len(self._waiting), self._bucket.tokens(now))
        written = 0
        while self._queue and written < room:
            written += self._write(self._queue.popleft(), now)
        self._bucket.take(written)

    def _write(self, part: Part, now: float) -> int:
        sequence = self._sequence.take()
        while sequence in self._waiting or sequence in self._late:
            sequence = self._sequence.take()
        try:
            self._out.append(self._tongue.submission(part, sequence))
        except PduError as error:
            self._signals.append(PartRefused(part.key, Refusal.NEVER, "", str(error)))
            return 0
        self._waiting[sequence] = Waiting(part.key, now, part.number)
        return 1

    def accepted(self, sequence: int, gateway_id: str, now: float) -> None:
        """The gateway took what was written with ``sequence``; answers to nothing are ignored."""
        waiting = self._answered(sequence, now)
        if waiting is not None:
            self._pauses.fine(waiting.since)
            self._signals.append(PartAccepted(waiting.key, gateway_id))

    def refused(self, heard: Refused | Throttled, now: float) -> None:
        """It did not."""
        waiting = self._answered(heard.sequence, now)
        if waiting is None:
            return
        match heard:
            case Refused(_, refusal, code, words):
                self._signals.append(PartRefused(waiting.key, refusal, code, words, waiting.number))
            case Throttled(_, code, words):
                self._signals.append(PartRefused(waiting.key, Refusal.LATER, code, words))
                self._pause(now, waiting.since, with_code(words, code))

    def _answered(self, sequence: int, now: float) -> Waiting | None:
        waiting = self._waiting.pop(sequence, None) or self._late.take(sequence)
        if waiting is not None:
            self._in_vain = 0
            self._capacity.answered(now, len(self._queue))
        return waiting

    def _pause(self, now: float, written: float, reason: str) -> None:
        length = self._pauses.asked(now, written)
        if length is not None:
            self._paused_until = now + length
            self._signals.append(GatewayPaused(length, reason))
            # Another gateway may be free.
            self.unsend()

    def unsend(self) -> None:
        """Write none of what is not written yet."""
        self._signals.extend([PartUnsent(part.key) for part in self._queue])
        self._queue.clear()

    def lost(self, reason: str) -> None:
        """No answer will come any more."""
        self.unsend()
        self._signals.extend([PartUnknown(each.key, reason) for each in self._waiting.values()])
        self._waiting.clear()
        self._late.clear()
        self._paused_until = None
        self._in_vain = 0

    def due(self) -> float | None:
        """When ``tick`` and ``pump`` are next needed."""
        times = []
        if self._waiting:
            times.append(next(iter(self._waiting.values())).since + self._answer_seconds)
        if self._paused_until is not None:
            times.append(self._paused_until)
        elif self._queue and len(self._waiting) < self._window:
            times.append(self._bucket.ready_at(len(self._queue)))
        return min(times, default=None)

    def tick(self, now: float, heard_at: float) -> bool:
        """End a pause and give up on answers that do not come. False if none will come any more: nothing was heard
        since ``heard_at``, before the part was written, or a whole window was written in vain.
        """
        if self._paused_until is not None and now >= self._paused_until:
            self._paused_until = None
        while self._waiting:
            sequence, oldest = next(iter(self._waiting.items()))
            if now < oldest.since + self._answer_seconds:
                break
            self._in_vain += 1
            if heard_at < oldest.since or self._in_vain > self._window:
                return False
            del self._waiting[sequence]
            self._late.add(sequence, oldest)
            self._signals.append(PartUnknown(oldest.key, Said(Saying.GATEWAY_SILENT)))
        return True
