"""Regular expressions that somebody typed, searched in what somebody else sends: whatever they are, that ends in time.

``re`` cannot be stopped and holds the interpreter meanwhile; with ``(a+)+$`` and fifty letters that is for ever. They
are checked to be what ``re`` knows too: the language that is documented, without the recursion of ``regex``.
"""

from __future__ import annotations

import functools
import re

import regex

from protocols.pattern_words import pattern_trouble
from protocols.sayings import Said, Saying

SECONDS = 0.05
"""What one search may take, in seconds of this process's work."""
_MOST_REPEATS = 10_000
# Long enough for what takes for ever; what takes the square of the length, as good patterns may, takes 0.01 s of it.
_PROBE = 400
_COMMON, _MOST_PROBES, _END = "a0 \n", 20, "\N{REPLACEMENT CHARACTER}"
# The engine writes counted repetitions out, one within another as often as their product: ten million take it seconds.
_COUNTS = re.compile(r"\{(\d*),?(\d*)\}")


class SlowPatternError(Exception):
    """The search was given up."""


def search(pattern: str, text: str) -> regex.Match[str] | None:
    """As ``re.search``, with what ``check_pattern`` lets through; ``SlowPatternError`` after ``SECONDS``."""
    try:
        return regex.search(pattern, text, timeout=SECONDS)
    except (TimeoutError, MemoryError) as error:
        raise SlowPatternError from error


@functools.lru_cache(maxsize=500)
def check_pattern(pattern: str) -> int:
    """How many groups ``pattern`` has; ``ValueError`` if it is none or one that does not end in time."""
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ValueError(Said(Saying.NO_PATTERN, why=pattern_trouble(error.msg, error.pos))) from error
    except (OverflowError, RecursionError) as error:
        raise ValueError(Said(Saying.NO_PATTERN, why=pattern_trouble("", None))) from error
    if _repeats(pattern) > _MOST_REPEATS:
        raise ValueError(Said(Saying.PATTERN_REPEATS, most=_MOST_REPEATS))
    try:
        regex.compile(pattern)
        for probe in _probes(pattern):
            search(pattern, probe)
    except regex.error as error:
        raise ValueError(Said(Saying.NO_PATTERN, why=pattern_trouble(str(error), None))) from error
    except RecursionError as error:
        raise ValueError(Said(Saying.NO_PATTERN, why=pattern_trouble("", None))) from error
    except SlowPatternError as error:
        raise ValueError(Said(Saying.PATTERN_SLOW)) from error
    return groups


def _repeats(pattern: str) -> int:
    product = 1
    for least, most in _COUNTS.findall(pattern):
        # Ten digits are too many for any other reason.
        product *= max(1, int(least[:10] or 0), int(most[:10] or 0))
    return product


def _probes(pattern: str) -> list[str]:
    """Texts of the characters that ``pattern`` names, each long and then ended by something else."""
    characters = list(dict.fromkeys(_COMMON + pattern))[:_MOST_PROBES]
    return [character * _PROBE + _END for character in characters]
