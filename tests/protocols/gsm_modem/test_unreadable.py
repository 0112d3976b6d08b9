"""What is told of PDUs that cannot be read: nothing of them is lost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.gsm_modem.codec import decode_incoming, encode_deliver, encode_report, from_line
from protocols.gsm_modem.messages import Coding, Deliver, PduError, StatusReport, UserData
from protocols.gsm_modem.unreadable import Salvaged, salvage

NUMBER = "+8613800138000"
AT = datetime(2026, 11, 28, 4, 58, 23, tzinfo=UTC)
CENTRE = "0891683108100005F0"
TEXT = encode_deliver(Deliver(NUMBER, UserData(Coding.UCS2, text="好的"), AT))
REPORT = encode_report(StatusReport(7, NUMBER, AT, AT, 0))
_SENDER_ENDS, _TIME_ENDS = 10, 19


@pytest.mark.parametrize("length", range(1, len(TEXT)))
def test_a_text_that_ends_early(length: int) -> None:
    line = CENTRE + TEXT[:length].hex()
    with pytest.raises(PduError):
        decode_incoming(from_line(line))
    found = salvage(line)
    if length < _SENDER_ENDS:
        assert found == Salvaged("", line.upper())
        return
    words = f"{TEXT[0]:02X} {TEXT[_SENDER_ENDS:length].hex().upper()}".strip()
    assert found == Salvaged(NUMBER, words, AT if length >= _TIME_ENDS else None)


@pytest.mark.parametrize("length", range(len(REPORT)))
def test_a_report_that_ends_early_is_nobodys_text(length: int) -> None:
    line = CENTRE + REPORT[:length].hex()
    assert salvage(line) == Salvaged("", line.upper())


def test_a_sender_without_a_sign_is_none() -> None:
    assert salvage("00" + "0400D000") == Salvaged("", "04 00")


@given(st.binary(max_size=200))
def test_whatever_it_is_its_end_is_told(data: bytes) -> None:
    found = salvage(data.hex())
    assert found is not None
    assert data.hex().upper().endswith(found.words.rpartition(" ")[2])


@given(st.text(max_size=40).filter(lambda text: any(sign not in "0123456789abcdefABCDEF \t\n\r\f\v" for sign in text)))
def test_what_is_no_hexadecimal_is_no_message(line: str) -> None:
    assert salvage(line) is None
