"""WAV files: the head of one that we write, reading that of another, and mending one that nobody finished.

Pure: bytes in, facts and bytes out.

A writer puts the sizes into the head when it closes the file; one that was killed leaves zeros or the sizes of earlier.
The audio then reaches to the end of the file.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

HEAD_LIMIT = 4096
"""The audio of a file begins within so many bytes, or the file is refused."""

_RIFF = struct.Struct("<4sI4s")
_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIHH")
_LARGEST = 2**32 - 1
HEAD_BYTES = _RIFF.size + 2 * _CHUNK.size + _FORMAT.size


_PCM = 1


@dataclass(frozen=True)
class WavFormat:
    """One channel of ``rate`` samples a second, uncompressed; of 8 bits they are unsigned, of 16 signed."""

    rate: int
    bits: int = 8

    @property
    def bytes_per_second(self) -> int:
        """How much a second of sound takes."""
        return self.rate * self.bits // 8

    def head(self, audio_bytes: int = 0) -> bytes:
        """What goes before the samples: ``HEAD_BYTES``. With 0 the audio reaches to the end of the file."""
        block = self.bits // 8
        return b"".join([
            _RIFF.pack(b"RIFF", HEAD_BYTES - 8 + audio_bytes + audio_bytes % 2 if audio_bytes else 0, b"WAVE"),
            _CHUNK.pack(b"fmt ", _FORMAT.size),
            _FORMAT.pack(_PCM, 1, self.rate, self.bytes_per_second, block, self.bits),
            _CHUNK.pack(b"data", audio_bytes),
        ])  # fmt: skip


class WavError(ValueError):
    """Not a WAV file that can be read."""


@dataclass(frozen=True)
class WavHead:
    """What the head says. ``audio_at`` is where the audio begins, ``declared`` how many bytes of it there are."""

    audio_at: int
    declared: int
    bytes_per_second: int

    def audio_bytes(self, size: int) -> int:
        """How many bytes of audio a file of ``size`` bytes really has; an even chunk may follow that is none of it."""
        there = max(0, size - self.audio_at)
        return self.declared if 0 < self.declared <= there else there

    def seconds(self, size: int) -> int:
        """How long a file of ``size`` bytes plays, in whole seconds."""
        return self.audio_bytes(size) // self.bytes_per_second

    def mend(self, size: int) -> list[tuple[int, bytes]]:
        """What to write where in a file of ``size`` bytes so that its sizes are right; nothing if they are."""
        if 0 < self.declared <= size - self.audio_at:
            return []
        return [(4, _size(size - 8)), (self.audio_at - 4, _size(size - self.audio_at))]


def read_head(data: bytes) -> WavHead:
    """The head in ``data``, the first ``HEAD_LIMIT`` bytes of a file or all of it; raises ``WavError``."""
    if len(data) < _RIFF.size or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise WavError(f"not a WAV file: it begins with {data[:12]!r}")
    position, speed = _RIFF.size, 0
    while position + _CHUNK.size <= len(data):
        name, length = _CHUNK.unpack_from(data, position)
        position += _CHUNK.size
        if name == b"data":
            if not speed:
                raise WavError("its audio comes before its format")
            return WavHead(position, length, speed)
        if name == b"fmt ":
            speed = _speed(data, position)
        position += length + length % 2
    raise WavError("no audio in it")


def _speed(data: bytes, position: int) -> int:
    if position + _FORMAT.size > len(data):
        raise WavError("its format is cut off")
    speed: int = _FORMAT.unpack_from(data, position)[3]
    if not speed:
        raise WavError("its format plays no bytes a second")
    return speed


def _size(count: int) -> bytes:
    return min(max(0, count), _LARGEST).to_bytes(4, "little")
