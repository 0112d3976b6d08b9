"""A line on a line host as the server has it, and the host's hands, without a network between them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.internet.defer import Deferred, fail

from hardware.drivers import LineSettings, SharedPorts, create_line_device
from hardware.hosted_lines import HostedLines
from hardware.line_device import Capability, HardwareError, LineDevice, NotCapableError
from hardware.supervisor import PortError
from protocols.line_host.codec import decode_from_server, encode
from protocols.line_host.messages import Abilities, Hello, Message, Order, Report, Standing
from protocols.sayings import Said, Saying, said, words_of
from protocols.signals import CommandTaken, LineLost, LineReady, LineSignal, OutOfReach
from tests.peers.scripted_line import ScriptedLine
from tests.peers.set_clock import SetClock


class Link:
    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.closed = ""

    def send(self, message: bytes) -> None:
        self.sent.append(decode_from_server(message))

    def close(self, why: str) -> None:
        self.closed = why

    @property
    def orders(self) -> list[tuple[str, str]]:
        return [(one.command, one.argument) for one in self.sent if isinstance(one, Order)]


class Bench:
    """Two lines of the host ``ward3``."""

    def __init__(self, **settings: Any) -> None:
        self.clock = SetClock(datetime(2027, 1, 15, 8, tzinfo=UTC))
        self.shared = SharedPorts(self.clock)  # type: ignore[arg-type]
        self.heard: list[LineSignal] = []
        self.device, self.other = (self._device(line, **settings) for line in ("1", "2"))
        self.device.start(self.heard.append)
        self.other.start(lambda _: None)
        self.host = self.shared.line_hosts.at("ward3")

    def _device(self, line: str, **settings: Any) -> LineDevice:
        given = {"name": f"ward {line}", "driver": "line_host", "host": "ward3", "line": line, **settings}
        return create_line_device(LineSettings.model_validate(given), self.clock, Path("unused"), self.shared)  # type: ignore[arg-type]

    def connect(self, *can: str) -> Link:
        link = Link()
        self.host.connected(link, [])
        hello = Hello(1, "x", self.clock.wall_seconds(), 50.0, {"1": can})
        self.say(link, hello, Standing("1", up=True, words="USR"))
        return link

    def say(self, link: Link, *messages: Message) -> None:
        for message in messages:
            self.host.received(link, encode(message))


def reason(error: BaseException) -> str:
    """The innermost saying's code."""
    found = said(words_of(error))
    assert found is not None
    return str(found["values"]["why"]["code"])


def test_it_can_do_what_its_host_says_and_nothing_while_that_is_away() -> None:
    made = Bench()
    assert made.heard == [OutOfReach(Said(Saying.HOST_NOT_CONNECTED, host="ward3"))]
    with pytest.raises(HardwareError) as away:
        made.device.dial("10086")
    assert reason(away.value) == "host_not_connected"
    link = made.connect("ring", "dial", "of_a_newer_version")
    assert made.heard[1:] == [LineReady("USR")]
    assert made.device.capabilities == Capability.RING | Capability.DIAL
    made.device.dial("10086")
    with pytest.raises(ValueError, match="cannot dial"):
        made.device.dial("1;2")
    for forbidden in (made.device.answer, made.device.hang_up, lambda: made.device.send_digits("1")):
        with pytest.raises(NotCapableError):
            forbidden()
    made.say(link, Abilities("1", ("answer", "hang_up", "dtmf_out")))
    made.device.answer()
    made.device.hang_up()
    made.device.send_digits("12#")
    assert link.orders == [("dial", "10086"), ("answer", ""), ("hang_up", ""), ("send_digits", "12#")]
    made.host.lost(link)
    with pytest.raises(HardwareError) as cut:
        made.device.hang_up()
    assert reason(cut.value) == "host_out_of_reach"


def test_a_line_that_its_host_does_not_have_and_one_that_is_lost_there() -> None:
    made = Bench()
    link = made.connect("dial")
    with pytest.raises(HardwareError) as missing:
        made.other.dial("10086")
    assert reason(missing.value) == "host_without_line"
    made.say(link, Report("1", "run", 1, 50.0, LineLost(Said(Saying.UNPLUGGED))))
    with pytest.raises(HardwareError) as lost:
        made.device.dial("10086")
    assert reason(lost.value) == "unplugged"


