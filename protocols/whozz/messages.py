"""What a Whozz Calling box tells, as frozen messages."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from protocols.signals import AbsentReason


class DetailKind(enum.Enum):
    """What a detail record tells. ``RING`` is sent once for a call, at its first ring."""

    OFF_HOOK = "F"
    ON_HOOK = "N"
    RING = "R"
    FLASH = "H"


@dataclass(frozen=True)
class Record:
    """Base of both kinds. ``line`` is the line of the box, 1 and up; ``when`` is date and time by the box's clock."""

    line: int
    when: str


@dataclass(frozen=True)
class CallRecord(Record):
    """A call begins or, with ``ended``, is over. ``when`` is the beginning in both.

    ``seconds`` is the duration, 0 at the beginning and for a call that nobody answered; ``verified`` is False when the
    checksum of the caller id was wrong. For an outgoing call ``number`` is what was dialled, or its beginning.
    """

    incoming: bool
    ended: bool
    number: str
    name: str = ""
    absent: AbsentReason | None = None
    seconds: int = 0
    verified: bool = True
    rings: int = 0
    ring_type: str = ""

    @property
    def identity(self) -> tuple[bool, str, str]:
        """What the records of one call have in common: direction, beginning, number."""
        return self.incoming, self.when, self.number


@dataclass(frozen=True)
class Detail(Record):
    """The line's hook or a ring."""

    kind: DetailKind


@dataclass(frozen=True)
class Packet:
    """One datagram. ``record`` is None for what is no record of a call: parameters, version, start of the box."""

    unit: int
    serial: int
    record: Record | None
