from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.task import Clock

from hardware.gateways.gsm_trace import GsmTrace, masked
from hardware.trace import TraceEntry, Way

SUBMIT = b"0011000D91683108108300F00008FF0E60A8597DFF0C98847EA663D09192"
HIDDEN = b"0011000D916831******00F00008FF0E60A8597DFF0C98847EA663D09192"
DELIVER = b"07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07"
SEEN = b"07911326040000F0040B911346****89F60000208062917314080CC8F71D14969741F977FD07"


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (SUBMIT + b"\x1a", HIDDEN + b"\x1a"),
        (b"+CMGR: 0,,24\r\n" + DELIVER + b"\r\n", b"+CMGR: 0,,24\r\n" + SEEN + b"\r\n"),
        (b'AT+CPIN="2468"\r', b'AT+CPIN="****"\r'), (b"FFFFFFFFFFFFFFFFFFFFFFFF", b"FFFFFFFFFFFFFFFFFFFFFFFF"),
        (b"AT+CMGS=29\r", b"AT+CMGS=29\r"),
    ],
)  # fmt: skip
def test_neither_pin_nor_number_is_shown(data: bytes, shown: bytes) -> None:
    assert masked(data) == shown


def test_a_pdu_that_comes_in_pieces_is_held_back_and_nothing_is_lost(tmp_path: Path) -> None:
    stream = b"\r\n+CMGR: 0,,24\r\n" + DELIVER + b"\r\n\r\nOK\r\n> "
    for size in (1, 7, 20, 200):
        trace = GsmTrace(tmp_path / "trace", Clock(), lambda _, __: None)
        entries: list[TraceEntry] = []
        trace.watch(entries.append)
        for place in range(0, len(stream), size):
            trace.received(stream[place : place + size])
        assert b"".join(entry.data for entry in entries if entry.way is Way.RECEIVED) == stream.replace(DELIVER, SEEN)
