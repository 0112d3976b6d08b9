from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from protocols.actions import Actions
from protocols.signals import (
    AbsentReason,
    Answered,
    CallerIdentified,
    Certainty,
    CommandFailed,
    DeviceWarns,
    DialFailed,
    DialFailure,
    DigitHeard,
    Ended,
    HandsetLifted,
    HandsetReplaced,
    LineLost,
    LineReady,
    LineSignal,
    Rang,
    RingingStopped,
)
from protocols.ubox.messages import Product
from protocols.ubox.session import UboxSession
from protocols.ubox.settings import UboxSettings

READY = LineReady("UBOX FI3101A, channel 1")


class Bench:
    """``answers``: the service does what it is told. ``handles`` are its channels, ``product`` their model."""

    def __init__(self, settings: UboxSettings | None = None, product: str = "4") -> None:
        self.session = UboxSession(settings or UboxSettings())
        self.now = 1000.0
        self.answers = True
        self.handles = [0, 1]
        self.product = product
        self.sent: list[dict[str, Any]] = []
        self.signals: list[LineSignal] = []

    def start(self) -> Bench:
        self._apply(self.session.start(self.now))
        return self

    def started(self) -> Bench:
        self.start().say("joined")
        self.forget()
        return self

    def forget(self) -> None:
        self.sent.clear()
        self.signals.clear()

    def reported(self) -> list[LineSignal]:
        signals, self.signals = self.signals, []
        return signals

    @property
    def events(self) -> list[str]:
        return [message["event"] for message in self.sent]

    def say(self, event: str, handle: int | None = None, **fields: Any) -> Bench:
        channel = {} if handle is None else {"handle": handle}
        return self.hear(json.dumps({"event": event, **channel, **fields}).encode())

    def hear(self, data: bytes) -> Bench:
        self._apply(self.session.receive(data, self.now))
        return self

    def do(self, command: Callable[[UboxSession, float], Actions]) -> Bench:
        self._apply(command(self.session, self.now))
        return self

    def dial(self, number: str) -> Bench:
        return self.do(lambda session, now: session.dial(number, now))

    def press(self, digits: str) -> Bench:
        return self.do(lambda session, now: session.send_digits(digits, now))

    def answer(self) -> Bench:
        return self.do(UboxSession.answer)

    def hang_up(self) -> Bench:
        return self.do(UboxSession.hang_up)

    def plugged(self, event: str, handle: int) -> None:
        """What the service lists agrees with what it says of ``handle``."""
        changed = {"plugin": {*self.handles, handle}, "plugout": {*self.handles} - {handle}}
        self.handles = sorted(changed.get(event, self.handles))

    def wait(self, seconds: float) -> Bench:
        end = self.now + seconds
        for _ in range(10_000):
            due = self.session.next_deadline()
            if due is None or due > end:
                self.now = end
                return self
            self.now = max(self.now, due)
            self._apply(self.session.tick(self.now))
        raise AssertionError("the session wants to be woken without end")

    def _apply(self, actions: Actions) -> None:
        self.signals += actions.signals
        for line in actions.write.splitlines():
            message = json.loads(line)
            self.sent.append(message)
            if self.answers:
                self._obey(message)

    def _obey(self, message: dict[str, Any]) -> None:
        handle = message.get("handle")
        match message["event"]:
            case "getinfo":
                self.say("getinfo", channels=[{"handle": each, "deviceError": 0} for each in self.handles])
            case "GetProductID":
                self.say("answer", handle, type="GetProductID", result=self.product)
            case "SoftHookoff":
                self.say("hookoff", handle, type=6)
            case "SoftHookon":
                self.say("hookup", handle)
            case _:
                pass


def ringing() -> Bench:
    box = Bench().started().say("ring", 0)
    box.forget()
    return box


def test_joining() -> None:
    box = Bench().start()
    assert box.sent == []
    box.say("joined")
    assert box.sent == [{"event": "getinfo"}, {"event": "GetProductID", "handle": 0}]
    assert box.reported() == [READY]
    assert box.session.product is Product.FI3101A


def test_a_line_that_joins_later_hears_no_greeting() -> None:
    box = Bench(UboxSettings(channel=2)).start().wait(2.1)
    assert box.sent == [{"event": "getinfo"}, {"event": "GetProductID", "handle": 1}]
    assert box.signals == [LineReady("UBOX FI3101A, channel 2")]


@pytest.mark.parametrize(("product", "name"), [("3", "FI3001B"), ("99", "of an unknown model")])
def test_models(product: str, name: str) -> None:
    box = Bench(product=product).start().say("joined")
    assert box.signals == [LineReady(f"UBOX {name}, channel 1")]
    assert not (box.session.product and box.session.product.goes_off_hook)


def test_a_service_that_does_not_tell_the_model() -> None:
    box = Bench()
    box.answers = False
    box.start().say("joined").say("getinfo", channels=[{"handle": 0}])
    assert box.signals == []
    box.wait(5.1)
    assert box.signals == [LineReady("UBOX of an unknown model, channel 1")]


