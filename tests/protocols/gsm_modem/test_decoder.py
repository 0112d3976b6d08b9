from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.gsm_modem.answers import Announced, Answer, Direct, Line, Outcome, Said
from protocols.gsm_modem.decoder import MAX_LINE, ModemDecoder
from protocols.gsm_modem.refusals import meaning_of
from protocols.sms import Refusal

OK, ERROR, PROMPT = Answer(Outcome.OK), Answer(Outcome.ERROR), Answer(Outcome.PROMPT)
STREAM = (
    b"ATE0\r\r\nOK\r\n\r\n+CREG: 0,1\r\n\r\nOK\r\n\r\n> \r\n+CMTI: \"SM\",3\r\n\r\n+CMGS: 17\r\n\r\nOK\r\n"
    b"\r\n+CDS: 26\r\n07910691\r\n\r\n+CMT: \"\",30\r\n\r\n0891AAbb\r\n+CMT: ,30\r\n\r\nRING\r\n+CDSI:SR,1\r\n"
    b"\r\n+CMS ERROR: 310\r\n+CME ERROR: SIM not inserted\r\nERROR\r\n"
)  # fmt: skip
SAID: list[Said] = [
    Line("ATE0"), OK, Line("+CREG: 0,1"), OK, PROMPT, Announced("SM", 3), Line("+CMGS: 17"), OK, Direct("07910691"),
    Direct("0891AAbb"), Line("RING"), Announced("SR", 1), Answer(Outcome.ERROR, "CMS", "310"),
    Answer(Outcome.ERROR, "CME", "SIM not inserted"), ERROR,
]  # fmt: skip


def decode(*chunks: bytes) -> list[Said]:
    decoder = ModemDecoder()
    return [said for chunk in chunks for said in decoder.feed(chunk)]


@pytest.mark.parametrize("place", range(len(STREAM) + 1))
def test_every_split_says_the_same(place: int) -> None:
    assert decode(STREAM[:place], STREAM[place:]) == SAID


def test_byte_by_byte() -> None:
    assert decode(*(bytes([byte]) for byte in STREAM)) == SAID


@given(
    st.lists(st.binary(max_size=80) | st.sampled_from([b"> ", b"\r\n", b"+CMT: ,9\r\n", b"OK\r\n"])), st.integers(1, 9)
)
def test_rubbish_is_read_the_same_however_it_is_split(pieces: list[bytes], size: int) -> None:
    data = b"".join(pieces)
    assert decode(data) == decode(*(data[place : place + size] for place in range(0, len(data), size)))


def test_a_line_that_never_ends_costs_no_memory_and_nothing_behind_it() -> None:
    decoder = ModemDecoder()
    for _ in range(100):
        assert decoder.feed(b"x" * 10_000) == []
        assert len(decoder._line) <= MAX_LINE
    [line, ok] = decoder.feed(b"\r\nOK\r\n")
    assert ok == OK
    assert isinstance(line, Line)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (ERROR, "ERROR"), (Answer(Outcome.ERROR, "CMS", ""), "CMS"), (Answer(Outcome.ERROR, "CMS", "²"), "CMS"),
        (Answer(Outcome.ERROR, "CMS", "9" * 70), "CMS"), (Answer(Outcome.ERROR, "CME", "SIM busy"), "CME"),
        (Answer(Outcome.ERROR, "CMS", "99999"), "CMS 99999"),
    ],
)  # fmt: skip
def test_an_error_that_nobody_knows_is_tried_again_later(answer: Answer, code: str) -> None:
    meaning = meaning_of(answer)
    assert (meaning.refusal, meaning.code) == (Refusal.LATER, code)
    assert meaning.words


def test_the_errors_of_the_whole_modem_mean_the_same_as_those_of_messages() -> None:
    assert meaning_of(Answer(Outcome.ERROR, "CME", "10")).words == meaning_of(Answer(Outcome.ERROR, "CMS", "310")).words
    assert meaning_of(Answer(Outcome.ERROR, "CME", "31")).doubtful
