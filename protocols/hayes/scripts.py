"""The commands of a modem as scripts: see ``protocols.scripts``."""

from __future__ import annotations

from collections.abc import Generator

from protocols import scripts
from protocols.hayes.commands import encode
from protocols.hayes.messages import Result

BASIC_FINALS = frozenset({Result.OK, Result.ERROR, Result.VOICE_CONNECT})
"""Codes that end an ordinary command. NO CARRIER and the like are news of a call, not its answer."""
HANG_UP_FINALS = BASIC_FINALS | {Result.NO_CARRIER}
DIAL_FINALS = frozenset(Result) - {Result.RINGING}

Command = scripts.Command[Result]
Reply = scripts.Reply[Result]
Script = Generator[Command, Reply, None]
ScriptRunner = scripts.ScriptRunner[Result]


def command(line: str, timeout: float, finals: frozenset[Result] = BASIC_FINALS) -> Command:
    """A command line as ``Command``."""
    return Command(encode(line), timeout, finals)


def pause(seconds: float) -> Command:
    """Send nothing for ``seconds``."""
    return Command(b"", seconds, frozenset())
