"""A day of a call center in fast time: three agents, a supervisor, eight lines of four kinds, two hundred callers.

At its end the wall must show what the call records say, counted here by other means than the server's.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.peers.browser import Browsers
from tests.peers.busy_hospital import (
    LINES,
    SERVICE_LEVEL_SECONDS,
    SHORT_ABANDON_SECONDS,
    BusyHospital,
    busy_hospital,
)
from tests.peers.patience import PATIENCE, wait_for

pytestmark = pytest.mark.browser

EACH = 18
AGENTS = ("agent", "agent2", "agent3")
PATIENCE_WITH_A_DAY = 5 * PATIENCE


class Agent:
    """Somebody who works by keyboard: takes what can be taken, writes down what came of it."""

    def __init__(self, page: Page, outcome: str) -> None:
        self.page = page
        self._outcome = outcome
        self.taken = 0

    def look(self) -> None:
        """Do the one thing that the screen asks for, if any."""
        if not self.page.locator("#card").is_visible():
            return
        state = self.page.locator("#card-head .pop-state").get_attribute("data-state")
        if state == "ended":
            self.page.keyboard.press(self._outcome)
            self.page.keyboard.press("Control+Enter")
        elif state == "ringing" and self.page.locator("[data-action=answer]:enabled").count():
            self.page.keyboard.press("a")
            self.taken += 1

    def dial(self, number: str) -> None:
        """Call somebody."""
        self.page.keyboard.press("d")
        self.page.fill("#dial-number", number)
        self.page.keyboard.press("Enter")


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with busy_hospital(tmp_path_factory.mktemp("day")) as running:
        yield running


def test_at_the_end_of_a_day_the_wall_shows_what_the_call_records_say(
    hospital: BusyHospital, browsers: Browsers
) -> None:
    daemon = hospital.daemon
    wall = browsers.window(daemon, "supervisor", "/wallboard").page
    expect(wall.locator("#lines .tile[data-state=idle]")).to_have_count(len(LINES))
    agents = [
        Agent(browsers.window(daemon, name, "/console").page, outcome)
        for name, outcome in zip(AGENTS, ("1", "2", "3"), strict=True)
    ]
    callers = hospital.callers(EACH)
    for caller in callers:
        caller.start()
    deadline = time.monotonic() + PATIENCE_WITH_A_DAY
    while any(caller.is_alive() for caller in callers):
        assert time.monotonic() < deadline, "the day does not end"
        for agent in agents:
            agent.look()
        # To look without a pause was most of what the day cost the machine; a ring takes six times as long.
        wall.wait_for_timeout(100)
    _call_somebody(hospital, agents[0])
    _finish(hospital, agents)

    records = Records(hospital.daemon.var / "huifang.db")
    incoming = [call for call in records.calls if call.direction == "in"]
    assert len(incoming) == EACH * len(LINES)
    # The day had everything in it, or its figures would prove little.
    assert all(agent.taken for agent in agents)
    assert records.answered
    assert records.lost
    assert records.short
    assert {call.direction for call in records.handled} == {"in", "out"}

    supervisor = daemon.client("supervisor")
    shown, expected = {}, {}

    def agreed() -> bool:
        # Figures may be some seconds old, from before the last wrap-up was written down.
        shown.update(supervisor.get("/api/v1/wallboard"))
        records = Records(hospital.daemon.var / "huifang.db")
        expected.update(records.figures(datetime.fromisoformat(shown["at"])))
        if records.is_going_on:
            return False
        values = {name: shown["figures"][name]["value"] for name in expected}
        # SQLite counts milliseconds.
        return shown["counts"]["handled"] == len(records.handled) and values == pytest.approx(expected, abs=0.001)

    wait_for(agreed, lambda: f"the figures of the records, {expected}: {shown}")
    for name, count in records.counts().items():
        expect(wall.locator(f"#counts [data-count={name}]")).to_have_text(str(count))
    for name in ("service_level", "abandoned"):
        figure = wall.locator(f"[data-figure={name}] .figure-value")
        # The page asks every ten seconds.
        expect(figure).to_have_text(f"{expected[name]:.0%}")
    for name in ("average_speed_of_answer", "average_handling_time"):
        # Near a whole second it depends on a tenth of a millisecond which one it is.
        either = {_clock(expected[name] - 0.001), _clock(expected[name] + 0.001)}
        figure = wall.locator(f"[data-figure={name}] .figure-value")
        expect(figure).to_have_text(re.compile(f"^({'|'.join(either)})$"))
    expect(wall.locator("#lines .tile[data-state=idle]")).to_have_count(len(LINES))
    expect(wall.locator("#calls .wall-call, #calls tbody tr")).to_have_count(0)


def _call_somebody(hospital: BusyHospital, agent: Agent) -> None:
    """A call out, from the dial field to the wrap-up."""
    client = hospital.daemon.client("supervisor")
    for name in ("1", "2", "3"):
        hospital.simulators[name].ask("outgoing", result="answer", after=2, hangup_after=8)
    agent.dial("13912345678")

    def made() -> bool:
        calls = client.get("/api/v1/calls?direction=out")["items"]
        return bool(calls) and calls[0]["state"] == "ended"

    wait_for(made, what="the end of the call out")


def _finish(hospital: BusyHospital, agents: Sequence[Agent]) -> None:
    """Write down what is left, until nothing goes on any more."""
    client = hospital.daemon.client("supervisor")

    def over() -> bool:
        for agent in agents:
            agent.look()
        # A page may not have heard yet of a call that is over.
        open_notes = client.get("/api/v1/calls?wrap_up=open")["items"]
        lines = client.get("/api/v1/lines")["items"]
        return (
            not open_notes
            and all(line["state"] == "idle" for line in lines)
            and not any(agent.page.locator("#card").is_visible() for agent in agents)
        )

    wait_for(over, "the end of the day")


def _clock(seconds: float) -> str:
    """As pages write how long something took: whole seconds that have passed."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02}"


