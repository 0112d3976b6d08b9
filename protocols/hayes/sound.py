"""What a session tells of the sound that it receives, for whoever keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from protocols.wav import WavFormat


@dataclass(frozen=True)
class SoundBegan:
    """A recording is to be kept as the file ``name``; its samples follow."""

    name: str
    format: WavFormat


@dataclass(frozen=True)
class Sound:
    """The next samples, as the format has them."""

    samples: bytes


@dataclass(frozen=True)
class SoundEnded:
    """Nothing more of this recording comes."""


SoundNews = SoundBegan | Sound | SoundEnded


class SoundSink(Protocol):
    """Keeps recordings, one after another. Returns at once."""

    def begin(self, name: str, form: WavFormat) -> None:
        """Begin the file ``name``."""
        ...

    def write(self, samples: bytes) -> None:
        """Add ``samples`` to it."""
        ...

    def end(self) -> None:
        """Make it complete."""
        ...


def deliver(news: SoundNews, sink: SoundSink) -> None:
    """Tell ``sink``."""
    match news:
        case SoundBegan(name, form):
            sink.begin(name, form)
        case Sound(samples):
            sink.write(samples)
        case SoundEnded():
            sink.end()
