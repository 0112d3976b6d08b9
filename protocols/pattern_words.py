"""What is wrong with a regular expression, and where, in a vocabulary that can be said in any language."""

from __future__ import annotations

from collections.abc import Mapping

from protocols.sayings import Said, Saying

# How Python's messages begin or what stands in them (re/_parser.py of 3.11 to 3.14), the first that fits.
_KINDS: Mapping[str, Saying] = {
    "unterminated subpattern": Saying.PATTERN_UNCLOSED,
    "unterminated comment": Saying.PATTERN_UNCLOSED,
    "unexpected end": Saying.PATTERN_UNCLOSED,
    "unterminated character set": Saying.PATTERN_BRACKET,
    "unbalanced parenthesis": Saying.PATTERN_UNOPENED,
    "min repeat greater": Saying.PATTERN_COUNT,
    "nothing to repeat": Saying.PATTERN_NOTHING_REPEATED,
    "multiple repeat": Saying.PATTERN_REPEATED_TWICE,
    "bad character range": Saying.PATTERN_RANGE,
    "look-behind": Saying.PATTERN_LOOK_BEHIND,
    "group name": Saying.PATTERN_GROUP_NAME,
    "group reference": Saying.PATTERN_GROUP_NAME,
    "group number": Saying.PATTERN_GROUP_NAME,
    "unterminated name": Saying.PATTERN_GROUP_NAME,
    "conditional backref": Saying.PATTERN_GROUP_NAME,
    "open group": Saying.PATTERN_GROUP_NAME,
    "escape": Saying.PATTERN_ESCAPE,
    "character name": Saying.PATTERN_ESCAPE,
    "missing {": Saying.PATTERN_ESCAPE,
    "extension": Saying.PATTERN_EXTENSION,
    "flag": Saying.PATTERN_EXTENSION,
    "missing -": Saying.PATTERN_EXTENSION,
    "missing :": Saying.PATTERN_EXTENSION,
}


def pattern_trouble(message: str, position: int | None) -> Said:
    """``re.error.msg`` and ``re.error.pos`` in words; a ``message`` that is not known is said to be just that."""
    kind = next((saying for words, saying in _KINDS.items() if words in message), Saying.PATTERN_UNREADABLE)
    return Said(kind) if position is None else Said(Saying.PATTERN_AT, why=Said(kind), place=position + 1)
