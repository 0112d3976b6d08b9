"""Commands to a modem, each checked to be one command and nothing else."""

from __future__ import annotations

import re

_ON_WIRE = re.compile(r"[0-9*#,]{1,64}")


def encode(command: str) -> bytes:
    """The bytes of one command line, ended by the CR of S3. ``ValueError`` if it is not one line of ASCII."""
    if not command.isascii() or not command.isprintable():
        raise ValueError(f"not a modem command: {command!r}")
    return command.encode("ascii") + b"\r"


def dial(number: str) -> str:
    """Tone-dial command for ``number`` with its prefixes: digits, ``*``, ``#`` and pauses, else ``ValueError``."""
    if not _ON_WIRE.fullmatch(number):
        raise ValueError(f"cannot dial {number[:80]!r}")
    return f"ATDT{number}"
