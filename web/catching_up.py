"""What a page needs to be up to date: the events since the last one it saw, or everything as it is now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from callcenter.administration.disclosure import disclose
from callcenter.administration.principal import Principal
from callcenter.events import OWN_TOPICS
from storage.event_log import StoredEvent, events_after, last_seq, oldest_seq
from web.fanout import hears
from web.services import Services


@dataclass(frozen=True)
class Missed:
    """The events after a number that the log still had, up to ``seq``. None of them may be for this person."""

    seq: int
    events: tuple[StoredEvent, ...]


@dataclass(frozen=True)
class Snapshot:
    """The present state per topic. It holds at least everything up to ``seq``, perhaps more."""

    seq: int
    topics: dict[str, list[Any]]


def missed_events(session: Session, since: int, topics: Sequence[str], limit: int) -> Missed | int:
    """What happened after ``since``; or only the last number, when the log cannot tell it all or it is too much.

    A number that was never given out comes from another database: then nothing that the page knows can be trusted.
    """
    last = last_seq(session)
    if since > last or since < oldest_seq(session) - 1 or last - since > limit:
        return last
    return Missed(last, tuple(events_after(session, since, limit, topics)))


async def catch_up(
    services: Services, principal: Principal, since: int | None, topics: Sequence[str], limit: int
) -> Missed | Snapshot:
    """Read what a page that saw ``since`` (None: nothing) needs; called after subscribing, so that nothing is lost.

    The number is read before the state: what happens in between is in the state and comes as an event as well, which
    changes nothing, because events carry whole states.
    """
    if since is not None:
        names = [OWN_TOPICS.get(topic, topic) for topic in topics]
        found = await services.database.read(missed_events, since, names, limit)
        if isinstance(found, Missed):
            visible = tuple(event for event in found.events if hears(principal, topics, event))
            return Missed(found.seq, visible)
    seq = await services.database.read(last_seq)
    states = {
        OWN_TOPICS.get(topic, topic): disclose(list(await _STATES[topic](services, principal)), principal)
        for topic in topics
    }
    return Snapshot(seq, states)


Present = Callable[[Services, Principal], Awaitable[Sequence[Any]]]

_STATES: Mapping[str, Present] = MappingProxyType(
    {
        "calls": lambda services, principal: services.telephony.calls.open_for(principal),
        "lines": lambda services, principal: services.telephony.lines.list(principal),
        "my_lines": lambda services, principal: services.telephony.lines.list(principal),
        "agents": lambda services, principal: services.telephony.agents.list(principal),
        "alarms": lambda services, principal: services.alarms.open_for(principal),
        "call_tasks": lambda services, principal: services.telephony.tasks.held(principal),
        "complaints": lambda services, principal: services.complaints.unsettled(principal),
        "messages": lambda services, principal: services.messaging.messages.recent(principal),
        "conversations": lambda services, principal: services.desk.conversations.to_know(principal),
        "gateways": lambda services, principal: services.messaging.gateways.list(principal),
        "listeners": lambda services, principal: services.telephony.listening.present(principal),
    }
)
"""Topic → what is there of it for a person."""
