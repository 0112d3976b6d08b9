"""Where a channel of a UBOX vendor service is."""

from __future__ import annotations

import re

from protocols.sayings import Said, Saying

_ADDRESS = re.compile(r"(ws://([0-9A-Za-z.-]+|\[[0-9A-Fa-f:]+\]):([0-9]{1,5})(?:/[!-\"$-~]*)?)#([1-9][0-9]{0,2})")


def ubox_address(port: str) -> tuple[str, int]:
    """Address and channel in ``ws://host:port/path#channel``; ``ValueError`` says what is allowed."""
    match = _ADDRESS.fullmatch(port)
    if match is None or not 0 < int(match[3]) < 65_536:
        raise ValueError(Said(Saying.UBOX_PORT))
    return match[1], int(match[4])
