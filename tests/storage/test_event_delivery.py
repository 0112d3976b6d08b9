"""Events come out in the order of their numbers, whatever the threads say in which order; each result after its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_twisted
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from twisted.internet import reactor

from storage.database import Database
from storage.event_delivery import Announced, EventDelivery
from storage.event_log import NewEvent, StoredEvent, record_event
from storage.work import Outcome
from tests.peers.database_proxy import Break, DatabaseProxy, started
from tests.peers.patience import PATIENCE, until


def events(first: int, count: int = 1) -> list[StoredEvent]:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return [StoredEvent(seq, at, "calls", "call.updated", "1", {}, {}) for seq in range(first, first + count)]


@given(st.lists(st.tuples(st.integers(1, 3), st.booleans(), st.integers(0, 3)), max_size=20), st.data())
def test_each_committed_number_comes_once_and_in_order(
    transactions: list[tuple[int, bool, int]], data: st.DataObject
) -> None:
    """Of each: how many events, whether it is committed, and how many of those before may not have said so yet."""
    delivery, taken, wanted, last = EventDelivery(), list[int](), list[int](), 0
    silent: list[tuple[Announced, bool]] = []

    def one_says_so() -> None:
        announced, done = silent.pop(data.draw(st.integers(0, len(silent) - 1)))
        (delivery.committed if done else delivery.abandoned)(announced)
        taken.extend(event.seq for event in delivery.take())

    for count, done, left in transactions:
        announced = delivery.announce(events(last + 1, count))
        assert announced is not None
        silent.append((announced, done))
        if done:
            wanted += range(last + 1, last + 1 + count)
            last += count
        while len(silent) > left:
            one_says_so()
        assert taken == wanted[: len(taken)]
    while silent:
        one_says_so()
    assert taken == wanted


def test_without_events_there_is_nothing_to_wait_for() -> None:
    assert EventDelivery().announce([]) is None


def add(session: Session, subject: str) -> str:
    record_event(session, NewEvent("calls", "call.updated", subject, {}, {}))
    return subject


@pytest.fixture
def gate(behind: Database) -> Iterator[threading.Event]:
    """Open at the end, that the threads may end too."""
    gate = threading.Event()
    yield gate
    gate.set()


@pytest.fixture
def handed_over(behind: Database, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when the reactor has been given results for the first time, and has told what it could."""
    report, handed_over = behind._writer._report, threading.Event()

    def noted(outcomes: Sequence[Outcome]) -> None:
        report(outcomes)
        if outcomes:
            reactor.callFromThread(handed_over.set)  # type: ignore[attr-defined]

    monkeypatch.setattr(behind._writer, "_report", noted)
    return handed_over


@pytest_twisted.ensureDeferred
async def test_a_result_is_told_after_its_events_though_another_thread_keeps_them_back(
    behind: Database, gate: threading.Event, handed_over: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    behind.on_commit = lambda told: heard.extend(event.subject for event in told)
    committed, is_committed = behind._delivery.committed, threading.Event()

    def late(announced: Announced) -> None:
        if announced.events[0].subject == "first":
            is_committed.set()
            gate.wait(PATIENCE)
        committed(announced)

    monkeypatch.setattr(behind._delivery, "committed", late)
    first = started(behind, add, "first")
    await until(is_committed.is_set, "the first to be committed")
    second = started(behind, add, "second").addCallback(lambda _: list(heard))
    await until(handed_over.is_set, "the result of the second")
    assert (heard, second.called) == ([], False)
    gate.set()
    assert await second == ["first", "second"]
    assert await first == "first"


@pytest_twisted.ensureDeferred
async def test_what_is_tried_again_keeps_nobody_back(
    behind: Database,
    proxy: DatabaseProxy,
    gate: threading.Event,
    handed_over: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[tuple[int, str]] = []
    behind.on_commit = lambda told: heard.extend((event.seq, event.subject) for event in told)
    attempts: list[int] = []

    def slow_the_second_time(session: Session) -> str:
        attempts.append(1)
        if len(attempts) > 1:
            assert gate.wait(PATIENCE), "the second was not told before"
        return add(session, "first")

    def found_late(*_: Any) -> bool:
        handed_over.wait(PATIENCE)
        return False

    monkeypatch.setattr(behind._writer, "_was_committed", found_late)
    proxy.breaking = Break.BEFORE_COMMIT
    first = started(behind, slow_the_second_time)
    await until(lambda: proxy.breaking is Break.NEVER, "the commit of the first to be lost")
    assert await started(behind, add, "second") == "second"
    assert not first.called
    gate.set()
    assert await first == "first"
    assert heard == [(1, "second"), (2, "first")]
