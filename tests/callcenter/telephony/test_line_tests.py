"""Trying a line: who sees what, and that no trace stays on. On a clock and a scripted line."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_twisted
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import succeed
from twisted.internet.task import Clock

from callcenter.errors import ConflictError, NotAllowedError, NotFoundError
from callcenter.telephony.board import LineBoard
from callcenter.telephony.line_context import LineContext
from callcenter.telephony.line_model import Line
from callcenter.telephony.line_runner import LineRunner
from callcenter.telephony.line_tests import GATHERED, LONGEST, PATIENCE, LineTests
from callcenter.telephony.line_trial import MOST_AT_ONCE, MOST_BYTES, MOST_ENTRIES, hidden
from hardware.trace import Way
from protocols.signals import CallerIdentified, LineReady, Rang
from tests.peers.call_center import ANNA, DORA, SUSAN
from tests.peers.scripted_line import ScriptedLine

BLIND = replace(SUSAN, grants={name: scope for name, scope in SUSAN.grants.items() if name != "patients.unmask"})


class Bench:
    """One line, whose records go nowhere. ``logged`` has what was audited."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.device = ScriptedLine(ready=False)
        self.logged: list[Any] = []
        journal: Any = SimpleNamespace(line=LineContext(7, "总机"), ids={}, put=lambda _: succeed(True))
        self.runner = LineRunner(self.device, journal, Line(out_of_service=True), self.clock)
        board = LineBoard()
        board.add(self.runner)
        self.tests = LineTests(self, self.clock, board)  # type: ignore[arg-type]
        self.runner.start()

    async def run(self, function: Any, *arguments: Any) -> None:
        self.logged.append((function.__name__, arguments[0].username, arguments[1]))

    def watching(self, principal: Any = SUSAN) -> list[dict[str, Any]]:
        """What somebody is told who looks from now on."""
        told: list[dict[str, Any]] = []

        def tell() -> bool:
            told.append(self.tests.view(principal, 7))
            return True

        self.leave = self.tests.watch(principal, 7, tell)
        return told

    def seen(self, principal: Any = SUSAN) -> dict[str, Any]:
        return self.tests.view(principal, 7)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest_twisted.ensureDeferred
async def test_a_line_out_of_service_is_tried_and_what_it_does_is_told_at_once(bench: Bench) -> None:
    told = bench.watching()
    assert bench.device.watcher is None
    await bench.tests.begin(SUSAN, 7)
    assert bench.logged == [("_log_test", "susan", 7)]
    bench.device.trace(Way.OPENED)
    bench.device.say(LineReady("USR 5637"))
    bench.device.trace(Way.RECEIVED, b"\r\nRING\r\n")
    bench.device.say(Rang(), CallerIdentified("13800138000"))
    assert told == []
    bench.clock.advance(GATHERED)
    assert [one["step"] for one in told[-1]["steps"] if one["at"]] == ["port", "ready", "ring", "caller_id"]
    assert [(one["n"], one["way"], one["hex"], one["text"]) for one in told[-1]["entries"]] == [
        (1, "opened", "", ""), (2, "received", "0d 0a 52 49 4e 47 0d 0a", "..RING..")
    ]  # fmt: skip
    # The line itself took no notice: it is out of service.
    assert bench.runner.line.call is None


@pytest_twisted.ensureDeferred
async def test_what_is_so_already_is_ticked(bench: Bench) -> None:
    bench.device.say(LineReady("USR 5637"))
    steps = (await bench.tests.begin(SUSAN, 7))["steps"]
    assert [one["step"] for one in steps if one["at"]] == ["port", "ready"]
    assert steps[1]["detail"] == {"identification": "USR 5637"}


@pytest_twisted.ensureDeferred
async def test_nobody_looks_and_the_trace_is_off(bench: Bench) -> None:
    await bench.tests.begin(SUSAN, 7)
    assert bench.device.watcher is not None
    bench.clock.advance(PATIENCE - 1)
    assert bench.seen()["running"]
    # Asking was looking: it waits anew.
    bench.clock.advance(PATIENCE - 1)
    assert bench.device.watcher is not None
    bench.clock.advance(1)
    assert bench.device.watcher is None
    assert not bench.seen()["running"]
    assert not bench.clock.getDelayedCalls()


@pytest_twisted.ensureDeferred
async def test_a_page_that_stays_open_keeps_it_on_but_not_for_ever(bench: Bench) -> None:
    told = bench.watching()
    await bench.tests.begin(SUSAN, 7)
    for _ in range(int(LONGEST / 10) - 1):
        bench.clock.advance(10)
    assert bench.device.watcher is not None
    bench.clock.advance(10)
    bench.clock.advance(GATHERED)
    assert bench.device.watcher is None
    assert (told[-1]["running"], told[-1]["end"]) == (False, "time")
    # What it saw can be looked at as long as somebody does.
    bench.clock.advance(10 * PATIENCE)
    assert bench.seen()["end"] == "time"
    bench.leave()
    bench.clock.advance(2 * PATIENCE)
    assert bench.seen()["end"] == ""
    assert not bench.clock.getDelayedCalls()


