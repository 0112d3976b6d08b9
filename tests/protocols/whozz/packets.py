"""Datagrams as the manual shows them; 83 bytes for a call, 52 for a detail."""

from __future__ import annotations

UNIT, SERIAL = 35193, 8669316
HEADER = b"^^<U>\x00\x00\x00\x00\x89\x79<S>\x00\x00\x00\x84\x48\x84$"


def header(unit: int = UNIT, serial: int = SERIAL) -> bytes:
    return b"^^<U>" + unit.to_bytes(6, "big") + b"<S>" + serial.to_bytes(6, "big") + b"$"


def call(
    kind: str, number: str = "770-263-7111", name: str = "CALLERID.COM", seconds: int = 0, when: str = "12/17 04:54 PM",
    line: int = 1, checksum: str = "G", rings: str = "A2", **head: int,
) -> bytes:  # fmt: skip
    """A call record; ``kind`` is such as ``I S``."""
    text = f"{line:02} {kind} {seconds:04} {checksum} {rings} {when} {number:14} {name:15}"
    return header(**head) + text.encode()


def detail(kind: str, when: str = "11/07 17:45:04", line: int = 1, **head: int) -> bytes:
    return header(**head) + f"{line:02} {kind}             {when}".encode()
