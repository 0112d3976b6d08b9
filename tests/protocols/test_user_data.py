"""Headers before the words of a part."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.user_data import WHOLE, Place, place_header, split_header


def test_both_forms() -> None:
    assert place_header(0x7A, 2, 3).hex(" ") == "05 00 03 7a 03 02"
    assert place_header(0x17A, 2, 3, long_reference=True).hex(" ") == "06 08 04 01 7a 03 02"
    assert split_header(bytes.fromhex("0500037a0302") + b"words") == (Place(0x7A, 2, 3), b"words")
    assert split_header(bytes.fromhex("060804017a0302") + b"words") == (Place(0x17A, 2, 3), b"words")


def test_other_elements_are_skipped() -> None:
    ports = bytes.fromhex("0b 05 04 0b84 23f0 00 03 7a 02 01")
    assert split_header(ports + b"words") == (Place(0x7A, 1, 2), b"words")


@pytest.mark.parametrize("header", ["0500037a0203", "0500037a0000", "0400037a02", "03000100", "00", "02ffff", "0108"])
def test_places_that_cannot_be_are_ignored(header: str) -> None:
    assert split_header(bytes.fromhex(header) + b"words") == (WHOLE, b"words")


@pytest.mark.parametrize("data", [b"", b"\x05", b"\x20words"])
def test_what_is_no_header(data: bytes) -> None:
    assert split_header(data) == (WHOLE, data)


@given(st.integers(1, 255), st.integers(1, 255), st.integers(0, 65535), st.binary())
def test_what_is_written_is_read(position: int, total: int, reference: int, words: bytes) -> None:
    position = min(position, total)
    long = place_header(reference, position, total, long_reference=True)
    assert split_header(long + words) == (Place(reference, position, total), words) or not words


@given(st.binary(max_size=40))
def test_noise(data: bytes) -> None:
    place, words = split_header(data)
    assert 1 <= place.position <= place.total
    assert data.endswith(words)
