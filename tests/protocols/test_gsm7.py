"""The alphabet of short messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import gsm7

ALPHABET = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡AZÄÖÑÜ§¿azäöñüà^{}\\[~]|€\f"


def test_known_octets() -> None:
    assert gsm7.pack(gsm7.encode("hellohello")).hex() == "e8329bfd4697d9ec37"
    assert gsm7.encode("€{").hex() == "1b651b28"


def test_basic_characters_stand_at_their_places() -> None:
    assert gsm7.encode("@AZaz09 ?").hex() == "00415a617a3039203f"
    assert gsm7.encode("¡ÄÖÑÜ§¿äöñüà").hex() == "405b5c5d5e5f607b7c7d7e7f"


@given(st.text(st.sampled_from(ALPHABET)), st.integers(0, 6))
def test_everything_comes_back(text: str, fill: int) -> None:
    data = gsm7.encode(text)
    assert gsm7.fits(text)
    assert len(data) == gsm7.septets(text)
    assert gsm7.decode(gsm7.unpack(gsm7.pack(data, fill), len(data), fill)) == text


@given(st.binary(), st.integers(0, 400), st.integers(0, 6))
def test_any_octets_are_read(data: bytes, count: int, fill: int) -> None:
    assert len(gsm7.unpack(data, count, fill)) <= count
    assert isinstance(gsm7.decode(data), str)


def test_other_characters_are_named() -> None:
    assert not gsm7.fits("您好")
    with pytest.raises(ValueError, match="您"):
        gsm7.encode("Hi 您")


def test_an_escape_that_means_nothing() -> None:
    assert gsm7.decode(bytes([gsm7.ESCAPE, 0x41])) == "A"
    assert gsm7.decode(bytes([gsm7.ESCAPE])) == " "
