"""What every event bus must do. A test module subclasses this and gives a ``bus`` fixture."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from callcenter.bus import EventBus
from storage.event_log import StoredEvent


def an_event(seq: int) -> StoredEvent:
    return StoredEvent(seq, datetime(2026, 1, 1, tzinfo=UTC), "calls", "call.updated", "1", {}, {})


class BusContract:
    def test_listeners_hear_everything_in_order(self, bus: EventBus) -> None:
        first: list[int] = []
        second: list[int] = []
        bus.subscribe(lambda events: first.extend(event.seq for event in events))
        bus.subscribe(lambda events: second.extend(event.seq for event in events))
        bus.publish([an_event(1), an_event(2)])
        bus.publish([an_event(3)])
        assert first == second == [1, 2, 3]

    def test_what_became_true_together_is_told_in_one_call(self, bus: EventBus) -> None:
        heard: list[list[int]] = []
        bus.subscribe(lambda events: heard.append([event.seq for event in events]))
        bus.publish([an_event(1), an_event(2)])
        bus.publish([an_event(3)])
        assert heard == [[1, 2], [3]]

    def test_nothing_is_heard_after_unsubscribing(self, bus: EventBus) -> None:
        heard: list[int] = []
        unsubscribe = bus.subscribe(lambda events: heard.extend(event.seq for event in events))
        bus.publish([an_event(1)])
        unsubscribe()
        unsubscribe()
        bus.publish([an_event(2)])
        assert heard == [1]

    def test_a_failing_listener_is_logged_and_silences_nobody(self, bus: EventBus, lost_failures) -> None:
        heard: list[int] = []

        def broken(events: Sequence[StoredEvent]) -> None:
            raise RuntimeError(f"cannot take {events[0].seq}")

        bus.subscribe(broken)
        bus.subscribe(lambda events: heard.extend(event.seq for event in events))
        bus.publish([an_event(1), an_event(2)])
        assert heard == [1, 2]
        logged = lost_failures.take()
        assert len(logged) == 1
        assert "cannot take 1" in logged[0]

    def test_a_listener_may_end_another_subscription_while_it_is_told(self, bus: EventBus) -> None:
        heard: list[int] = []
        ends = []
        bus.subscribe(lambda _: ends[0]())
        ends.append(bus.subscribe(lambda events: heard.extend(event.seq for event in events)))
        bus.publish([an_event(1), an_event(2)])
        assert heard == []

    def test_a_listener_that_subscribes_another_does_not_disturb(self, bus: EventBus) -> None:
        heard: list[int] = []
        bus.subscribe(lambda _: bus.subscribe(lambda events: heard.extend(event.seq for event in events)) and None)
        bus.publish([an_event(1)])
        bus.publish([an_event(2)])
        assert heard == [2]