def test_tracing_is_the_hosts_work() -> None:
    made = Bench(trace=True)
    made.device.set_trace(False)
    made.device.set_trace(True)
    link = made.connect()
    (welcome,) = [one for one in link.sent if hasattr(one, "lines")]
    assert welcome.lines["1"].trace
    made.device.set_trace(False)
    assert link.orders == [("trace", "off")]


@ensureDeferred
async def test_the_last_line_that_stops_ends_connection_and_timers() -> None:
    made = Bench()
    link = made.connect("dial")
    await made.device.stop()
    assert not link.closed
    made.say(link, Report("1", "run", 1, 50.0, LineLost("x")))
    assert LineLost("x") not in made.heard
    await made.other.stop()
    assert link.closed
    assert made.clock.getDelayedCalls() == []


def test_silence_ends_the_connection_and_a_dead_link_is_not_listened_to() -> None:
    made = Bench()
    link = made.connect()
    for _ in range(20):
        made.clock.advance(1)
    assert link.closed
    assert made.heard[-1] == OutOfReach(Said(Saying.HOST_OUT_OF_REACH, host="ward3"))
    made.say(link, Report("1", "run", 1, 50.0, LineLost("x")))
    made.host.lost(link)
    assert LineLost("x") not in made.heard
    again = made.connect()
    made.host.lost(link)
    assert not again.closed
    assert made.heard[-1] == LineReady("USR")


# The host's end.


class Nowhere:
    def open(self, protocol: Any, on_closed: Any) -> Deferred[Any]:
        return fail(PortError("nobody is there"))

    def give_up(self) -> None:
        pass


@pytest.fixture
def hosted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[HostedLines, ScriptedLine]:
    device = ScriptedLine()
    monkeypatch.setattr("hardware.hosted_lines.create_line_device", lambda *_: device)
    line = LineSettings.model_validate({"name": "1", "driver": "hayes", "port": "/dev/null"})
    return HostedLines([line], Nowhere(), tmp_path / "memory", tmp_path, "test", reactor), device


def order(command: str, argument: str = "") -> Order:
    return Order("1", "id", command, argument, 0.0)


def test_orders_are_given_to_the_device_and_its_refusals_to_whoever_asked(
    hosted: tuple[HostedLines, ScriptedLine], lost_failures: Any
) -> None:
    lines, device = hosted
    assert lines.carry_out(order("dial", "10086")) == ""
    assert lines.carry_out(order("answer")) == ""
    assert lines.carry_out(order("take_back", "other")) == ""
    assert device.asked == [("dial", "10086"), ("answer", ""), ("hang_up", "")]
    assert said(lines.carry_out(order("format_disk"))) == {"code": "order_unknown", "values": {}}
    assert lines.carry_out(order("send_digits", "1")) == "this line cannot send_digits"
    device.broken = "unplugged"
    assert lines.carry_out(order("answer")) == "unplugged"
    device.answer = lambda: {}["x"]  # type: ignore[method-assign]
    assert lines.carry_out(order("answer")) == "'x'"
    assert len(lost_failures.take()) == 1


@ensureDeferred
async def test_a_device_that_cannot_start_is_a_lost_line_and_all_is_kept_for_the_server(
    hosted: tuple[HostedLines, ScriptedLine], lost_failures: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, device = hosted
    device.fails_to_start = True
    await lines.start()
    await lines.stop()
    assert device.stopped
    assert len(lost_failures.take()) == 1
    again = HostedLines([], Nowhere(), tmp_path / "memory", tmp_path, "test", reactor)
    kept = await again._store.start()
    await again._store.stop()
    codes = [(said(one.news.reason) or {})["code"] for one in kept if isinstance(one.news, LineLost)]
    assert codes == ["host_started", "cannot_start", "host_stopped"]
    assert not any(isinstance(one.news, CommandTaken) for one in kept)
