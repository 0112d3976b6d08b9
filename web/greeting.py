"""The one message that a page sends: what it wants to hear, and since when."""

from __future__ import annotations

import json
from dataclasses import dataclass

from callcenter.events import TOPICS
from callcenter.text import N_, Text
from web.errors import MalformedError

_LARGEST = 2**63


@dataclass(frozen=True)
class Greeting:
    """``since`` is the last number that the page saw, None for a page that knows nothing."""

    since: int | None
    topics: tuple[str, ...]


def read_greeting(payload: bytes, *, is_binary: bool) -> Greeting:
    """The greeting in a message; raises MalformedError for anything else."""
    if is_binary:
        raise MalformedError(N_("Messages are JSON text."))
    try:
        message = json.loads(payload)
        since, topics = message["since"], message["topics"]
        good = message["op"] == "hello" and type(topics) is list and len(topics) <= len(TOPICS)
    except (ValueError, KeyError, TypeError, RecursionError):
        good, since, topics = False, None, []
    if not good or (since is not None and (type(since) is not int or not 0 <= since < _LARGEST)):
        raise MalformedError(N_("The first message says hello, since which number, and to which topics."))
    if not all(type(one) is str and one in TOPICS for one in topics):
        raise MalformedError(Text(N_("There are these topics: {topics}."), topics=", ".join(TOPICS)))
    return Greeting(since, tuple(dict.fromkeys(topics)))
