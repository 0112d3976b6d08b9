"""Both ends together: through cut cables, killed processes, wrong clocks and hosts that misbehave."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.line_host.codec import encode
from protocols.line_host.messages import Hello, Order, Refused, Report, Standing
from protocols.line_host.outbox import Item, Moment
from protocols.sayings import Said, Saying, said
from protocols.signals import (
    Answered,
    CallerIdentified,
    CommandFailed,
    CommandTaken,
    DeviceWarns,
    DialFailed,
    DialFailure,
    DigitHeard,
    Ended,
    LineLost,
    LineReady,
    LineSignal,
    OutOfReach,
    Rang,
    RingingStopped,
)
from tests.protocols.line_host.bench import CAN, SERVER_CLOCK, SERVER_WALL, WALL, Bench

NUMBER = "13800138000"
READY = LineReady("USR 5637")
NOT_CONNECTED = OutOfReach(Said(Saying.HOST_NOT_CONNECTED, host="ward3"))
OUT_OF_REACH = Said(Saying.HOST_OUT_OF_REACH, host="ward3")
RESTARTED = LineLost(Said(Saying.HOST_STARTED))


def bench(**options: object) -> Bench:
    """A connected host whose device is there."""
    made = Bench(**options)  # type: ignore[arg-type]
    made.hear(READY)
    made.plug().wait(1 + 3 * made.delay)
    made.told = [told for told in made.told if not isinstance(told.signal, DeviceWarns)]
    return made


def test_a_line_is_out_of_reach_until_its_host_has_told_how_it_stands() -> None:
    made = bench()
    assert made.signals == [NOT_CONNECTED, RESTARTED, READY]
    assert made.server.line("1").can == CAN


def test_what_is_reported_is_kept_until_it_is_written_down() -> None:
    made = bench(writes=False)
    made.write_down()
    assert not made.disk
    made.hear(Rang())
    assert made.take()[-1][0] == Rang()
    assert [item.news for item in made.disk.values()] == [Rang()]
    made.write_down()
    assert not made.disk
    assert made.host.waiting == 0


def test_cable_out_for_a_minute_in_the_middle_of_calls() -> None:
    """The same signals with the same times as with the cable in; and the line is shown out of reach meanwhile."""
    news: list[tuple[float, LineSignal]] = [
        (0, Rang()), (2, CallerIdentified(NUMBER)), (5, Rang()), (10, Answered()), (20, DigitHeard("1")),
        (35, Ended(by_far_end=True)), (40, Rang()), (45, RingingStopped()), (62, Rang()), (70, RingingStopped()),
    ]  # fmt: skip

    def play(made: Bench, out: float, back: float) -> list[tuple[LineSignal, float]]:
        made.take()
        began = made.now
        moments = sorted([*((after, one) for after, one in news), (out, None), (back, None)], key=lambda one: one[0])
        for after, one in moments:
            made.wait(began + after - made.now)
            if one is not None:
                made.hear(one)
            elif after == out:
                made.cut()
            else:
                made.plug()
        made.wait(1)
        return [(signal, at - began) for signal, at in made.take()]

    calm = play(bench(), 71, 72)
    assert calm == [(signal, at) for at, signal in news]
    cut = play(bench(delay=0.02), 5.1, 65.1)
    assert [(one, round(at)) for one, at in cut if not isinstance(one, OutOfReach | LineReady)] == calm
    kinds = [type(one) for one, _ in cut]
    assert (kinds.count(OutOfReach), kinds.count(LineReady)) == (1, 1)
    # 15 s after the last word, which may have been a ping.
    assert 15 < next(at for one, at in cut if isinstance(one, OutOfReach)) < 25


def test_a_short_cut_is_not_shown_at_all() -> None:
    made = bench()
    made.take()
    made.cut()
    made.wait(10)
    made.hear(Rang()).wait(2)
    made.plug()
    assert made.take() == [(Rang(), made.now - 2)]


def test_what_arrived_but_was_not_acknowledged_is_not_heard_twice() -> None:
    made = bench(writes=False)
    made.write_down()
    made.hear(Rang(), CallerIdentified(NUMBER))
    made.take()
    made.cut()
    made.plug()
    assert made.take() == []
    made.write_down()
    assert made.host.waiting == 0


def test_the_server_is_killed_between_commit_and_acknowledgement() -> None:
    made = bench()
    made.hear(Rang())
    made.take()
    made.connected = False
    made.say(encode(Report("1", "run-1", 4, 5_001.0, CallerIdentified(NUMBER))))
    assert made.database["1"] == ("run-1", 4)
    made.connected = True
    made.hear(CallerIdentified(NUMBER))
    made.take()
    made.kill_server()
    made.plug().wait(1)
    assert [one for one in made.signals if not isinstance(one, DeviceWarns)] == [NOT_CONNECTED, READY]
    assert made.host.waiting == 0


def test_the_server_is_killed_before_the_commit() -> None:
    made = bench(writes=False)
    made.write_down()
    made.hear(Rang(), CallerIdentified(NUMBER))
    made.take()
    made.wait(3)
    made.kill_server()
    made.plug()
    assert [(one, at) for one, at in made.take() if not isinstance(one, DeviceWarns)] == [
        (NOT_CONNECTED, 4.0), (Rang(), 1.0), (CallerIdentified(NUMBER), 1.0), (READY, 4.0)
    ]  # fmt: skip


def test_the_host_is_killed_while_the_cable_is_out() -> None:
    made = bench()
    made.take()
    made.cut()
    made.hear(Rang()).wait(20)
    made.hear(RingingStopped()).wait(5)
    made.kill_host()
    made.hear(READY).wait(10)
    made.plug()
    told = [(one, at) for one, at in made.take() if not isinstance(one, OutOfReach)]
    assert told == [(Rang(), 1.0), (RingingStopped(), 21.0), (RESTARTED, 26.0), (READY, 26.0)]
    made.hear(Rang())
    assert made.take() == [(Rang(), 36.0)]
    assert not made.disk


@pytest.mark.parametrize("jump", [-3600.0, 10 * 365 * 86_400.0])
def test_the_day_of_the_host_was_set_between_two_runs(jump: float) -> None:
    """Then nobody knows how old it is: not younger than the run."""
    item = Item(1, "1", "run-0", 1, WALL, None, Rang())
    assert item.report(Moment(5_100.0, WALL + jump), 5_040.0).at == 5_040.0
    assert item.report(Moment(5_100.0, WALL + 90), 5_040.0).at == 5_010.0


def test_a_wrong_clock_is_told_of_once_and_does_no_harm() -> None:
    made = Bench()
    made.hear(READY)
    made.plug()
    warnings = [said(one.detail) for one in made.signals if isinstance(one, DeviceWarns)]
    assert warnings == [{"code": "host_clock", "values": {"host": "ward3", "seconds": "300"}}]
    made.take()
    made.cut()
    made.plug()
    made.hear(Rang())
    assert made.take() == [(Rang(), 0.0)]


@pytest.mark.parametrize("delay", [0.0, 0.4, 3.0])
def test_times_are_right_whatever_the_way_takes(delay: float) -> None:
    made = Bench(delay=delay)
    made.plug().wait(20)
    made.take()
    made.hear(Rang())
    made.wait(2 * delay)
    assert made.take() == [(Rang(), 20.0)]


def test_nothing_is_expected_any_more_after_five_minutes_and_what_comes_is_heard_all_the_same() -> None:
    made = bench()
    made.hear(Rang())
    made.take()
    made.cut()
    made.wait(30)
    made.hear(RingingStopped())
    made.wait(400)
    assert made.take() == [(OutOfReach(OUT_OF_REACH), 16.0), (LineLost(OUT_OF_REACH), 1.0)]
    made.plug()
    assert made.take() == [(RingingStopped(), 31.0), (READY, 431.0)]


def test_a_silent_host_is_given_up() -> None:
    made = Bench()
    made.connected = True
    made._server(made.server.connect((), made.clock))
    # Nothing arrives any more.
    made.delay = 1_000.0
    made.say(encode(Hello(1, "0.1", SERVER_WALL, 5_000.0, {"1": CAN})))
    made.wait(14)
    assert made.closings == []
    made.wait(2)
    assert made.closings == ["the line host ward3 is out of reach"]


def test_a_silent_server_is_given_up() -> None:
    made = Bench()
    made.connected = True
    made._host(made.host.connect(made.moment))
    made._up.clear()
    made.wait(14)
    assert made.closings == []
    made.wait(2)
    assert made.closings == ["the server has said nothing for 15 s"]


def test_a_connection_that_is_being_given_up_has_nothing_due() -> None:
    """It may take a while to be closed, when nobody is at its other end."""
    made = Bench()
    made.host.connect(made.moment)
    made.now += 16
    assert made.host.tick(made.moment).close == "the server has said nothing for 15 s"
    assert made.host.next_deadline() is None
    made.host.disconnect()
    made.host.connect(made.moment)
    assert made.host.next_deadline() == made.moment.steady + 15


def test_who_connects_and_says_nothing_is_given_up() -> None:
    made = Bench()
    made.connected = True
    made._server(made.server.connect((), made.clock))
    made.wait(11)
    assert made.closings == ["it did not say hello"]


# Commands.


def test_a_command_is_carried_out_and_confirmed() -> None:
    made = bench()
    made.take()
    made.order("dial", NUMBER)
    (order,) = made.orders
    assert (order.command, order.argument) == ("dial", NUMBER)
    assert made.take() == [(CommandTaken("dial"), 1.0)]
    made.wait(60)
    assert made.take() == []


def test_a_device_that_refuses_to_dial_ends_the_attempt_and_one_that_refuses_to_hang_up_is_noted() -> None:
    made = bench()
    made.refusals = {"dial": "no line", "hang_up": "no line"}
    made.take()
    made.order("dial", NUMBER).order("hang_up")
    failed = DeviceWarns("hanging up failed: no line")
    assert [one for one, _ in made.take()] == [CommandFailed("dial", "no line"), failed]


def test_an_order_that_comes_too_late_is_not_carried_out() -> None:
    made = bench()
    made.wait(100)
    made.delay = 5.5
    made.take()
    made.order("dial", NUMBER).wait(30)
    assert made.orders == []
    signals = [one for one, _ in made.take()]
    assert signals[0] == DialFailed(DialFailure.TIMED_OUT)
    assert said(str_of(signals[1])) == {
        "code": "dial_failed",
        "values": {"why": {"code": "order_unconfirmed", "values": {"host": "ward3", "seconds": "7"}}},
    }


def str_of(signal: LineSignal) -> str:
    assert isinstance(signal, DeviceWarns)
    return signal.detail


def test_an_order_is_late_by_the_hosts_clock_alone() -> None:
    made = bench()
    for until, refused in ((5_000.9, True), (5_001.0, False), (5_031.5, True)):
        made.orders.clear()
        order = Order("1", f"x{until}", "answer", "", until)
        made._host(made.host.receive(encode(order), made.moment))
        assert bool(made.orders) is not refused, until


def test_no_order_is_carried_out_twice() -> None:
    made = bench()
    order = encode(Order("1", "once", "dial", NUMBER, 5_005.0))
    made._host(made.host.receive(order, made.moment))
    made._host(made.host.receive(order, made.moment))
    made.cut()
    made.plug()
    made._host(made.host.receive(order, made.moment))
    assert len(made.orders) == 1


def test_an_order_lost_with_the_cable_is_refused_in_words_and_never_sent_again() -> None:
    made = bench(delay=0.5)
    made.take()
    made.order("dial", NUMBER)
    made.cut()
    made.wait(2)
    made.plug().wait(20)
    assert made.orders == []
    assert [type(one) for one, _ in made.take()] == [DialFailed, DeviceWarns]


def test_a_call_that_was_dialled_after_all_is_taken_back() -> None:
    made = bench(delay=0.5)
    made.take()
    made.order("dial", NUMBER).wait(0.6)
    assert [order.command for order in made.orders] == ["dial"]
    made.cut()
    made.wait(10)
    assert [type(one) for one, _ in made.take()] == [DialFailed, DeviceWarns]
    made.plug().wait(3)
    assert [order.command for order in made.orders] == ["dial", "take_back"]
    assert made.orders[1].argument == made.orders[0].id


def test_a_call_that_is_over_is_not_taken_back_from_the_next_one() -> None:
    made = bench(delay=0.5)
    made.order("dial", NUMBER).wait(0.6)
    made.cut()
    made.wait(10)
    made.hear(Ended(by_far_end=True), Rang())
    made.plug().wait(3)
    assert [order.command for order in made.orders] == ["dial"]


def test_tracing_is_switched_on_for_good() -> None:
    made = bench()
    assert made.traced == {"1": False}
    made.server.line("1").trace = True
    made.order("trace", "on")
    assert made.traced == {"1": True}
    assert made.orders == []
    made.kill_host()
    made.traced.clear()
    made.plug()
    assert made.traced == {"1": True}


# Hosts that misbehave.


def refusal(made: Bench) -> str:
    made.wait(0)
    return made.closings[-1]


def test_a_host_speaks_for_its_own_lines_only() -> None:
    made = bench(lines=("1", "9"), served=("1", "2"))
    assert said(str(made.told[1].signal)) is None
    lost = [told.signal for told in made.told if told.line == "2" and isinstance(told.signal, LineLost)]
    assert lost == [LineLost(Said(Saying.HOST_WITHOUT_LINE, host="ward3", line="2"))]
    made.take()
    made.hear(READY, line="9")
    assert made.take() == []
    for line in ("2", "9", "other"):
        made.say(encode(Report(line, "run-1", 99, 1.0, Rang())))
        assert refusal(made).endswith(f"it has no line {line}")
        made.say(encode(Standing(line, up=True, words="")))
        made.plug()
    assert not any(isinstance(one, Rang) for one in made.signals)


def test_replayed_and_reordered_reports_are_dropped() -> None:
    made = bench()
    made.hear(Rang(), CallerIdentified(NUMBER))
    made.take()
    for number in (4, 3, 1, 4):
        made.say(encode(Report("1", "run-1", number, 5_000.0, Rang())))
    assert made.take() == []
    made.hear(RingingStopped())
    assert [one for one, _ in made.take()] == [RingingStopped()]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x00\x01", "codec can't decode"),
        (b"{}", "op: must be one of"),
        (encode(Hello(1, "0.1", WALL, 5_000.0, {})), "hello comes first, and once"),
    ],
)
def test_who_does_not_keep_to_the_protocol_is_told_and_cut_off(data: bytes, why: str) -> None:
    made = bench()
    made.say(data)
    if "codec" not in why:
        assert why in refusal(made)
    assert said(refusal(made)) is None or "does not keep to the protocol" in refusal(made)


def test_reports_before_the_hello_are_refused() -> None:
    made = Bench()
    made.connected = True
    made._server(made.server.connect((), made.clock))
    made.say(encode(Report("1", "run-1", 1, 1.0, Rang())))
    assert "hello comes first" in refusal(made)
    assert made.signals == [NOT_CONNECTED]


def test_another_version_is_refused_in_words() -> None:
    made = Bench()
    made.connected = True
    made._server(made.server.connect((), made.clock))
    made.delay = 0
    actions = made.server.receive(b'{"op":"hello","version":7}', made.clock)
    assert actions.send == (encode(Refused(Said(Saying.VERSIONS_DIFFER, theirs="7", ours="1"))),)
    assert actions.close == "the line host speaks version 7 of the protocol and the server version 1"


def test_a_flood_of_reports_is_cut_off_and_not_one_of_them_is_taken_twice() -> None:
    made = bench(writes=False)
    made.write_down()
    made.take()
    for number in range(100, 2000):
        made.say(encode(Report("1", "run-1", number, 5_001.0, DigitHeard("1"))))
        if made.closings:
            break
    assert "512 reports wait" in refusal(made)
    assert len(made.take()) == 512


def test_a_flood_of_messages_is_cut_off() -> None:
    made = bench()
    pong = encode(Standing("1", up=True, words=""))
    for _ in range(1100):
        made.say(pong)
        if made.closings:
            break
    assert "more than 1000 messages in a second" in refusal(made)


def test_times_out_of_this_world_become_ages_that_can_be_reckoned_with() -> None:
    made = bench()
    made.take()
    for number, at in ((90, -1e15), (91, 1e15)):
        made.say(encode(Report("1", "run-1", number, at, Rang())))
    assert [one.age for one in made.signals] == [30 * 86_400.0, 0.0]


def test_the_newer_connection_wins_and_the_older_is_told() -> None:
    made = bench()
    actions = made.server.supersede()
    assert actions.send == (encode(Refused(Said(Saying.HOST_ELSEWHERE))),)
    assert actions.close
    made.cut()
    made.plug()
    made.take()
    made.hear(Rang())
    assert [one for one, _ in made.take()] == [Rang()]


# A host that is out of reach for long.


def test_the_oldest_goes_when_there_is_no_room_and_the_server_is_told_how_many() -> None:
    made = Bench()
    made.hear(READY, *(DigitHeard(str(number % 10)) for number in range(5100)))
    assert len(made.disk) == made.host.waiting == 5000
    made.plug().wait(1)
    digits = [one for one in made.signals if isinstance(one, DigitHeard)]
    notes = [said(one.detail) for one in made.signals if isinstance(one, DeviceWarns)]
    assert {"code": "host_dropped", "values": {"count": 102}} in notes
    # The note itself takes a place.
    assert len(digits) == 4999
    assert digits[-1] == DigitHeard("9")
    assert not made.disk


def test_lines_that_were_taken_out_of_the_hosts_configuration_are_forgotten() -> None:
    made = Bench(lines=("1", "2"), served=("1",))
    made.hear(Rang(), line="2")
    made.lines = ("1",)
    made.kill_host()
    assert {item.line for item in made.disk.values()} == {"1"}


# Whatever happens in whatever order.


def kill_server(made: Bench) -> None:
    made.told = made.told[: len(made.told) - made.undone]
    made.kill_server()


DO: dict[str, Callable[[Bench], object]] = {
    "cut": lambda made: made.cut() if made.connected else None,
    "plug": lambda made: None if made.connected else made.plug(),
    "kill host": Bench.kill_host,
    "kill server": kill_server,
    "wait": lambda made: made.wait(1),
    "wait long": lambda made: made.wait(20),
    "write down": Bench.write_down,
}
STEPS = st.sampled_from(["ring", "ring", "ring", *DO])


@settings(max_examples=150)
@given(st.lists(STEPS, max_size=40), st.sampled_from([0.0, 0.3]))
def test_every_report_is_heard_once_in_order_and_at_its_time(steps: list[str], delay: float) -> None:
    made = Bench(delay=delay, writes=False)
    made.plug()
    rung: list[float] = []
    for step in steps:
        if step == "ring":
            rung.append(made.now)
            made.hear(Rang(str(len(rung) - 1)))
        else:
            DO[step](made)
    if not made.connected:
        made.plug()
    made.wait(5)
    made.write_down().wait(5)
    heard = [(told.signal.cadence, told.at) for told in made.told if isinstance(told.signal, Rang)]
    assert [name for name, _ in heard] == [str(number) for number in range(len(rung))]
    assert [at for _, at in heard] == pytest.approx(rung, abs=2 * delay + 0.01)
    assert not made.disk


def test_the_bench_has_two_days() -> None:
    """What the other tests lean on: no clock of one end is the other's."""
    made = Bench()
    assert made.moment.wall - WALL == made.clock - SERVER_CLOCK == 0
    assert made.clock != made.moment.wall != made.moment.steady
