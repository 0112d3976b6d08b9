"""One line while it is tried: its check list, and the raw bytes of its port, kept for a while and bounded."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from callcenter.clock import iso
from callcenter.telephony.line_checks import CheckList
from callcenter.telephony.line_runner import LineRunner
from hardware.trace import TraceEntry, Way, as_ascii, format_entry
from protocols.signals import LineSignal

MOST_ENTRIES = 1000
"""Entries that are remembered; the oldest go first."""
MOST_BYTES = 512
"""Of each; what is longer is cut."""
MOST_AT_ONCE = 200
"""Entries that are told at once; of more the newest."""

_WAYS = {Way.RECEIVED: "received", Way.SENT: "sent", Way.OPENED: "opened", Way.CLOSED: "closed"}
_DIGITS = bytes.maketrans(b"0123456789", b"*" * 10)
_TEXT = frozenset(b"\t\r\n") | frozenset(range(0x20, 0x7F))


@dataclass(frozen=True)
class Numbered:
    """An entry with its place in the trace, from 1; ``size`` is how many bytes it had before it was cut."""

    number: int
    entry: TraceEntry
    size: int


def moment(seconds: float) -> str:
    """A time as JSON data."""
    return str(iso(datetime.fromtimestamp(seconds, UTC)))


def hidden(data: bytes) -> bytes | None:
    """``data`` without its digits; None for what is no text: nobody can say where in it a telephone number is."""
    return data.translate(_DIGITS) if _TEXT.issuperset(data) else None


def entry_data(one: Numbered, *, numbers: bool) -> dict[str, Any]:
    """The entry as JSON data. Without ``numbers`` digits are stars, and bytes that are no text are counted only."""
    shown = one.entry.data if numbers else hidden(one.entry.data)
    return {
        "n": one.number,
        "at": moment(one.entry.seconds),
        "way": _WAYS[one.entry.way],
        "size": one.size,
        "hex": "" if shown is None else shown.hex(" "),
        "text": "" if shown is None else as_ascii(shown),
        "hidden": shown is None,
    }


class LineTrial:
    """What is seen from ``began`` on, for ``lasts`` seconds. Entries are numbered from the one after ``first``.

    All moments are in seconds since 1970. ``end`` says why it is over, empty while it goes on: time or stopped.
    """

    def __init__(self, runner: LineRunner, began: float, lasts: float, first: int = 0) -> None:
        self.runner = runner
        self.began = began
        self.ends = began + lasts
        self.end = ""
        self._entries: deque[Numbered] = deque(maxlen=MOST_ENTRIES)
        self._first = self._last = first
        self.checks = CheckList()

    @property
    def last(self) -> int:
        """The number of the newest entry, 0 for none."""
        return self._last

    def begin(self, now: float) -> None:
        """What is so already needs not happen first: an open port, a device that has said what it is."""
        if self.runner.line.ready:
            self.checks = self.checks.ready(self.runner.identification, now)

    def heard(self, signal: LineSignal, now: float) -> None:
        """The device reports ``signal``."""
        self.checks = self.checks.heard(signal, now - signal.age)

    def traced(self, entry: TraceEntry) -> None:
        """Something went over the port."""
        self.checks = self.checks.traced(entry.way, entry.seconds)
        self._last += 1
        kept = TraceEntry(entry.seconds, entry.way, entry.data[:MOST_BYTES])
        self._entries.append(Numbered(self._last, kept, len(entry.data)))

    def as_data(self, *, after: int, numbers: bool) -> dict[str, Any]:
        """The test as JSON data, with the entries after number ``after``; ``missed`` of them are not among them."""
        after = max(self._first, after if after <= self._last else 0)
        newer = [one for one in self._entries if one.number > after][-MOST_AT_ONCE:]
        return {
            "line_id": self.runner.line_id,
            "running": not self.end,
            "end": self.end,
            "began_at": moment(self.began),
            "ends_at": moment(self.ends),
            "steps": self.checks.as_data(self.runner.device.capabilities, moment),
            "entries": [entry_data(one, numbers=numbers) for one in newer],
            "missed": self._last - after - len(newer),
            "last": self._last,
        }

    def text(self, *, numbers: bool) -> str:
        """The whole trace as lines of text, like those of the file."""
        return "".join(_line(one, numbers=numbers) for one in self._entries)


def _line(one: Numbered, *, numbers: bool) -> str:
    shown = one.entry.data if numbers else hidden(one.entry.data)
    if shown is None:
        at = datetime.fromtimestamp(one.entry.seconds, UTC).isoformat(timespec="microseconds")
        return f"{at} {one.entry.way} ({one.size} bytes, not shown: they may hold a telephone number)\n"
    return format_entry(one.entry.seconds, one.entry.way, shown)


def nothing_tried(line_id: int, runner: LineRunner) -> dict[str, Any]:
    """What there is to say of a line that nobody tries: the steps that it would show."""
    return {
        "line_id": line_id,
        "running": False,
        "end": "",
        "began_at": None,
        "ends_at": None,
        "steps": CheckList().as_data(runner.device.capabilities, moment),
        "entries": [],
        "missed": 0,
        "last": 0,
    }
