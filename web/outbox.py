"""What waits to be sent to one socket: bounded, and only the newest state of each subject."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Key = tuple[str, str]


@dataclass(frozen=True)
class Frame:
    """One event as it goes over the wire. ``key`` is topic and subject; ``payload`` a whole WebSocket frame.

    What is not ``urgent`` may wait a moment for more to be told with it.
    """

    seq: int
    key: Key
    payload: bytes
    urgent: bool = True


class Parcel:
    """What is told at once, in order and at least one; the same parcel goes to every page that is told the same."""

    __slots__ = ("first", "frames", "last", "payload", "urgent")

    def __init__(self, frames: Sequence[Frame]) -> None:
        self.frames = frames
        self.first = frames[0].seq
        self.last = frames[-1].seq
        self.urgent = any(frame.urgent for frame in frames)
        self.payload = _newest(frames)
        """All of it in one piece, without what a later frame makes old."""


def _newest(frames: Sequence[Frame]) -> bytes:
    if len(frames) == 1:
        return frames[0].payload
    newest = {frame.key: frame for frame in frames}
    return b"".join(frame.payload for frame in frames if newest[frame.key] is frame)


class Outbox:
    """Holds frames back while the page is being brought up to date or its connection is full.

    Every frame carries the full state of its subject, so a newer one replaces an older one of the same subject that was
    not sent yet. It takes the place at the end: what is sent is always in ascending order, and whoever has seen
    number N and resumes from N misses nothing. No number is ever sent twice.

    ``write`` takes bytes; ``overflow`` is called once when more would have to be kept than is allowed; ``held`` when
    something is kept that ``send_held`` should send within a moment. It goes earlier when anything urgent does.
    """

    def __init__(
        self,
        write: Callable[[bytes], None],
        overflow: Callable[[], None],
        frames: int = 1000,
        size: int = 4 << 20,
        held: Callable[[], None] = lambda: None,
    ) -> None:
        self._write = write
        self._overflow = overflow
        self._held = held
        self._holding = False
        self._frames = frames
        self._size = size
        self._waiting: OrderedDict[Key, Frame] = OrderedDict()
        self._bytes = 0
        self._live = False
        self._paused = False
        self._closed = False
        self._offered = 0
        self.seen = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def offer(self, parcel: Parcel) -> None:
        """Send ``parcel`` now, in one piece, or keep what is in it. A bus tells at least once and in order: what it
        repeats is dropped.
        """
        if self._closed:
            return
        if parcel.first <= self.seen or parcel.first <= self._offered:
            known = max(self.seen, self._offered)
            news = [frame for frame in parcel.frames if frame.seq > known]
            if not news:
                return
            parcel = Parcel(news)
        self._offered = parcel.last
        sendable = self._live and not self._paused
        if sendable and parcel.urgent and not self._waiting:
            self.seen = parcel.last
            self._write(parcel.payload)
            return
        for frame in parcel.frames:
            self._keep(frame)
        if sendable and parcel.urgent:
            self._send_waiting()
        elif sendable and not self._holding:
            self._holding = True
            self._held()

    def send_held(self) -> None:
        """Send what was not urgent."""
        self._holding = False
        if self._live and not self._paused:
            self._send_waiting()

    def go_live(self, seq: int) -> None:
        """The page has everything up to number ``seq``; send what came since, from now on what is urgent at once."""
        self._live = True
        self.seen = max(self.seen, seq)
        self._flush()

    def pause(self) -> None:
        """The connection takes no more. Twisted may say so several times."""
        self._paused = True

    def resume(self) -> None:
        """There is room again."""
        self._paused = False
        self._flush()

    @property
    def paused(self) -> bool:
        """Whether the connection takes no more at the moment."""
        return self._paused

    def close(self) -> None:
        """Nothing is sent or kept any more."""
        self._closed = True
        self._waiting.clear()
        self._bytes = 0

    def _keep(self, frame: Frame) -> None:
        if self._closed:
            return
        older = self._waiting.pop(frame.key, None)
        self._bytes += len(frame.payload) - (len(older.payload) if older else 0)
        self._waiting[frame.key] = frame
        if len(self._waiting) > self._frames or self._bytes > self._size:
            self.close()
            self._overflow()

    def _send_waiting(self) -> None:
        frames = list(self._waiting.values())
        if not frames:
            return
        self._waiting.clear()
        self._bytes = 0
        self.seen = frames[-1].seq
        self._write(b"".join(frame.payload for frame in frames))

    def _flush(self) -> None:
        # Writing may pause us in the middle.
        while self._live and not self._paused and self._waiting:
            _, frame = self._waiting.popitem(last=False)
            self._bytes -= len(frame.payload)
            if frame.seq > self.seen:
                self.seen = frame.seq
                self._write(frame.payload)