def test_a_service_that_accepts_and_says_nothing_is_asked_for_ever() -> None:
    box = Bench()
    box.answers = False
    box.start().wait(2 + 5 + 5.1)
    assert box.reported() == [LineLost("the UBOX service does not answer")]
    box.wait(600)
    assert box.signals == []
    assert 100 < len(box.sent) < 130
    assert set(box.events) == {"getinfo"}
    box.answers = True
    box.wait(6)
    assert box.signals == [READY]


def test_a_service_that_falls_silent() -> None:
    box = Bench().started()
    box.wait(100)
    assert box.signals == []
    assert 2 <= len(box.sent) <= 4
    box.answers = False
    box.wait(50)
    assert box.signals == [LineLost("the UBOX service does not answer")]
    assert box.dial("10086").reported()[-1] == CommandFailed("dial", "the UBOX service does not answer")


def test_a_service_that_talks_and_does_not_answer_is_there() -> None:
    box = Bench().started()
    box.answers = False
    for _ in range(30):
        box.wait(4).say("voltage", 0, vol=48).say("ringCancel", 0)
    assert box.signals == []


def test_a_channel_that_is_not_there_and_comes() -> None:
    box = Bench(UboxSettings(channel=3)).start().say("joined")
    assert box.reported() == [LineLost("channel 3 of the UBOX service is not plugged in")]
    box.say("plugin", 5)
    assert box.reported() == [LineReady("UBOX FI3101A, channel 3")]
    assert box.say("ring", 5).reported() == [Rang()]


def test_unplugged_in_a_call_and_back() -> None:
    box = ringing().answer()
    box.forget()
    box.say("plugout", 0)
    assert box.reported() == [LineLost("channel 1 of the UBOX service was unplugged")]
    assert not box.session.holds_call
    box.say("ring", 0).say("plugout", 1).say("plugin", 1)
    assert box.reported() == []
    box.say("plugin", 0)
    assert box.reported() == [READY]


def test_the_other_channels_are_not_ours() -> None:
    box = Bench().started().say("ring", 1).say("callerId", 1, callernumber="10086").say("hang", 1).say("plugout", 1)
    assert box.signals == []


def test_a_call_that_nobody_answers() -> None:
    box = Bench().started().say("ring", 0).wait(2).say("callerId", 0, callernumber="13800138000")
    box.wait(3).say("ring", 0).wait(6).say("ringCancel", 0)
    assert box.reported() == [Rang(), CallerIdentified("13800138000"), Rang(), RingingStopped()]
    assert box.say("ringCancel", 0).wait(100).reported() == []
    box.say("callerId", 0, callernumber="P").wait(61)
    assert box.signals == [CallerIdentified("", absent=AbsentReason.PRIVATE), RingingStopped()]


def test_answer_and_hang_up() -> None:
    box = ringing().answer()
    assert box.reported() == [Answered()]
    box.hang_up()
    assert box.reported() == [Ended(by_far_end=False)]
    assert box.events == ["SoftHookoff", "SoftHookon"]


def test_an_old_service_that_does_not_say_who_went_off_hook() -> None:
    box = ringing()
    box.answers = False
    box.answer().say("hookoff", 0)
    assert box.reported() == [Answered()]
    box.hang_up().say("hookup", 0).say("hookoff", 0)
    assert box.signals == [Ended(by_far_end=False), HandsetLifted()]


def test_the_telephone_takes_the_call() -> None:
    box = ringing().say("hookoff", 0, type=3).say("dtmfdown", 0, dtmfkey=49)
    box.say("busyTone", 0).say("hookup", 0)
    assert box.signals == [HandsetLifted(), DigitHeard("1"), Ended(by_far_end=True), HandsetReplaced()]


def test_refused() -> None:
    box = ringing()
    box.answers = False
    box.answer().say("notify", 0, errorType="SoftHookoff", result=-6).say("hookup", 0)
    assert box.reported() == [CommandFailed("answer", "the box did not go off hook")]
    box.say("ringCancel", 0)
    box.forget()
    box.dial("10086").say("hookoff", 0, type=6).wait(1.1).say("notify", 0, result=-13).say("hookup", 0)
    assert box.signals == [CommandFailed("dial", "the box did not take the number")]
    box.forget()
    box.dial("10086").say("hookoff", 0, type=7).hang_up().say("notify", 0, result=-1)
    assert box.signals == [
        Ended(by_far_end=False),
        CommandFailed("hang_up", "the box did not confirm that it went on hook"),
    ]


def test_dialling_with_pauses() -> None:
    box = Bench(UboxSettings(dial_prefix="9,")).started().dial("+86,,1")
    box.wait(0.9)
    assert box.events == ["SoftHookoff"]
    box.wait(0.2)
    assert box.sent[-1] == {"event": "SendDtmf", "handle": 0, "dtmf": "9"}
    box.say("CallOutFinish", 0).wait(2.1)
    assert box.sent[-1]["dtmf"] == "0086"
    box.wait(4.9)
    assert box.sent[-1]["dtmf"] == "1"
    assert box.say("CallOutFinish", 0).wait(9.9).signals == []
    assert box.wait(0.2).signals == [Answered(Certainty.PRESUMED)]


