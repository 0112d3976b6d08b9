"""How a text is divided into the short messages that carry it, and what it costs. Pure.

A short message holds 140 octets: 160 septets of the GSM alphabet or 70 units of UCS2. Each part of a long text gives
6 octets of them to the header that joins the parts (3GPP TS 23.040, section 9.2.3.24.1): 153 and 67 are left.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from protocols import gsm7
from protocols.sms import TextEncoding
from protocols.text import lacking

_BRACKETS = "【】"
_REMEMBERED = 64
"""Texts whose parts are remembered: messages to many are often one text."""
MOST_NAMED = 10
"""So many signs that cannot be written are named."""
_JOINER = "\u200d"
"""Joins the signs of one emoji."""
_SKINS = "".join(map(chr, range(0x1F3FB, 0x1F400)))
_FLAGS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
"""Two of these are a flag (Unicode Standard Annex 29, rules GB12 and GB13)."""
_KEPT = frozenset({"\n", _JOINER})
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class Counting(StrEnum):
    """By which rule a gateway counts parts."""

    GSM = "gsm"
    """The GSM alphabet where every character is in it, else UCS2."""
    CHINA = "china"
    """Every character counts one, Latin ones too: 70, then 67 in each part; the signature is counted."""


@dataclass(frozen=True)
class Wording:
    """How a gateway wants its texts. ``signature`` is without brackets, empty for none; with ``adds_signature`` it puts
    that before the text by itself. Without ``long_text`` parts are not joined on the phone, so each is a message of
    its own with its own signature. ``letters`` is the charset, Python's name, by which the gateway is told of the GSM
    alphabet, empty if by that itself: what is not in both goes as UCS2. ``charset`` is the one that it is bound to,
    empty if it writes every character. ``longest`` is how many characters it is given at once, with the signature
    that we write: of a whole text, without ``long_text`` of a part; 0 for any number.
    """

    counting: Counting = Counting.GSM
    signature: str = ""
    adds_signature: bool = False
    long_text: bool = True
    letters: str = ""
    charset: str = ""
    longest: int = 0

    @property
    def longest_text(self) -> int:
        """How many characters a whole text may have, 0 for any number: what goes part by part is divided to fit."""
        return self.longest if self.long_text else 0

    @property
    def is_bound(self) -> bool:
        """Whether there are texts that the gateway cannot carry."""
        return bool(self.charset or self.longest_text)

    def carries_all_of(self, other: Wording) -> bool:
        """Whether the gateway carries whatever one of ``other`` does."""
        no_shorter = not self.longest_text or 0 < other.longest_text <= self.longest_text
        return no_shorter and self.charset in ("", other.charset)


@dataclass(frozen=True)
class Layout:
    """What is handed to the gateway: the words of each part, at least one."""

    parts: tuple[str, ...]
    encoding: TextEncoding


@dataclass(frozen=True)
class _Room:
    """Units that fit in a text alone, and in each part of a long one."""

    single: int
    part: int


_ROOMS: Mapping[TextEncoding, _Room] = MappingProxyType(
    {TextEncoding.GSM7: _Room(160, 153), TextEncoding.UCS2: _Room(70, 67)}
)


def message_text(text: str) -> str:
    """``text`` without what no phone shows and what deceives readers: control, bidirectional and broken characters."""
    if text.isprintable():
        # Nothing of what is dropped can be printed.
        return text
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(sign for sign in lines if sign in _KEPT or unicodedata.category(sign) not in _DROPPED)


@lru_cache(_REMEMBERED)
def lay_out(text: str, wording: Wording) -> Layout:
    """The parts of ``text`` by the gateway's rule. Joined they are the text with its signature, unless the gateway
    adds that or cannot join parts.
    """
    mark = signature_mark(wording.signature)
    body = text.removeprefix(mark) if mark else text
    ahead = mark if wording.adds_signature else ""
    whole = _handed_over(text, wording)
    encoding = _encoding(mark + body, wording)
    units = _UNITS[encoding]
    room = _ROOMS[encoding]
    single = room.single
    if wording.longest and not wording.long_text:
        # No character has less than one unit.
        single = min(single, wording.longest + units(ahead))
    if units(ahead + whole) <= single:
        return Layout((whole,), encoding)
    if wording.long_text:
        return Layout(_divided(whole, units, room.part - units(ahead), room.part), encoding)
    each = single - units(mark)
    pieces = _divided(body, units, each, each, apart=True)
    return Layout(tuple(piece if wording.adds_signature else mark + piece for piece in pieces), encoding)


def can_carry(text: str, wording: Wording) -> bool:
    """Whether the gateway can write all of ``text`` and is given no more than it takes."""
    return not is_too_long(text, wording) and is_writable(text, wording)


def is_too_long(text: str, wording: Wording) -> bool:
    """Whether ``text``, with its signature, has more characters than the gateway takes."""
    return bool(wording.longest_text) and length_handed_over(text, wording) > wording.longest_text


def length_handed_over(text: str, wording: Wording) -> int:
    """How many characters the gateway is given of ``text``, where it is given all at once."""
    return len(_handed_over(text, wording))


def is_writable(text: str, wording: Wording) -> bool:
    """Whether the gateway can write ``text``, with its signature."""
    return not wording.charset or not lacking(_handed_over(text, wording), wording.charset)


def unwritable_signs(text: str, wording: Wording) -> tuple[str, ...]:
    """What of ``text``, with its signature, the gateway cannot write: each sign once, as a reader sees it, of many the
    first.
    """
    if is_writable(text, wording):
        return ()
    signs = dict.fromkeys(_signs(_handed_over(text, wording)))
    return tuple(sign for sign in signs if lacking(sign, wording.charset))[:MOST_NAMED]


def signature_mark(signature: str) -> str:
    """A signature as it stands in a text; empty for none."""
    return f"{_BRACKETS[0]}{signature}{_BRACKETS[1]}" if signature else ""


def _encoding(text: str, wording: Wording) -> TextEncoding:
    septets = wording.counting is Counting.GSM and gsm7.fits(text) and not lacking(text, wording.letters or "utf-8")
    return TextEncoding.GSM7 if septets else TextEncoding.UCS2


def _handed_over(text: str, wording: Wording) -> str:
    """What the gateway is given of ``text``."""
    mark = signature_mark(wording.signature)
    body = text.removeprefix(mark)
    return body if wording.adds_signature else mark + body


def _utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


_UNITS: Mapping[TextEncoding, Callable[[str], int]] = MappingProxyType(
    {TextEncoding.GSM7: gsm7.septets, TextEncoding.UCS2: _utf16_units}
)


def _divided(text: str, units: Callable[[str], int], first: int, each: int, *, apart: bool = False) -> tuple[str, ...]:
    """``text`` in pieces of at most ``first`` and then ``each`` units; a character of two is never torn. ``apart``: the
    pieces stay as they are, so that no sign of several characters is torn either, unless it is longer than a piece.
    """
    pieces: list[str] = []
    begin, used, limit = 0, 0, first
    for place, sign in enumerate(text):
        size = units(sign)
        while used + size > limit:
            cut = _border(text, begin, place) if apart else place
            pieces.append(text[begin:cut])
            begin, used, limit = cut, units(text[cut:place]), each
            if cut == place:
                break
        used += size
    pieces.append(text[begin:])
    return tuple(pieces)


def _signs(text: str) -> list[str]:
    cuts = [place for place in range(1, len(text)) if not _belongs(text, place)]
    return [text[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def _border(text: str, begin: int, place: int) -> int:
    """The last place up to ``place`` at which one sign ends and another begins; ``place`` if there is none."""
    return next((cut for cut in range(place, begin, -1) if not _belongs(text, cut)), place)


def _belongs(text: str, place: int) -> bool:
    """Whether the character at ``place`` is part of the sign before: an accent, a variant, a colour of skin, what is
    joined, the second half of a flag.
    """
    sign = text[place]
    if sign in _FLAGS:
        before = text[:place]
        return (len(before) - len(before.rstrip(_FLAGS))) % 2 == 1
    return _JOINER in (sign, text[place - 1]) or sign in _SKINS or unicodedata.category(sign)[0] == "M"
