"""Recording the call of a line: what is asked of the PBX, and what comes of a refusal."""

from __future__ import annotations

import pytest

from protocols.ami.codec import encode
from protocols.sayings import Said, Saying
from protocols.signals import Answered, CommandFailed
from tests.protocols.ami.bench import Bench


def talking(bench: Bench) -> str:
    caller, phone = bench.pbx.call("PJSIP/8001", "13800138000")
    bench.pbx.answer(caller, phone)
    assert Answered() in bench.heard["8001"]
    bench.heard["8001"].clear()
    return phone.name


def record(bench: Bench, name: str = "huifang-7-00ff.wav") -> None:
    bench.do(bench.session.record("8001", name, bench.now))


def test_the_call_is_recorded_under_our_name_and_with_nothing_else() -> None:
    bench = Bench()
    channel = talking(bench)
    record(bench)
    (asked,) = bench.manager.actions("MixMonitor")
    assert asked == {
        "Action": "MixMonitor",
        "ActionID": asked["ActionID"],
        "Channel": channel,
        "File": "huifang-7-00ff.wav",
    }
    assert bench.heard["8001"] == []


def test_a_refusal_is_told() -> None:
    bench = Bench()
    talking(bench)
    bench.manager.refused["MixMonitor"] = "Permission denied"
    record(bench)
    assert bench.heard["8001"] == [CommandFailed("record", Said(Saying.PBX_REFUSES, why="Permission denied"))]


def test_without_a_call_nothing_is_asked() -> None:
    bench = Bench()
    record(bench)
    assert bench.manager.actions("MixMonitor") == []
    assert bench.heard["8001"][-1] == CommandFailed("record", Said(Saying.NO_CALL))


@pytest.mark.parametrize(
    "name", ["../x.wav", "/etc/x.wav", "x.wav\r\nCommand: rm", "x.gsm", "", "x.wav|y", "${X}.wav", "a" * 51 + ".wav"]
)
def test_only_names_of_ours_reach_the_pbx(name: str) -> None:
    bench = Bench()
    talking(bench)
    with pytest.raises(ValueError, match="cannot record as"):
        record(bench, name)
    with pytest.raises(ValueError, match="not allowed"):
        encode("MixMonitor", ("Channel", "PJSIP/1-1"), ("File", name))
    assert bench.manager.actions("MixMonitor") == []


def test_a_command_can_never_be_sent_with_it() -> None:
    with pytest.raises(ValueError, match="may not have"):
        encode("MixMonitor", ("Channel", "PJSIP/1-1"), ("File", "x.wav"), ("Command", "true"))