def test_a_busy_number_stops_the_rest_of_it() -> None:
    box = Bench().started().dial("9,10086").wait(1.5).say("busyTone", 0).wait(10)
    assert box.signals == [DialFailed(DialFailure.BUSY)]
    assert box.events == ["SoftHookoff", "SendDtmf", "SoftHookon"]


def test_tones_in_a_call() -> None:
    box = ringing().answer().wait(2).press("1#")
    assert box.sent[-1] == {"event": "SendDtmf", "handle": 0, "dtmf": "1#"}


def test_no_telephone_line_and_back() -> None:
    box = Bench().started().say("hang", 0)
    assert box.reported() == [LineLost("no telephone line is connected to the UBOX")]
    assert box.wait(100).reported() == []
    assert box.say("ring", 0).reported() == [READY, Rang()]


def test_out_of_order_until_the_service_says_otherwise() -> None:
    box = Bench().started().say("deviceError", 0)
    assert box.reported() == [LineLost("the UBOX reports that it does not work")]
    box.wait(31)
    assert box.reported() == [READY]
    box.say("getinfo", channels=[{"handle": 0, "deviceError": 1}])
    assert box.reported() == [LineLost("the UBOX reports that it does not work")]
    assert box.say("plugin", 0).reported() == [READY]


def test_alarms_are_told_once() -> None:
    box = Bench().started().say("deviceAlarm", 0).say("deviceAlarm", 0)
    assert box.signals == [DeviceWarns("the UBOX service asks to be restarted")]


def test_the_connection_is_lost_and_back() -> None:
    box = ringing().answer()
    box.forget()
    for _ in range(2):
        box.do(lambda session, now: session.port_lost("closed", now))
    assert box.reported() == [LineLost("closed")]
    assert box.session.next_deadline() is None
    assert box.say("ring", 0).answer().reported() == [CommandFailed("answer", "the UBOX service is not connected")]
    assert box.start().say("joined").reported() == [READY]


def test_a_service_that_was_restarted_with_other_handles() -> None:
    box = Bench().started()
    box.handles = [7, 8]
    box.wait(31)
    assert box.reported() == [LineLost("channel 1 of the UBOX service was unplugged"), READY]
    assert box.say("ring", 7).reported() == [Rang()]


def test_floods_cost_nothing_without_bound() -> None:
    box = Bench().started()
    box.answers = False
    for number in range(2000):
        box.say("joined").say("plugin", number).say("ring", 0).say("callerId", 0, callernumber=str(number))
    assert len(box.sent) <= 2
    assert len(box.session._link._places) <= 300
    assert len(box.signals) <= 3


EVENTS = ["joined", "plugin", "plugout", "ring", "ringCancel", "callerId", "hookoff", "hookup", "hang", "dtmfdown",
          "busyTone", "CallOutFinish", "deviceAlarm", "deviceError", "answer", "notify"]  # fmt: skip
COMMANDS = [
    lambda session, now: session.dial("9,10086", now),
    UboxSession.answer,
    UboxSession.hang_up,
    lambda session, now: session.send_digits("1#", now),
]
EVENT = st.tuples(
    st.sampled_from(EVENTS),
    st.integers(0, 2),
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from([3, 6, 7, "GetProductID"]),
            "result": st.integers(-13, 8),
            "callernumber": st.text(max_size=5),
            "dtmfkey": st.integers(40, 60),
        },
    ),
)


@given(st.lists(EVENT | st.binary(max_size=12) | st.floats(0, 12) | st.sampled_from(COMMANDS), max_size=40))
@example([("plugout", 0, {}), ("plugin", 2, {})])
@settings(max_examples=300)
def test_whatever_happens_the_line_comes_to_rest_and_works(story: list[Any]) -> None:
    box = Bench().started()
    for step in story:
        match step:
            case (event, handle, fields):
                box.plugged(event, handle)
                box.say(event, handle, **fields)
            case bytes():
                box.hear(step)
            case float():
                box.wait(step)
            case _:
                box.do(step)
    # Every box is there in the end; a number that another box took meanwhile stays with that.
    for handle in (0, 1, 2):
        box.plugged("plugin", handle)
        box.say("plugin", handle)
    box.hang_up().wait(200)
    mine = box.session._link.handle
    box.say("hookup", mine).wait(10)
    assert not box.session.holds_call
    assert box.session._link.trouble() == ""
    box.forget()
    box.say("ring", mine).answer()
    assert box.reported()[:2] == [Rang(), Answered()]


def test_settings_are_checked() -> None:
    for wrong in ({"channel": 0}, {"numberless_alarm_after": 0}, {"dial_prefix": "9;"}):
        with pytest.raises(ValueError, match=r"at least 1|prefix"):
            UboxSettings(**wrong)  # type: ignore[arg-type]
