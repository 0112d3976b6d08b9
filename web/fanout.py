"""Who is told of an event. The work for one event grows with those who are told, not with those who are connected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from twisted.logger import Logger

from callcenter.administration.disclosure import masked
from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.clock import iso
from callcenter.events import OWN_TOPICS, TOPICS, CallEnded, LineUpdated
from storage.event_log import StoredEvent
from web.outbox import Frame, Parcel
from web.rendering import as_json

_log = Logger(namespace="web.sockets")

Kind = tuple[str, str]
"""Topic and ``all`` / ``department`` / ``user``."""
Bucket = tuple[Kind, int]
"""A kind, and whose it is."""
_UNHURRIED = frozenset({CallEnded.type, LineUpdated.type})
"""Types of events that many pages hear and nobody waits for. The page of the agent who talked hears of the end of the
call at once, because the agent's own state, which changes with it, does not wait.
"""
_EVERYBODY = 0
_NOBODY: Mapping[int, Mapping[Any, bool]] = {}


class Reader(Protocol):
    """A connected page."""

    principal: Principal

    def offer(self, parcel: Parcel) -> None:
        """Take events that it may see."""
        ...


def reaches(principal: Principal, audience: Mapping[str, Any]) -> bool:
    """Whether ``principal`` may be told of what has this audience; the rule behind the index, written out."""
    scope = principal.grants.get(audience["permission"])
    if scope is None:
        return False
    if scope is Scope.ALL or principal.user_id in audience["users"]:
        return True
    return scope is Scope.DEPARTMENT and principal.department_id in audience["departments"]


def hears(principal: Principal, topics: Collection[str], event: StoredEvent) -> bool:
    """Whether a page of ``principal`` that listens to ``topics`` is told of ``event``."""
    if event.topic not in topics:
        own = any(OWN_TOPICS.get(topic) == event.topic for topic in topics)
        if not own or principal.user_id not in event.audience["users"]:
            return False
    return reaches(principal, event.audience)


def event_message(event: StoredEvent, *, numbers: bool) -> bytes:
    """The event as JSON; ``numbers`` shows phone numbers in full."""
    return as_json(
        {
            "seq": event.seq,
            "topic": event.topic,
            "type": event.type,
            "at": iso(event.at),
            "data": event.data if numbers else masked(event.data),
        }
    )


class Fanout:
    """Connected pages, found by topic and by whose events they may see. ``pack`` makes a WebSocket frame of a text."""

    def __init__(self, pack: Callable[[bytes], bytes]) -> None:
        self._pack = pack
        # Kind → whose → reader → whether it is shown numbers. A dict keeps the order of coming, so that tests and
        # people see the same thing twice.
        self._kinds: dict[Kind, dict[int, dict[Reader, bool]]] = defaultdict(lambda: defaultdict(dict))
        self._where: dict[Reader, list[Bucket]] = {}

    def __len__(self) -> int:
        return len(self._where)

    def add(self, reader: Reader, topics: Iterable[str]) -> None:
        """Tell ``reader`` of the events of ``topics`` that its permissions reach."""
        self.remove(reader)
        buckets = [bucket for topic in topics for bucket in _buckets_of(reader.principal, topic)]
        for kind, whose in buckets:
            self._kinds[kind][whose][reader] = reader.principal.sees_numbers
        self._where[reader] = buckets

    def remove(self, reader: Reader) -> None:
        """Tell ``reader`` no more."""
        for kind, whose in self._where.pop(reader, ()):
            readers = self._kinds[kind][whose]
            readers.pop(reader, None)
            if not readers:
                del self._kinds[kind][whose]

    def publish(self, events: Sequence[StoredEvent]) -> None:
        """Tell everybody who may know of each of ``events``: each page once, whatever the number of events."""
        told: dict[Reader, list[Frame]] = defaultdict(list)
        for event in events:
            try:
                self._collect(event, told)
            except Exception:  # noqa: BLE001 - one that cannot be told must not silence the others
                _log.failure("{type} (event {seq}) cannot be told", type=event.type, seq=event.seq)
        parcels: dict[tuple[int, ...], Parcel] = {}
        for reader, frames in told.items():
            key = tuple(map(id, frames))
            parcel = parcels.get(key)
            if parcel is None:
                parcel = parcels[key] = Parcel(frames)
            try:
                reader.offer(parcel)
            except Exception:  # noqa: BLE001 - one page that cannot be told must not silence the others
                _log.failure("a page cannot be told")

    def _collect(self, event: StoredEvent, told: dict[Reader, list[Frame]]) -> None:
        # Each view is made at most once, and only if somebody needs it.
        frames: dict[bool, Frame] = {}
        for reader, numbers in self._readers(event).items():
            frame = frames.get(numbers)
            if frame is None:
                frame = frames[numbers] = self._frame(event, numbers)
            told[reader].append(frame)

    def rendering(self, event: StoredEvent, principal: Principal) -> Frame:
        """The frame of one event for one person."""
        return self._frame(event, principal.sees_numbers)

    def _frame(self, event: StoredEvent, numbers: bool) -> Frame:
        payload = self._pack(event_message(event, numbers=numbers))
        return Frame(event.seq, (event.topic, event.subject), payload, event.type not in _UNHURRIED)

    def _readers(self, event: StoredEvent) -> dict[Reader, bool]:
        topic, audience = event.topic, event.audience
        # One page may be in several buckets.
        told: dict[Reader, bool] = {}
        for kind, whose in (
            ("all", (_EVERYBODY,)),
            ("department", audience["departments"]),
            ("user", audience["users"]),
        ):
            buckets = self._kinds.get((topic, kind), _NOBODY)
            for key in whose if buckets else ():
                if readers := buckets.get(key):
                    told.update(readers)
        if audience["permission"] == TOPICS.get(topic):
            return told
        return {reader: numbers for reader, numbers in told.items() if reaches(reader.principal, audience)}


def _buckets_of(principal: Principal, topic: str) -> list[Bucket]:
    scope = principal.grants.get(TOPICS[topic])
    if scope is None:
        return []
    if topic in OWN_TOPICS:
        return [((OWN_TOPICS[topic], "user"), principal.user_id or 0)]
    if scope is Scope.ALL:
        return [((topic, "all"), _EVERYBODY)]
    buckets: list[Bucket] = [((topic, "user"), principal.user_id or 0)]
    if scope is Scope.DEPARTMENT and principal.department_id is not None:
        buckets.append(((topic, "department"), principal.department_id))
    return buckets
