from __future__ import annotations

import io
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.wav import HEAD_BYTES, WavError, WavFormat, read_head


def wav(samples: bytes, width: int = 2, rate: int = 8000) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(width)
        writer.setframerate(rate)
        writer.writeframes(samples)
    return file.getvalue()


def mended(data: bytes) -> bytes:
    changed = bytearray(data)
    for position, piece in read_head(data).mend(len(data)):
        changed[position : position + len(piece)] = piece
    return bytes(changed)


@pytest.mark.parametrize("bits", [8, 16])
def test_our_head_is_that_of_the_library(bits: int) -> None:
    head = WavFormat(8000, bits).head(1000)
    assert head == wav(bytes(1000), bits // 8)[:HEAD_BYTES]
    assert len(head) == HEAD_BYTES
    assert read_head(WavFormat(8000, bits).head()).seconds(HEAD_BYTES + 32_000) == 32 // bits


def test_a_finished_file() -> None:
    data = wav(b"\x01\x02" * 16_000)
    head = read_head(data)
    assert (head.audio_at, head.declared, head.bytes_per_second) == (44, 32_000, 16_000)
    assert head.seconds(len(data)) == 2
    assert head.mend(len(data)) == []


@pytest.mark.parametrize("declared", [0, 99_999_999])
def test_a_file_that_nobody_finished_is_mended(declared: int) -> None:
    whole = wav(b"\x01\x02" * 8000)
    broken = whole[:4] + b"\0\0\0\0" + whole[8:40] + declared.to_bytes(4, "little") + whole[44:]
    assert read_head(broken).seconds(len(broken)) == 1
    assert mended(broken) == whole
    with wave.open(io.BytesIO(mended(broken))) as reader:
        assert reader.readframes(9000) == b"\x01\x02" * 8000


def test_chunks_before_the_audio_are_passed_over() -> None:
    whole = wav(b"\0\0" * 8)
    listed = whole[:36] + b"LIST\x03\0\0\0abc\0" + whole[36:]
    assert read_head(listed).audio_at == 56


@pytest.mark.parametrize("data", [b"", b"RIFF", b"RIFF\0\0\0\0AVI ", wav(b"")[:36], b"\x10" * 100])
def test_what_is_no_wav_file(data: bytes) -> None:
    with pytest.raises(WavError):
        read_head(data)


def test_a_format_without_speed_is_refused() -> None:
    data = wav(b"\0\0")
    with pytest.raises(WavError, match="no bytes a second"):
        read_head(data[:28] + b"\0\0\0\0" + data[32:])


@given(st.binary(max_size=200), st.booleans())
def test_anything_is_read_or_refused(data: bytes, tail: bool) -> None:
    whole = wav(b"\0\0")[:36] + data if tail else data
    try:
        head = read_head(whole)
    except WavError:
        return
    assert 0 <= head.audio_bytes(len(whole)) <= len(whole)
    assert read_head(mended(whole)).audio_bytes(len(whole)) == head.audio_bytes(len(whole))
