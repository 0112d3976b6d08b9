"""Why a WebSocket was closed, as Autobahn says it to ``onClose``, without its frame of words."""

from __future__ import annotations

import re

from protocols.sayings import Said, Saying

_UNCLEAN = re.compile(r'connection was closed uncleanly \("(?P<why>.*)"\)', re.DOTALL)


def plain_reason(reason: str) -> str:
    """Why: the words of ``protocols.system_words``, or whatever else the library or the other side says."""
    unclean = _UNCLEAN.fullmatch(reason)
    return (unclean["why"] if unclean is not None else reason) or Said(Saying.IT_CLOSED)
