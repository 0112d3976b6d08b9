"""The one message that a page sends: what it wants to hear, and since when."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from callcenter.administration.principal import Principal
from callcenter.events import OWN_TOPICS, TOPICS
from callcenter.text import N_, Text
from web.errors import MalformedError

_LARGEST = 2**63
_MOST_TESTS = 4
_TEST = re.compile(r"line-test/([1-9][0-9]{0,17})")


def permission_for(topic: str) -> str | None:
    """The permission that listening to ``topic`` takes; None for a topic that there is not."""
    return "lines.test" if _TEST.fullmatch(topic) else TOPICS.get(topic)


def topics_for(principal: Principal, topics: str) -> str:
    """Those of ``topics``, which are separated by spaces, that ``principal`` may listen to, each with its permission.

    This is what a page takes as ``data-topics``: it asks for fewer when the person's rights have changed.
    """
    named = [(topic, permission_for(topic)) for topic in topics.split()]
    return " ".join(f"{topic}:{needed}" for topic, needed in named if needed is not None and principal.may(needed))


@dataclass(frozen=True)
class Greeting:
    """``since`` is the last number that the page saw, None for a page that knows nothing.

    ``tests`` are the lines whose tests it wants to look at.
    """

    since: int | None
    topics: tuple[str, ...]
    tests: tuple[int, ...] = ()


def read_greeting(payload: bytes, *, is_binary: bool) -> Greeting:
    """The greeting in a message; raises MalformedError for anything else."""
    if is_binary:
        raise MalformedError(N_("Messages are JSON text."))
    try:
        message = json.loads(payload)
        since, topics = message["since"], message["topics"]
        good = message["op"] == "hello" and type(topics) is list and len(topics) <= len(TOPICS) + _MOST_TESTS
    except (ValueError, KeyError, TypeError, RecursionError):
        good, since, topics = False, None, []
    if not good or (since is not None and (type(since) is not int or not 0 <= since < _LARGEST)):
        raise MalformedError(N_("The first message says hello, since which number, and to which topics."))
    tests = {one: match[1] for one in topics if type(one) is str and (match := _TEST.fullmatch(one))}
    if not all(type(one) is str and (one in TOPICS or one in tests) for one in topics):
        known = ", ".join((*TOPICS, "line-test/…"))
        raise MalformedError(Text(N_("There are these topics: {topics}."), topics=known))
    # Of all lines one's own are among them.
    lasting = tuple(dict.fromkeys(one for one in topics if one in TOPICS and OWN_TOPICS.get(one) not in topics))
    return Greeting(since, lasting, tuple(map(int, tests.values())))
