"""Gathers keys heard on an idle line until they make a caller id. Time in, caller out; bounded."""

from __future__ import annotations

from protocols.dtmf_caller_id.codec import MAX_KEYS, DtmfCallerId, is_complete, read_caller_id

GAP = 1.0
"""Seconds of silence that end a code. Exchanges send ten keys or so a second."""
BEFORE_RING = 5.0
"""The first ring follows a code within this many seconds."""


class DtmfCollector:
    """What a telephone in the house could have dialled counts only if the line then rings."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self._keys = ""
        self._gap_at: float | None = None
        self._waiting: tuple[DtmfCallerId, float] | None = None

    def key(self, key: str, now: float, *, ringing: bool) -> DtmfCallerId | None:
        """``key`` was heard. The caller, if that completes a code."""
        self._keys = (self._keys + key)[-MAX_KEYS:]
        self._gap_at = now + GAP
        return self._read(now, ringing=ringing) if is_complete(self._keys) else None

    def tick(self, now: float, *, ringing: bool) -> DtmfCallerId | None:
        """Time passed. The caller, if silence ended a code."""
        if self._gap_at is None or now < self._gap_at:
            return None
        return self._read(now, ringing=ringing)

    def rang(self, now: float) -> DtmfCallerId | None:
        """The line rings: a code right before that was caller id, be it silent for long enough or not."""
        if self._keys:
            return self._read(now, ringing=True)
        waiting, self._waiting = self._waiting, None
        return waiting[0] if waiting is not None and now <= waiting[1] else None

    def deadline(self) -> float | None:
        """When ``tick`` is next needed."""
        return self._gap_at

    def _read(self, now: float, *, ringing: bool) -> DtmfCallerId | None:
        caller = read_caller_id(self._keys)
        self.forget()
        if caller is None or caller.certain or ringing:
            return caller
        self._waiting = caller, now + BEFORE_RING
        return None