@dataclass(frozen=True)
class Call:
    direction: str
    started: datetime
    answered: datetime | None
    ended: datetime
    end_reason: str | None
    agent: int | None
    taken_over: bool

    @property
    def wait(self) -> float:
        assert self.answered is not None
        return (self.answered - self.started).total_seconds()

    @property
    def whole(self) -> float:
        return (self.ended - self.started).total_seconds()

    @property
    def talk(self) -> float:
        assert self.answered is not None
        return (self.ended - self.answered).total_seconds()


@dataclass(frozen=True)
class Span:
    agent: int
    state: str
    began: datetime
    ended: datetime | None

    def seconds(self, now: datetime) -> float:
        return ((self.ended or now) - self.began).total_seconds()


class Records:
    """The rows, and the figures by their definitions, without a word of SQL beyond reading."""

    def __init__(self, database: Path) -> None:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            calls = connection.execute(
                "select direction, started_at, answered_at, ended_at, end_reason, agent_id,"
                " transferred_from_id from call_record"
            )
            self.calls = [
                Call(direction, _at(began), _maybe(answered), _at(ended), why, agent, first is not None)
                for direction, began, answered, ended, why, agent, first in calls
            ]
            spans = connection.execute("select user_id, state, started_at, ended_at from agent_state_span")
            self.spans = [Span(agent, state, _at(began), _maybe(ended)) for agent, state, began, ended in spans]
        came = [call for call in self.calls if call.direction == "in" and call.end_reason != "elsewhere"]
        # Whoever was transferred to somebody came in once.
        incoming = [call for call in came if not call.taken_over]
        self.answered = [call for call in incoming if call.answered]
        self.abandoned = [call for call in incoming if not call.answered and call.end_reason != "busy"]
        self.short = [call for call in self.abandoned if call.whole < SHORT_ABANDON_SECONDS]
        self.lost = [call for call in self.abandoned if call.whole >= SHORT_ABANDON_SECONDS]
        self.handled = [call for call in self.calls if call.answered and call.agent and call.end_reason != "unknown"]
        self.incoming = incoming
        self.is_going_on = any(
            span.ended is None and span.state in ("ringing", "talking", "wrap_up") for span in self.spans
        )

    def counts(self) -> dict[str, int]:
        return {
            "incoming": len(self.incoming),
            "answered": len(self.answered),
            "abandoned": len(self.abandoned),
            "outgoing": sum(call.direction == "out" for call in self.calls),
        }

    def figures(self, now: datetime) -> dict[str, float]:
        offered = len(self.answered) + len(self.lost)
        in_time = sum(call.wait <= SERVICE_LEVEL_SECONDS for call in self.answered)
        worked = sum(call.talk + self._wrapped(call, now) for call in self.handled)
        busy = self._time(("ringing", "talking", "wrap_up"), now)
        return {
            "service_level": in_time / offered,
            "average_speed_of_answer": sum(call.wait for call in self.answered) / len(self.answered),
            "abandoned": len(self.lost) / offered,
            "average_handling_time": worked / len(self.handled),
            "occupancy": busy / (busy + self._time(("available",), now)),
        }

    def _wrapped(self, call: Call, now: datetime) -> float:
        return sum(
            span.seconds(now)
            for span in self.spans
            if (span.agent, span.state, span.began) == (call.agent, "wrap_up", call.ended)
        )

    def _time(self, states: Sequence[str], now: datetime) -> float:
        return sum(span.seconds(now) for span in self.spans if span.state in states)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _maybe(text: str | None) -> datetime | None:
    return None if text is None else _at(text)
