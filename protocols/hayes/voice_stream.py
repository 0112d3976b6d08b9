"""Audio that a modem sends while it records (``AT+VRX``): bytes in, samples and events out. Pure.

Between ``CONNECT`` and DLE ETX every byte is a sample, as ``AT+VSM`` chose them, except for DLE (0x10), which shields:
DLE DLE is the sample 0x10, DLE SUB two of them, DLE ETX the end, DLE and anything else an event (V.253 chapter 9).
"""

from __future__ import annotations

from dataclasses import dataclass

from protocols.hayes.messages import Message
from protocols.hayes.shielded import DLE, ShieldedEvents

_ETX, _SUB = 0x03, 0x1A
_SAMPLES = {DLE: bytes([DLE]), _SUB: bytes([DLE, DLE])}


@dataclass(frozen=True)
class Audio(Message):
    """Samples, at least one byte of them."""

    samples: bytes


class VoiceStreamDecoder:
    """Incremental decoder of one stream. ``ended`` once DLE ETX was seen; ``rest`` is what came after that, for the
    decoder of commands. Never raises, whatever comes, and keeps nothing between calls but a single DLE.
    """

    def __init__(self) -> None:
        self.ended = False
        self.rest = b""
        self._after_dle = False
        self._events = ShieldedEvents()

    def feed(self, data: bytes) -> list[Message]:
        """What ``data`` holds, in order, samples as long as possible. Any split gives the same samples and events."""
        found: list[Message] = []
        samples = bytearray()
        position = 0
        while position < len(data) and not self.ended:
            if self._after_dle:
                self._after_dle = False
                self._shielded(data[position], samples, found)
                position += 1
                continue
            dle = data.find(DLE, position)
            end = len(data) if dle < 0 else dle
            samples += data[position:end]
            self._after_dle = dle >= 0
            position = end + 1
        _flush(samples, found)
        if self.ended:
            self.rest += data[position:]
        return found

    def _shielded(self, code: int, samples: bytearray, found: list[Message]) -> None:
        if code in _SAMPLES:
            samples += _SAMPLES[code]
        elif code == _ETX:
            self.ended = True
        else:
            self._event(code, samples, found)

    def _event(self, code: int, samples: bytearray, found: list[Message]) -> None:
        try:
            event = self._events.read(code)
        except ValueError:
            # Noise, or an event that nobody knows: it is no sample in any case.
            return
        if event is not None:
            _flush(samples, found)
            found.append(event)


def _flush(samples: bytearray, found: list[Message]) -> None:
    if samples:
        found.append(Audio(bytes(samples)))
        samples.clear()
