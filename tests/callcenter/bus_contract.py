"""What every event bus must do. A test module subclasses this and gives a ``bus`` fixture."""

from __future__ import annotations

from datetime import UTC, datetime

from callcenter.bus import EventBus
from storage.event_log import StoredEvent


def an_event(seq: int) -> StoredEvent:
    return StoredEvent(seq, datetime(2026, 1, 1, tzinfo=UTC), "calls", "call.updated", "1", {}, {})


class BusContract:
    def test_listeners_hear_everything_in_order(self, bus: EventBus) -> None:
        first: list[int] = []
        second: list[int] = []
        bus.subscribe(lambda event: first.append(event.seq))
        bus.subscribe(lambda event: second.append(event.seq))
        bus.publish([an_event(1), an_event(2)])
        bus.publish([an_event(3)])
        assert first == second == [1, 2, 3]

    def test_nothing_is_heard_after_unsubscribing(self, bus: EventBus) -> None:
        heard: list[int] = []
        unsubscribe = bus.subscribe(lambda event: heard.append(event.seq))
        bus.publish([an_event(1)])
        unsubscribe()
        unsubscribe()
        bus.publish([an_event(2)])
        assert heard == [1]

    def test_a_failing_listener_is_logged_and_silences_nobody(self, bus: EventBus, lost_failures) -> None:
        heard: list[int] = []

        def broken(event: StoredEvent) -> None:
            raise RuntimeError(f"cannot take {event.seq}")

        bus.subscribe(broken)
        bus.subscribe(lambda event: heard.append(event.seq))
        bus.publish([an_event(1), an_event(2)])
        assert heard == [1, 2]
        logged = lost_failures.take()
        assert len(logged) == 2
        assert "cannot take 1" in logged[0]

    def test_a_listener_may_end_another_subscription_while_it_is_told(self, bus: EventBus) -> None:
        heard: list[int] = []
        ends = []
        bus.subscribe(lambda _: ends[0]())
        ends.append(bus.subscribe(lambda event: heard.append(event.seq)))
        bus.publish([an_event(1), an_event(2)])
        assert heard == []

    def test_a_listener_that_subscribes_another_does_not_disturb(self, bus: EventBus) -> None:
        heard: list[int] = []
        bus.subscribe(lambda _: bus.subscribe(lambda event: heard.append(event.seq)) and None)
        bus.publish([an_event(1)])
        bus.publish([an_event(2)])
        assert heard == [2]
