"""Everything that a modem says: commands' answers and events in lines, and within receive mode a stream of sound. Pure.

Which of the two it is follows from what was asked: after ``AT+VRX`` the stream begins behind the line ``CONNECT``.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from protocols.hayes.codec import HayesDecoder
from protocols.hayes.messages import Message, Result, ResultCode
from protocols.hayes.voice_stream import VoiceStreamDecoder

_END = b"\x10\x03"


@dataclass(frozen=True)
class StreamEnded(Message):
    """The modem ended its stream; what follows is lines again."""


class ModemInput:
    """Incremental. ``take_said`` gives what a trace may keep: all but the sound of a stream."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Another modem, or the same from the start."""
        self._lines = HayesDecoder()
        self._stream: VoiceStreamDecoder | None = None
        self._expecting = False
        self._at_start = self._unended = False
        self._said = bytearray()

    @property
    def streaming(self) -> bool:
        """Whether a stream has begun and not ended."""
        return self._stream is not None

    def expect_stream(self) -> None:
        """The next ``CONNECT`` begins a stream."""
        self._expecting = True

    def leave(self) -> None:
        """Read lines from now on, whether or not the stream was seen to end; if not, none is kept before an answer."""
        self._unended = self._unended or self._stream is not None
        self._expecting, self._stream = False, None

    def take_said(self) -> bytes:
        """The bytes since the last time, without those of a stream."""
        said = bytes(self._said)
        self._said.clear()
        return said

    def feed(self, data: bytes) -> Iterator[Message]:
        """Messages completed by ``data``, in order. Any split of the bytes gives the same, sound put together."""
        while data:
            if self._stream is not None:
                data = yield from self._feed_stream(self._stream, data)
            else:
                # What follows CONNECT is no line: each is looked at by itself while it may come.
                end = data.find(b"\r") + 1 if self._expecting else 0
                piece, data = (data[:end], data[end:]) if end else (data, b"")
                yield from self._feed_lines(piece)

    def _feed_lines(self, piece: bytes) -> Iterator[Message]:
        if not self._unended:
            self._said += piece
        for message in self._lines.feed(piece):
            self._unended = self._unended and not isinstance(message, ResultCode)
            if self._expecting and isinstance(message, ResultCode) and message.result is Result.CONNECT:
                self._expecting, self._at_start = False, True
                self._stream = VoiceStreamDecoder()
            yield message

    def _feed_stream(self, stream: VoiceStreamDecoder, data: bytes) -> Generator[Message, None, bytes]:
        if self._at_start:
            # Of the CR LF behind CONNECT the line has taken the CR.
            self._at_start, data = False, data.removeprefix(b"\n")
        yield from stream.feed(data)
        if not stream.ended:
            return b""
        self._said += _END
        if self._stream is stream:
            self._stream = None
        yield StreamEnded()
        return stream.rest
