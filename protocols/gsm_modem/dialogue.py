"""Commands to a GSM modem as scripts: see ``protocols.scripts``. Nothing that people type is in a command."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

from protocols import scripts
from protocols.gsm_modem.answers import Answer, Ends, Outcome

FINALS = Ends(frozenset({Outcome.OK, Outcome.ERROR}))
PROMPT_FINALS = Ends(frozenset(Outcome))
NEVER = Ends(frozenset())
ESCAPE = b"\x1b"
END_OF_MESSAGE = b"\x1a"
MOST_LINES = 1200
"""Most lines kept of an answer: two for each message of a full storage."""

Command = scripts.Command[Answer]
Reply = scripts.Reply[Answer]
Runner = scripts.ScriptRunner[Answer]
Script = Generator[Command, Reply, None]
T = TypeVar("T")
Dialogue = Generator[Command, Reply, T]


def command(line: str, timeout: float, finals: Ends = FINALS) -> Command:
    """A command line as ``Command``."""
    return Command(line.encode("ascii") + b"\r", timeout, finals)


def pause(seconds: float) -> Command:
    """Send nothing for ``seconds``."""
    return Command(b"", seconds, NEVER)


def escape(seconds: float) -> Command:
    """Leave the prompt, wherever it came from, and hear nothing for ``seconds``."""
    return Command(ESCAPE, seconds, NEVER)


def value_of(reply: Reply, name: str) -> str | None:
    """What follows ``+NAME: `` in the answer; None if nothing does."""
    start = f"+{name}:"
    return next((line.removeprefix(start).strip() for line in reply.text if line.startswith(start)), None)
