"""What happened to one message, as its page tells it: one step after the other."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import Any

Step = dict[str, Any]
_BY_ITSELF = frozenset({"cancelled", "expired", "suppressed"})
"""States that no part and nobody's act tells of."""
_MAY_HAVE_GONE = frozenset({"accepted", "delivered", "failed", "unknown", "uncertain", "given_up"})


def steps_of(message: dict[str, Any]) -> list[Step]:
    """Oldest first; ``kind`` is ``made``, ``attempt`` (with its ``parts``), ``act`` or ``state``, ``at`` its time."""
    found: list[Step] = [{"kind": "made", "at": message["created_at"]}]
    for attempt, parts in groupby(message["history"], itemgetter("attempt")):
        tried = list(parts)
        found.append({"kind": "attempt", "at": tried[0]["sent_at"], "attempt": attempt, "parts": tried})
    found += [{"kind": "act", **act} for act in message["acts"]]
    cancelled = any(act["action"] == "cancel" for act in message["acts"])
    ended = message["state"] in _BY_ITSELF and not (message["state"] == "cancelled" and cancelled)
    waits = message["state"] == "queued" and message["reason"]
    if ended or waits:
        found.append({"kind": "state", "at": message["state_at"]})
    # What is of one moment stays in this order: an attempt follows the message, and an act what it was about.
    return sorted(found, key=itemgetter("at"))


def may_have_gone(message: dict[str, Any]) -> bool:
    """Whether something of it may have reached the phone, whatever the message itself has become since."""
    return any(part["state"] in _MAY_HAVE_GONE for part in message["history"])
