"""What a patient can be found by: the terms kept in ``patient_term``, and the words that are looked up in them.

A search word finds every term that begins with it. That a name, a number or its middle is found as well is done when
the terms are made: each tail of them is a term of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from pypinyin import Style, pinyin

LONGEST_TERM = 80
MOST_WORDS = 6
SHORTEST_TAIL = 3
"""Digits of a number's shortest tail; a shorter one would find half of the hospital."""

_READINGS = 4
_HOME_PREFIX = "86"
_FORMATTED_DIGITS = re.compile(r"[+(]?\d[\d\-().+]*")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_NOT_DIGITS = re.compile(r"\D")


def normalise(text: str) -> str:
    """Lower case, compatibility forms unified (NFKC), control and format characters gone, single spaces."""
    unified = unicodedata.normalize("NFKC", text).casefold()
    kept = (" " if char.isspace() else char for char in unified if char.isspace() or _printable(char))
    return " ".join("".join(kept).split())


def _printable(char: str) -> bool:
    return not unicodedata.category(char).startswith("C")


def words_of(query: str) -> list[str]:
    """The words to look up, without repeats, longest first; at most MOST_WORDS, the longest ones.

    A formatted number becomes its digits, without the country code of China: ``+86-138`` → ``138``.
    """
    words = {_unformatted(word)[:LONGEST_TERM] for word in normalise(query).split(" ")}
    return sorted(words - {""}, key=lambda word: (-len(word), word))[:MOST_WORDS]


def _unformatted(word: str) -> str:
    if not _FORMATTED_DIGITS.fullmatch(word):
        return word
    digits = _NOT_DIGITS.sub("", word)
    return digits.removeprefix(_HOME_PREFIX) if word.startswith("+") else digits


def terms_for(name: str, record_number: str, numbers: Iterable[str]) -> set[str]:
    """Every term of one patient. ``numbers`` are canonical: ``+8613800138000``, ``+861062345678;ext=801``."""
    terms = set(_name_terms(normalise(name)))
    terms.add(normalise(record_number))
    for number in numbers:
        terms.update(_number_terms(number))
    return {term[:LONGEST_TERM] for term in terms} - {""}


def pinyin_of(name: str) -> str:
    """A name's usual reading in one piece, to sort and show: ``张三`` → ``zhangsan``."""
    return "".join(_readings(normalise(name))[0])


def initials_of(text: str) -> str:
    """The first letters of a text's usual reading: ``术后饮食`` → ``shys``."""
    return "".join(syllable[0] for syllable in _readings(normalise(text))[0])


def _name_terms(name: str) -> Iterator[str]:
    """Tails from each Chinese character and from the start of each word in letters; pinyin; initials of it."""
    for start, char in enumerate(name):
        if start == 0 or not char.isascii() or name[start - 1] == " ":
            yield name[start:]
    for syllables in _readings(name):
        yield "".join(syllables)
        initials = "".join(syllable[0] for syllable in syllables)
        yield from (initials[start:] for start in range(max(1, len(initials) - 1)))


@lru_cache(maxsize=20_000)
def _readings(name: str) -> tuple[tuple[str, ...], ...]:
    """The syllables of a name; once for each reading of its first character, because surnames are often read unusually
    (单 is shan, 仇 is qiu). Text that is not Chinese counts as one syllable per word.
    """
    usual = [syllables[0].strip() for syllables in pinyin(name, style=Style.NORMAL)]
    usual = [syllable for part in usual for syllable in part.split()]
    if not usual or name[0].isascii():
        return (tuple(usual),)
    firsts = dict.fromkeys([usual[0], *pinyin(name[0], style=Style.NORMAL, heteronym=True)[0]])
    return tuple((first, *usual[1:]) for first in list(firsts)[:_READINGS])


def _number_terms(number: str) -> Iterator[str]:
    main, _, extension = number.partition(";ext=")
    digits = _NOT_DIGITS.sub("", main)
    national = digits.removeprefix(_HOME_PREFIX) if main.startswith("+" + _HOME_PREFIX) else digits
    yield national
    yield from _tails(national)
    if national != digits and not _MOBILE.fullmatch(national):
        yield "0" + national  # As people write a landline: with the trunk prefix.
    yield extension
    yield from _tails(extension)


def _tails(digits: str) -> Iterator[str]:
    return (digits[start:] for start in range(len(digits) - SHORTEST_TAIL + 1))
