"""Every event that leaves a service, as a frozen dataclass holding the full present state of its subject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Audience:
    """Who may be told, beside those whose scope is ``all``: these departments and these users.

    ``permission`` is needed by everybody, whatever the scope.
    """

    permission: str
    departments: tuple[int, ...] = ()
    users: tuple[int, ...] = ()

    @classmethod
    def of(cls, permission: str, departments: Iterable[int | None], users: Iterable[int | None]) -> Audience:
        """The departments and users that are there, each once, in order."""
        return cls(permission, _known(departments), _known(users))


@dataclass(frozen=True)
class Event:
    """Base. ``data`` is plain JSON data; ``subject`` the id of what it is about."""

    topic: ClassVar[str]
    type: ClassVar[str]

    subject: str
    data: Mapping[str, Any]
    audience: Audience


@dataclass(frozen=True)
class CallRinging(Event):
    """An incoming call was first seen, or is offered to more agents, or its caller became known."""

    topic: ClassVar[str] = "calls"
    type: ClassVar[str] = "call.ringing"


@dataclass(frozen=True)
class CallUpdated(Event):
    """Anything else changed: rang again, claimed, patient attached, wrap-up saved, dialling progress."""

    topic: ClassVar[str] = "calls"
    type: ClassVar[str] = "call.updated"


@dataclass(frozen=True)
class CallAnswered(Event):
    """Somebody speaks."""

    topic: ClassVar[str] = "calls"
    type: ClassVar[str] = "call.answered"


@dataclass(frozen=True)
class CallEnded(Event):
    """The call is over, one way or another."""

    topic: ClassVar[str] = "calls"
    type: ClassVar[str] = "call.ended"


@dataclass(frozen=True)
class LineUpdated(Event):
    """A line's state, reason or service changed."""

    topic: ClassVar[str] = "lines"
    type: ClassVar[str] = "line.updated"


@dataclass(frozen=True)
class LineRemoved(Event):
    """There is no such line any more; ``data`` has its id and name."""

    topic: ClassVar[str] = "lines"
    type: ClassVar[str] = "line.removed"


@dataclass(frozen=True)
class AgentUpdated(Event):
    """An agent's state changed."""

    topic: ClassVar[str] = "agents"
    type: ClassVar[str] = "agent.updated"


@dataclass(frozen=True)
class AlarmOpened(Event):
    """Something needs somebody, for the first time or again."""

    topic: ClassVar[str] = "alarms"
    type: ClassVar[str] = "alarm.opened"


@dataclass(frozen=True)
class AlarmUpdated(Event):
    """An alarm is over, was handled, or is known better."""

    topic: ClassVar[str] = "alarms"
    type: ClassVar[str] = "alarm.updated"


@dataclass(frozen=True)
class CallTaskUpdated(Event):
    """A call task was made, or is another's, or moved, or is over."""

    topic: ClassVar[str] = "call_tasks"
    type: ClassVar[str] = "call_task.updated"


@dataclass(frozen=True)
class ComplaintUpdated(Event):
    """A complaint was filed, or somebody did something about it."""

    topic: ClassVar[str] = "complaints"
    type: ClassVar[str] = "complaint.updated"


@dataclass(frozen=True)
class ConversationUpdated(Event):
    """Somebody wrote or was written to, or a conversation was read, given out, put off, ended, or tied to a patient."""

    topic: ClassVar[str] = "conversations"
    type: ClassVar[str] = "conversation.updated"


@dataclass(frozen=True)
class MessageUpdated(Event):
    """An SMS message was queued, or came in, or its state or what it waits for changed."""

    topic: ClassVar[str] = "messages"
    type: ClassVar[str] = "message.updated"


@dataclass(frozen=True)
class BatchUpdated(Event):
    """Messages of a batch moved. They are not told one by one."""

    topic: ClassVar[str] = "messages"
    type: ClassVar[str] = "message_batch.updated"


@dataclass(frozen=True)
class GatewayUpdated(Event):
    """An SMS gateway's state, balance or settings changed."""

    topic: ClassVar[str] = "gateways"
    type: ClassVar[str] = "gateway.updated"


@dataclass(frozen=True)
class GatewayRemoved(Event):
    """There is no such gateway any more; ``data`` has its id and name."""

    topic: ClassVar[str] = "gateways"
    type: ClassVar[str] = "gateway.removed"


@dataclass(frozen=True)
class ListenerUpdated(Event):
    """Somebody's telephone is rung to listen to a call, or was lifted, or they listen no more (``ended_at``)."""

    topic: ClassVar[str] = "listeners"
    type: ClassVar[str] = "listener.updated"


def _known(ids: Iterable[int | None]) -> tuple[int, ...]:
    return tuple(sorted({one for one in ids if one is not None}))


TOPICS: Mapping[str, str] = {
    "calls": "calls.view",
    "lines": "lines.view",
    "my_lines": "lines.view",
    "agents": "agents.view",
    "alarms": "alarms.view",
    "call_tasks": "call_tasks.view",
    "complaints": "complaints.view",
    "conversations": "conversations.view",
    "messages": "messages.view",
    "gateways": "gateways.view",
    "listeners": "calls.listen",
}
"""Topic → the permission that subscribing takes."""

OWN_TOPICS: Mapping[str, str] = {"my_lines": "lines"}
"""Topic of a page that wants to hear only of what its own person has to do with → the topic that these events have."""