@pytest_twisted.ensureDeferred
async def test_stopped_and_begun_anew(bench: Bench) -> None:
    bench.watching()
    await bench.tests.begin(SUSAN, 7)
    bench.device.trace(Way.RECEIVED, b"one")
    assert bench.tests.stop(SUSAN, 7)["end"] == "stopped"
    assert bench.device.watcher is None
    assert "|one|" in bench.tests.trace(SUSAN, 7)
    await bench.tests.begin(SUSAN, 7)
    bench.device.trace(Way.RECEIVED, b"two")
    # Numbers go on, so that nobody who looks takes an old entry for a new one.
    assert [(one["n"], one["text"]) for one in bench.seen()["entries"]] == [(2, "two")]
    assert bench.tests.view(SUSAN, 7, 1)["missed"] == 0
    bench.tests.stop_all()
    assert not bench.clock.getDelayedCalls()


@pytest_twisted.ensureDeferred
async def test_another_device_is_watched_too(bench: Bench) -> None:
    await bench.tests.begin(SUSAN, 7)
    other = ScriptedLine()
    await bench.runner.exchange(other)
    assert (bench.device.stopped, other.watcher is None) == (True, False)
    assert [one["step"] for one in bench.seen()["steps"] if one["at"]] == ["port", "ready"]
    bench.tests.forget(7)
    assert other.watcher is None


@pytest_twisted.ensureDeferred
async def test_who_may_not_see_numbers_sees_none(bench: Bench) -> None:
    told = bench.watching(BLIND)
    await bench.tests.begin(SUSAN, 7)
    bench.device.say(LineReady("x"), CallerIdentified("13800138000"))
    bench.device.trace(Way.RECEIVED, b"NMBR = 138")
    bench.device.trace(Way.RECEIVED, b"00138000\r\n")
    bench.device.trace(Way.RECEIVED, bytes([0x80, 0x0B]) + b"13800138000" + bytes([0x5A]))
    bench.clock.advance(GATHERED)
    shown = str(told[-1]) + bench.tests.trace(BLIND, 7)
    assert [(one["text"], one["hidden"]) for one in told[-1]["entries"]] == [
        ("NMBR = ***", False), ("********..", False), ("", True)
    ]  # fmt: skip
    for part in ("138001", "00138", "31 33 38"):
        assert part not in shown
    assert "138****8000" in shown
    assert "13800138000" in str(bench.seen()) + bench.tests.trace(SUSAN, 7)


@given(st.binary(max_size=60))
def test_no_digit_is_left_of_what_is_hidden(data: bytes) -> None:
    shown = hidden(data)
    assert shown is None or not any(0x30 <= byte <= 0x39 for byte in shown)


@pytest_twisted.ensureDeferred
async def test_a_flood_costs_entries_not_memory(bench: Bench) -> None:
    told = bench.watching()
    await bench.tests.begin(SUSAN, 7)
    for _ in range(3 * MOST_ENTRIES):
        bench.device.trace(Way.RECEIVED, b"\xaa" * 5000)
    assert len(bench.clock.getDelayedCalls()) == 3
    bench.clock.advance(GATHERED)
    assert len(told) == 1
    assert (len(told[0]["entries"]), told[0]["last"]) == (MOST_AT_ONCE, 3 * MOST_ENTRIES)
    assert told[0]["missed"] == 3 * MOST_ENTRIES - MOST_AT_ONCE
    assert (told[0]["entries"][0]["size"], len(told[0]["entries"][0]["text"])) == (5000, MOST_BYTES)
    assert bench.tests.trace(SUSAN, 7).count("\n") == MOST_ENTRIES
    bench.tests.stop_all()


@pytest_twisted.ensureDeferred
async def test_a_page_that_does_not_keep_up_is_told_later(bench: Bench) -> None:
    answers = [False, False, True]
    bench.tests.watch(SUSAN, 7, lambda: answers.pop(0))
    await bench.tests.begin(SUSAN, 7)
    bench.clock.pump([GATHERED] * 5)
    assert answers == []
    bench.tests.stop_all()


@pytest_twisted.ensureDeferred
async def test_who_may_not_test_and_lines_that_are_not_there(bench: Bench) -> None:
    for person in (ANNA, DORA):
        with pytest.raises(NotAllowedError):
            await bench.tests.begin(person, 7)
        for deed in (bench.tests.stop, bench.tests.view, bench.tests.trace, bench.tests.line):
            with pytest.raises(NotAllowedError):
                deed(person, 7)
        with pytest.raises(NotAllowedError):
            bench.tests.watch(person, 7, lambda: True)
    with pytest.raises(NotFoundError):
        await bench.tests.begin(SUSAN, 8)
    for deed in (bench.tests.stop, bench.tests.view, bench.tests.trace, bench.tests.line):
        with pytest.raises(NotFoundError):
            deed(SUSAN, 8)
    with pytest.raises(ConflictError):
        bench.tests.trace(SUSAN, 7)
    assert bench.logged == []
    assert bench.device.watcher is None
