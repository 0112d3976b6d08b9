"""What a GSM modem says (3GPP TS 27.005 and 27.007)."""

from __future__ import annotations

import enum
from collections.abc import Container
from dataclasses import dataclass


class Outcome(enum.Enum):
    """How an answer ends."""

    OK = "OK"
    ERROR = "ERROR"
    PROMPT = ">"


@dataclass(frozen=True)
class Answer:
    """The end of an answer. ``family`` is CMS or CME if the modem gives the ``code`` of an error, a number or words."""

    outcome: Outcome
    family: str = ""
    code: str = ""

    @property
    def accepts(self) -> bool:
        """Whether the modem did what it was told, or waits for the message that was promised to it."""
        return self.outcome is not Outcome.ERROR

    @property
    def number(self) -> int | None:
        """The code as a number; None for words or without code."""
        return int(self.code) if self.code.isdecimal() and len(self.code) < 6 else None


@dataclass(frozen=True)
class Ends(Container[Answer]):
    """The answers that end with one of ``outcomes``."""

    outcomes: frozenset[Outcome]

    def __contains__(self, answer: object) -> bool:
        return isinstance(answer, Answer) and answer.outcome in self.outcomes


@dataclass(frozen=True)
class Line:
    """Any other line: part of an answer, echo or noise."""

    text: str


@dataclass(frozen=True)
class Announced:
    """+CMTI and +CDSI: a message or status report is kept in ``memory`` at ``index``."""

    memory: str
    index: int


@dataclass(frozen=True)
class Direct:
    """+CMT and +CDS: a message or status report, not kept. ``line`` is its PDU in hexadecimal."""

    line: str


Said = Answer | Line | Announced | Direct
