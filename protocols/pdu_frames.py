"""Streams of PDUs whose first four bytes are their length, header included: what CMPP and SMPP have in common."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import TypeAlias

LARGEST_PDU = 70_000
"""Octets. An SMPP message_payload has 65,535 at most; whoever announces more does not speak the protocol."""
_SHOWN = 8
"""Octets of what is no PDU, its length and command: what follows may be in the middle of what a patient wrote, and the
error is told to alarms and webhooks.
"""

Frame: TypeAlias = tuple[tuple[int, ...], bytes]
"""The numbers of a header, length first, and the body."""


class PduError(Exception):
    """Bytes that are not what the protocol says, or a message that cannot be written in it; the text names them."""


class PduSplitter:
    """Incremental: any split of a stream gives the same frames.

    ``header`` is big-endian and begins with the length.
    """

    def __init__(self, header: Struct) -> None:
        self._header = header
        self._waiting = b""

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Frames completed by ``data``, to be taken all of them.

        ``PduError`` for a length that cannot be: where the next PDU would begin is not known then, and the connection
        is of no more use.
        """
        data = self._waiting + data
        size, unpack = self._header.size, self._header.unpack_from
        place, end = 0, len(data)
        try:
            while end - place >= size:
                header = unpack(data, place)
                length = header[0]
                if not size <= length <= LARGEST_PDU:
                    shown, place = data[place : place + _SHOWN].hex(" "), end
                    raise PduError(f"a PDU of {length} octets: {shown}")
                if end - place < length:
                    break
                body = data[place + size : place + length]
                place += length
                yield header, body
        finally:
            self._waiting = data[place:]


def c_string(field: bytes) -> str:
    """The text of a field that is padded with NUL; what is not ASCII in it is U+FFFD."""
    return field.partition(b"\0")[0].decode("ascii", "replace")


def fitting(field: bytes, size: int) -> bytes:
    """``field`` itself; ``PduError`` if it is longer than ``size`` octets.

    ``struct`` would cut it, and a number without its last digits is somebody else's. The error does not show it: it may
    be a secret.
    """
    if len(field) > size:
        raise PduError(f"{len(field)} octets in a field of {size}")
    return field


def ascii_octets(text: str) -> bytes:
    """``text`` in ASCII, else ``PduError``."""
    try:
        return text.encode("ascii")
    except UnicodeEncodeError:
        raise PduError(f"{text[:40]!r} is not ASCII") from None
