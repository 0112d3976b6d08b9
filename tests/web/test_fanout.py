"""Who is told: the index and the rule are the same, and the work grows with those who are told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.events import OWN_TOPICS, TOPICS
from storage.event_log import StoredEvent
from web.fanout import Fanout, hears
from web.outbox import Frame, Parcel

AT = datetime(2026, 3, 2, tzinfo=UTC)
PERMISSIONS = sorted(set(TOPICS.values()))
OF_EVENTS = sorted(set(TOPICS) - set(OWN_TOPICS))
SCOPES = st.sampled_from(list(Scope))
PRINCIPALS = st.builds(
    lambda user, department, grants, unmask: Principal(
        user, f"u{user}", "", department, {**grants, **({"patients.unmask": Scope.ALL} if unmask else {})}
    ),
    st.integers(1, 5),
    st.none() | st.integers(1, 3),
    st.dictionaries(st.sampled_from(PERMISSIONS), SCOPES),
    st.booleans(),
)
AUDIENCES = st.fixed_dictionaries(
    {
        "permission": st.sampled_from(PERMISSIONS),
        "departments": st.lists(st.integers(1, 3), max_size=3),
        "users": st.lists(st.integers(1, 5), max_size=3),
    }
)


class Listener:
    def __init__(self, principal: Principal) -> None:
        self.principal = principal
        self.frames: list[Frame] = []
        self.offers = 0

    def offer(self, parcel: Parcel) -> None:
        self.offers += 1
        self.frames += parcel.frames


def event(topic: str = "calls", audience: dict[str, object] | None = None, seq: int = 1) -> StoredEvent:
    everybody = {"permission": TOPICS[topic], "departments": [], "users": []}
    return StoredEvent(
        seq, AT, topic, "call.ringing", "7", {"id": 7, "number": "+8613800138000"}, audience or everybody
    )


def pack(text: bytes) -> bytes:
    return text


@given(st.lists(PRINCIPALS, max_size=8), AUDIENCES, st.sampled_from(OF_EVENTS), st.data())
def test_those_are_told_whom_the_rule_allows(
    people: list[Principal], audience: dict[str, object], topic: str, data: st.DataObject
) -> None:
    fanout = Fanout(pack)
    listeners = [Listener(person) for person in people]
    topics = {listener: data.draw(st.lists(st.sampled_from(sorted(TOPICS)), max_size=3)) for listener in listeners}
    for listener in listeners:
        fanout.add(listener, topics[listener])
    happened = event(topic, audience)
    fanout.publish([happened])
    for listener in listeners:
        person = listener.principal
        allowed = TOPICS[topic] in person.grants and hears(person, topics[listener], happened)
        if audience["permission"] == TOPICS[topic]:
            assert len(listener.frames) == int(allowed)
        else:
            # Told by a permission that is not the topic's: never without both, never twice.
            assert len(listener.frames) <= int(allowed)


def test_of_my_lines_one_hears_only_what_is_ones_own_business() -> None:
    agent = Principal(1, "a", "", 5, {"lines.view": Scope.ALL})
    forbidden = Principal(1, "b", "", 5, {"calls.view": Scope.ALL})
    mine, both, none = Listener(agent), Listener(agent), Listener(forbidden)
    fanout = Fanout(pack)
    fanout.add(mine, ["my_lines"])
    fanout.add(both, ["lines", "my_lines"])
    fanout.add(none, ["my_lines"])
    audiences = ({"users": [2], "departments": [5]}, {"users": [2, 1], "departments": []})
    events = [
        event("lines", {"permission": "lines.view", **audience}, seq) for seq, audience in enumerate(audiences, 1)
    ]
    for happened in events:
        fanout.publish([happened])
    assert [frame.seq for frame in mine.frames] == [2]
    assert [frame.seq for frame in both.frames] == [1, 2]
    assert not none.frames
    assert [hears(agent, ["my_lines"], one) for one in events] == [False, True]


@given(st.lists(PRINCIPALS, max_size=6))
def test_whoever_leaves_is_told_nothing_and_leaves_nothing_behind(people: list[Principal]) -> None:
    fanout = Fanout(pack)
    listeners = [Listener(person) for person in people]
    for listener in listeners:
        fanout.add(listener, TOPICS)
        fanout.add(listener, TOPICS)
    for listener in listeners:
        fanout.remove(listener)
        fanout.remove(listener)
    fanout.publish([event()])
    assert not any(listener.frames for listener in listeners)
    assert not any(fanout._kinds.values())
    assert len(fanout) == 0


def test_each_view_is_made_once_and_hides_what_it_must() -> None:
    made: list[bytes] = []

    def counting(text: bytes) -> bytes:
        made.append(text)
        return text

    fanout = Fanout(counting)
    sees = Principal(1, "a", "", None, {"calls.view": Scope.ALL, "patients.unmask": Scope.ALL})
    blind = Principal(2, "b", "", None, {"calls.view": Scope.ALL})
    listeners = [Listener(person) for person in (sees, blind) * 50]
    for listener in listeners:
        fanout.add(listener, ["calls"])
    fanout.publish([event()])
    assert len(made) == 2
    numbers = {json.loads(listener.frames[0].payload)["data"]["number"] for listener in listeners[:2]}
    assert numbers == {"+8613800138000", "138****8000"}
    assert json.loads(listeners[0].frames[0].payload) == {
        "seq": 1, "topic": "calls", "type": "call.ringing", "at": "2026-03-02T00:00:00.000Z",
        "data": {"id": 7, "number": "+8613800138000"},
    }  # fmt: skip


def test_nothing_is_made_when_nobody_may_know() -> None:
    def never(text: bytes) -> bytes:
        raise AssertionError("made for nobody")

    fanout = Fanout(never)
    fanout.add(Listener(Principal(1, "a", "", None, {"calls.view": Scope.OWN})), ["calls"])
    fanout.publish([event(audience={"permission": "calls.view", "departments": [1], "users": [2]})])


def test_somebody_may_leave_while_others_are_told() -> None:
    fanout = Fanout(pack)
    everything = Principal(1, "a", "", None, {"calls.view": Scope.ALL})
    listeners = [Listener(everything) for _ in range(3)]

    def leave(frames: Sequence[Frame]) -> None:
        for listener in listeners:
            fanout.remove(listener)

    listeners[0].offer = leave  # type: ignore[method-assign]
    for listener in listeners:
        fanout.add(listener, ["calls"])
    fanout.publish([event()])
    fanout.publish([event(seq=2)])
    assert all(frame.seq == 1 for listener in listeners[1:] for frame in listener.frames)


def test_each_page_is_told_once_of_what_became_true_together() -> None:
    fanout = Fanout(pack)
    everything = Listener(Principal(1, "a", "", None, {"calls.view": Scope.ALL, "lines.view": Scope.ALL}))
    calls_only = Listener(Principal(2, "b", "", None, {"calls.view": Scope.ALL}))
    fanout.add(everything, ["calls", "lines"])
    fanout.add(calls_only, ["calls"])
    fanout.publish([event(), event("lines", seq=2), event(seq=3)])
    assert [frame.seq for frame in everything.frames] == [1, 2, 3]
    assert [frame.seq for frame in calls_only.frames] == [1, 3]
    assert (everything.offers, calls_only.offers) == (1, 1)


def test_an_event_that_cannot_be_told_silences_no_other(lost_failures) -> None:
    def fussy(text: bytes) -> bytes:
        if json.loads(text)["seq"] == 1:
            raise ValueError("cannot be packed")
        return text

    fanout = Fanout(fussy)
    listener = Listener(Principal(1, "a", "", None, {"calls.view": Scope.ALL}))
    fanout.add(listener, ["calls"])
    fanout.publish([event(), event(seq=2)])
    assert [frame.seq for frame in listener.frames] == [2]
    assert len(lost_failures.take()) == 1


def test_what_nobody_waits_for_is_not_urgent_except_with_what_is() -> None:
    agent = Principal(
        1, "a", "", None, {"calls.view": Scope.ALL, "agents.view": Scope.ALL, "patients.unmask": Scope.ALL}
    )
    bystander = Principal(2, "b", "", None, {"calls.view": Scope.ALL, "patients.unmask": Scope.ALL})
    told: list[tuple[int, bool]] = []

    class Page:
        def __init__(self, principal: Principal) -> None:
            self.principal = principal

        def offer(self, parcel: Parcel) -> None:
            told.append((self.principal.user_id or 0, parcel.urgent))

    fanout = Fanout(pack)
    for person in (agent, bystander):
        fanout.add(Page(person), ["calls", *(["agents"] if person is agent else [])])
    ended = replace(event(seq=1), type="call.ended")
    fanout.publish([ended, replace(event("agents", seq=2), type="agent.updated")])
    fanout.publish([event(seq=3)])
    assert told == [(1, True), (2, False), (1, True), (2, True)]
