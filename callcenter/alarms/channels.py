"""Ways in which people outside are told of alarms. Each takes one message at a time and says what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy.orm import Session


class Problem(StrEnum):
    """Why a message did not arrive. A code only: the words of a far end could tell of the network inside."""

    UNRESOLVED = "unresolved"
    FORBIDDEN = "forbidden"
    UNREACHABLE = "unreachable"
    UNTRUSTED = "untrusted"
    TIMED_OUT = "timed_out"
    REFUSED = "refused"
    BROKEN = "broken"


@dataclass(frozen=True)
class Message:
    """What is sent out: ``delivery`` is the same in every attempt, so that a repetition can be told."""

    delivery: int
    attempt: int
    event: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class Sent:
    """What came of an attempt: no problem means that it was accepted. ``answer`` is the status, if there was one."""

    problem: Problem | None = None
    answer: int | None = None


class AlarmChannel(Protocol):
    """A place outside that is reached from here."""

    async def send(self, message: Message) -> Sent:
        """Try once. Never raises, and ends within a minute."""
        ...


class AlarmQueue(Protocol):
    """A queue in the same database: what is put there is seen to by somebody else, and is not tried again from here."""

    def put(self, session: Session, message: Message, at: datetime) -> None:
        """Queue it, in the transaction that settles its delivery."""
        ...
