"""Which part of a file a request asks for: RFC 9110, section 14, for a single range of bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"bytes=\s*([0-9]*)\s*-\s*([0-9]*)\s*", re.ASCII | re.IGNORECASE)
_LONGEST = 19
"""Digits of the largest file there could be; longer numbers are not even read."""


@dataclass(frozen=True)
class ByteRange:
    """Bytes ``first`` to ``last``, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """How many they are."""
        return self.last - self.first + 1

    def of(self, size: int) -> str:
        """The header ``Content-Range`` for a file of ``size`` bytes."""
        return f"bytes {self.first}-{self.last}/{size}"


class UnsatisfiableError(Exception):
    """The range lies behind the end of the file: to be answered with 416."""


def asked_range(header: str, if_range: str, tag: str, size: int) -> ByteRange | None:
    """The range that ``Range`` and ``If-Range`` ask of a file of ``size`` bytes with the entity tag ``tag``.

    None means the whole file, as the standard wants it for a range of something else (``if_range``), several ranges and
    what cannot be read. Raises ``UnsatisfiableError``.
    """
    match = _ONE_RANGE.fullmatch(header)
    if match is None or (if_range and if_range != tag):
        return None
    first, last = match[1], match[2]
    if not (first or last) or max(len(first), len(last)) > _LONGEST or (first and last and int(last) < int(first)):
        return None
    if not first:
        return _tail(int(last), size)
    if int(first) >= size:
        raise UnsatisfiableError
    return ByteRange(int(first), min(int(last), size - 1) if last else size - 1)


def _tail(count: int, size: int) -> ByteRange:
    if not count or not size:
        raise UnsatisfiableError
    return ByteRange(max(0, size - count), size - 1)
