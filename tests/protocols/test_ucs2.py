"""Characters of two units, whole and in halves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocols import ucs2

ANY = st.text(st.characters(exclude_categories=["Cs"]))


@given(ANY, st.data())
def test_a_text_that_is_cut_anywhere_is_whole_again(text: str, data: st.DataObject) -> None:
    written = text.encode("utf-16-be")
    cut = 2 * data.draw(st.integers(0, len(written) // 2))
    parts = [ucs2.decode(part, is_part=True) for part in (written[:cut], written[cut:])]
    assert ucs2.joined("".join(parts)) == text == ucs2.decode(written, is_part=False)


@given(st.binary())
def test_any_octets_are_text_that_can_be_written_down(octets: bytes) -> None:
    ucs2.decode(octets, is_part=False).encode()
    part = ucs2.decode(octets, is_part=True)
    ucs2.joined(part).encode()
    pieces = ucs2.split_halves(part)
    "".join(pieces[::2]).encode()
    assert all(len(half) == 1 and "\ud800" <= half <= "\udfff" for half in pieces[1::2])


def test_what_is_wrong_costs_itself_only() -> None:
    smile = "好😀吧".encode("utf-16-be")
    assert ucs2.decode(smile[:4], is_part=False) == "好\ufffd"
    assert ucs2.decode(smile[4:], is_part=False) == "\ufffd吧"
    assert ucs2.decode(smile + b"\0", is_part=True) == "好😀吧\ufffd"
