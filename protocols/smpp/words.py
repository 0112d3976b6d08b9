"""The words of a part as SMPP content, and of what arrived (SMPP 3.4, sections 5.2.19 and 5.3.2.22 to 24)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from protocols import gsm7, ucs2
from protocols.pdu_frames import PduError
from protocols.smpp.messages import HAS_HEADER, Coding, Options, ShortMessage, Tag
from protocols.smpp.settings import DefaultAlphabet, Joining
from protocols.sms import Part, TextEncoding
from protocols.user_data import WHOLE, Place, checked_place, place_header, split_header

_MOST_SEPTETS = 160
_MOST_OCTETS = 140
_ALPHABET_BITS = 0x0C
_PYTHON: Mapping[int, str] = {Coding.ASCII: "ascii", Coding.LATIN1: "latin-1"}


class Written(NamedTuple):
    """Fields of a ``ShortMessage``."""

    content: bytes
    coding: int
    esm_class: int
    options: Options


def write_words(part: Part, alphabet: DefaultAlphabet, joining: Joining) -> Written:
    """The content of ``part`` with what joins it to others; ``PduError`` if it does not fit."""
    header, options = b"", {}
    if part.total > 1:
        match joining:
            case Joining.SAR:
                options = {
                    int(Tag.SAR_REFERENCE): (part.reference & 0xFFFF).to_bytes(2, "big"),
                    int(Tag.SAR_TOTAL): bytes((part.total,)),
                    int(Tag.SAR_POSITION): bytes((part.position,)),
                }
            case Joining.UDH:
                header = place_header(part.reference, part.position, part.total)
    content, coding = _coded(part, alphabet)
    content = header + content
    if len(content) > (_MOST_OCTETS if coding == Coding.UCS2 else _MOST_SEPTETS):
        raise PduError(f"a part of {len(part.text)} characters does not fit into a message")
    return Written(content, coding, HAS_HEADER if header else 0, options)


def _coded(part: Part, alphabet: DefaultAlphabet) -> tuple[bytes, int]:
    text = part.text
    if part.encoding is TextEncoding.UCS2:
        return text.encode("utf-16-be", "surrogatepass"), Coding.UCS2
    try:
        match alphabet:
            case DefaultAlphabet.GSM7:
                return gsm7.encode(text), Coding.DEFAULT
            case DefaultAlphabet.ASCII if text.isascii():
                return text.encode("ascii"), Coding.DEFAULT
            case DefaultAlphabet.LATIN1:
                return text.encode("latin-1"), Coding.DEFAULT
            case _:
                return text.encode("latin-1"), Coding.LATIN1
    except ValueError:
        # Greek capitals and the euro are in no other alphabet.
        return text.encode("utf-16-be", "surrogatepass"), Coding.UCS2


def read_words(message: ShortMessage, alphabet: DefaultAlphabet) -> tuple[Place, str]:
    """The place and words of what arrived. What is not text is given in hexadecimal, what is wrong as U+FFFD."""
    place, words = split_words(message)
    return place, _decoded(words, message.coding, alphabet, is_part=place.total > 1)


def split_words(message: ShortMessage) -> tuple[Place, bytes]:
    """The place of a message, and its words as they are written."""
    place, words = split_header(message.words) if message.has_header else (WHOLE, message.words)
    return _place(message.options) or place, words


def is_wide(coding: int) -> bool:
    """Whether words are written in UTF-16 (3GPP TS 23.038, section 4: also by the codings that phones use)."""
    return coding & _ALPHABET_BITS == Coding.UCS2


def _place(options: Options) -> Place | None:
    numbers = [options.get(tag, b"") for tag in (Tag.SAR_REFERENCE, Tag.SAR_POSITION, Tag.SAR_TOTAL)]
    return checked_place(*(int.from_bytes(number[:2], "big") for number in numbers)) if all(numbers) else None


def _decoded(words: bytes, coding: int, alphabet: DefaultAlphabet, *, is_part: bool) -> str:
    if coding in (Coding.BINARY, 2):
        return words.hex()
    if coding in _PYTHON:
        return words.decode(_PYTHON[coding], "replace")
    if is_wide(coding):
        return ucs2.decode(words, is_part=is_part)
    if alphabet is DefaultAlphabet.GSM7:
        return gsm7.decode(words)
    return words.decode("latin-1")
