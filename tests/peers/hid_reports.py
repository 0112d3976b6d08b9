"""What the opened HID devices of tests have in common: reports in a queue, read as hidapi reads."""

from __future__ import annotations

import queue
from collections.abc import Sequence


class QueuedReports:
    """An opened device. ``queue`` holds the reports to come; None is a device that is pulled out."""

    def __init__(self) -> None:
        self.queue: queue.Queue[bytes | None] = queue.Queue()
        self.closed = False

    def read(self, max_length: int, timeout_ms: int) -> Sequence[int]:
        assert not self.closed, "read after close"
        try:
            report = self.queue.get(timeout=timeout_ms / 1000)
        except queue.Empty:
            return []
        if report is None:
            raise OSError("read error")
        return list(report[:max_length])

    def close(self) -> None:
        self.closed = True
