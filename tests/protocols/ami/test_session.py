"""Calls on a PBX as its lines report them."""

from __future__ import annotations

import pytest

from protocols.ami.settings import AmiSettings, PbxLine, PbxPort, parse_port
from protocols.sayings import Said, Saying
from protocols.signals import (
    AbsentReason,
    Answered,
    CallerIdentified,
    Certainty,
    CommandFailed,
    DialFailed,
    DialFailure,
    Ended,
    FarEndRinging,
    HandsetLifted,
    HandsetReplaced,
    LineLost,
    LineReady,
    Rang,
    TakenElsewhere,
)
from tests.peers.pbx import DOWN, RING, RINGING, UP, Leg, block
from tests.protocols.ami.bench import OTHER, PHONE, Bench

ZHANG = CallerIdentified("13800138000", "张三")
LOST = LineLost("the cable was pulled")
TRUNK = PbxLine("trunk", "PJSIP/telecom", trunk=True)


def ready(bench: Bench) -> bool:
    return bench.session.ready


# Incoming calls.


@pytest.mark.parametrize("charset", ["utf-8", "gbk"])
def test_a_call_to_a_telephone_from_ring_to_end(charset: str) -> None:
    bench = Bench()
    bench.pbx.charset = charset
    caller, phone = bench.pbx.call("PJSIP/8001", "13800138000", "张三")
    assert bench.take() == [ZHANG, Rang()]
    bench.pbx.answer(caller, phone)
    assert bench.take() == [HandsetLifted(), Answered()]
    bench.pbx.end(phone, caller, by=caller)
    assert bench.take() == [HandsetReplaced(), Ended(by_far_end=True)]


def test_the_agent_puts_the_telephone_down() -> None:
    bench = Bench()
    caller, phone = bench.pbx.call("PJSIP/8001", "13800138000", "张三")
    bench.pbx.answer(caller, phone)
    bench.take()
    bench.pbx.end(phone, caller, by=phone)
    assert bench.take() == [HandsetReplaced(), Ended(by_far_end=False)]


def test_the_caller_gives_up() -> None:
    bench = Bench()
    caller, phone = bench.pbx.call("PJSIP/8001", "13800138000")
    bench.pbx.dial_end(caller, phone, "CANCEL")
    bench.pbx.end(phone, caller, by=caller)
    assert bench.take() == [CallerIdentified("13800138000"), Rang(), Ended(by_far_end=True)]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("", CallerIdentified("", absent=AbsentReason.UNAVAILABLE)),
        ("Anonymous", CallerIdentified("", absent=AbsentReason.PRIVATE)),
        ("anonymous", CallerIdentified("", absent=AbsentReason.PRIVATE)),
        ("+8613800138000", CallerIdentified("+8613800138000")),
    ],
)
def test_callers_without_a_number(number: str, expected: CallerIdentified) -> None:
    bench = Bench()
    bench.pbx.call("PJSIP/8001", number)
    assert bench.take() == [expected, Rang()]


def test_a_restricted_number_is_not_passed_on() -> None:
    bench = Bench()
    caller = bench.pbx.leg("PJSIP/telecom", RING, "13800138000")
    bench.pbx.event("NewCallerid", *caller.fields(), ("CID-CallingPres", "32 (Presentation Prohibited, Not Screened)"))
    bench.pbx.ring(caller, "PJSIP/8001")
    assert bench.take() == [CallerIdentified("", absent=AbsentReason.PRIVATE), Rang()]


def test_a_name_that_comes_later_is_added_and_a_rewritten_number_is_no_second_caller() -> None:
    bench = Bench()
    _, phone = bench.pbx.call("PJSIP/8001", "013800138000")
    phone.connected, phone.connected_name = "+8613800138000", "张三"
    bench.pbx.event("NewConnectedLine", *phone.fields())
    bench.pbx.event("NewConnectedLine", *phone.fields())
    assert bench.take() == [CallerIdentified("013800138000"), Rang(), CallerIdentified("013800138000", "张三")]


def test_names_from_strangers_are_cleaned() -> None:
    bench = Bench()
    bench.pbx.call("PJSIP/8001", "10086", "a\u202eb\x1b[2J" + "x" * 200)
    caller = bench.take()[0]
    assert isinstance(caller, CallerIdentified)
    assert caller.name == "ab[2J" + "x" * 59


@pytest.mark.parametrize("name", ["PJSIP/80010", "PJSIP/8001-home", "SIP/8001", "Local/8001@from-internal"])
def test_other_endpoints_are_not_this_line(name: str) -> None:
    bench = Bench()
    bench.pbx.call(name, "10086")
    assert bench.take() == []


def test_two_telephones_ring_and_one_is_faster() -> None:
    bench = Bench(PHONE, OTHER)
    caller, phone = bench.pbx.call("PJSIP/8001", "10086")
    slower = bench.pbx.ring(caller, "PJSIP/8002")
    bench.pbx.dial_end(caller, slower, "CANCEL")
    bench.pbx.answer(caller, phone)
    bench.pbx.hang_up(slower, cause=26)
    assert bench.take("8001")[-1] == Answered()
    assert bench.take("8002") == [CallerIdentified("10086"), Rang(), TakenElsewhere()]


def test_a_telephone_that_cannot_be_reached_has_missed_the_call() -> None:
    bench = Bench()
    caller = bench.pbx.leg("PJSIP/telecom", RING, "10086")
    phone = bench.pbx.leg("PJSIP/8001", DOWN, of=caller)
    bench.pbx.dial(caller, phone)
    bench.pbx.dial_end(caller, phone, "CHANUNAVAIL")
    bench.pbx.hang_up(phone, cause=20)
    assert bench.take() == [CallerIdentified("10086"), Rang(), Ended(by_far_end=True)]


# Outgoing calls.


def dialling(bench: Bench, number: str = "13800138000") -> Leg:
    """Dial and let the telephone ring: the telephone's channel."""
    bench.dial(number)
    action = bench.manager.actions("Originate")[-1]
    phone = bench.pbx.leg("PJSIP/8001", DOWN, "8001", uniqueid=action["ChannelId"])
    bench.pbx.dial(None, phone)
    bench.pbx.state(phone, RINGING)
    bench.pbx.dial_state(None, phone)
    return phone


def picked_up(bench: Bench, phone: Leg) -> None:
    originate_response(bench, "Success", "4")
    bench.pbx.state(phone, UP)
    bench.pbx.dial_end(None, phone, "ANSWER")


def originate_response(bench: Bench, response: str, reason: str) -> None:
    action = bench.manager.actions("Originate")[-1]
    bench.pbx.event(
        "OriginateResponse",
        ("ActionID", action["ActionID"]),
        ("Response", response),
        ("Channel", "PJSIP/8001"),
        ("Reason", reason),
        ("Uniqueid", action["ChannelId"]),
    )


def test_dialling_rings_the_telephone_first_and_then_dials() -> None:
    bench = Bench()
    phone = dialling(bench, "+49301234")
    (originate,) = bench.manager.actions("Originate")
    assert originate == {
        "ActionID": originate["ActionID"],
        "Action": "Originate",
        "Channel": "PJSIP/8001",
        "ChannelId": "huifang-t1-1",
        "Context": "from-internal",
        "Exten": "0049301234",
        "Priority": "1",
        "Timeout": "30000",
        "Async": "true",
    }
    assert bench.take() == []
    picked_up(bench, phone)
    assert bench.take() == [HandsetLifted()]
    far = bench.pbx.dial_out(phone, "0049301234")
    assert bench.take() == [FarEndRinging()]
    bench.pbx.answer(phone, far)
    assert bench.take() == [Answered(Certainty.SURE)]
    bench.pbx.end(far, phone, by=far)
    assert bench.take() == [HandsetReplaced(), Ended(by_far_end=True)]


def test_prefixes_are_dialled() -> None:
    bench = Bench(PbxLine("8001", "PJSIP/8001", dial_prefix="9", international_prefix="00"))
    bench.dial("+4930")
    assert bench.manager.actions("Originate")[0]["Exten"] == "90049" + "30"


@pytest.mark.parametrize(
    "number", ["", "1;2", "1\r\nApplication: System", "1,2", "13800138000&PJSIP/8002", "s", "1" * 41]
)
def test_nothing_but_a_number_is_dialled(number: str) -> None:
    bench = Bench()
    with pytest.raises(ValueError, match="cannot dial"):
        bench.dial(number)
    assert bench.manager.actions("Originate") == []
    assert bench.take() == []


def test_an_analog_line_cannot_know_whether_the_far_end_answered() -> None:
    bench = Bench()
    phone = dialling(bench)
    picked_up(bench, phone)
    far = bench.pbx.dial_out(phone, "13800138000", trunk="DAHDI/4")
    far.name = "DAHDI/4-1"
    bench.pbx.rename(far, "DAHDI/4-1")
    bench.pbx.answer(phone, far)
    assert bench.take()[-1] == Answered(Certainty.PRESUMED)


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        ("BUSY", DialFailure.BUSY),
        ("NOANSWER", DialFailure.NO_ANSWER),
        ("CONGESTION", DialFailure.REJECTED),
        ("CHANUNAVAIL", DialFailure.NO_CARRIER),
    ],
)
def test_the_far_end_does_not_answer(status: str, failure: DialFailure) -> None:
    bench = Bench()
    phone = dialling(bench)
    picked_up(bench, phone)
    far = bench.pbx.dial_out(phone, "13800138000")
    bench.pbx.dial_end(phone, far, status)
    bench.pbx.hang_up(far)
    # The caller may hear an announcement, or another trunk may be tried: not over before the telephone's channel is.
    assert bench.take() == [HandsetLifted(), FarEndRinging()]
    bench.pbx.hang_up(phone)
    assert bench.take() == [HandsetReplaced(), DialFailed(failure)]


def test_a_second_trunk_is_tried_and_answered() -> None:
    bench = Bench()
    phone = dialling(bench)
    picked_up(bench, phone)
    first = bench.pbx.dial_out(phone, "13800138000")
    bench.pbx.dial_end(phone, first, "CONGESTION")
    bench.pbx.hang_up(first)
    second = bench.pbx.dial_out(phone, "13800138000", trunk="PJSIP/unicom")
    bench.pbx.answer(phone, second)
    assert bench.take()[-1] == Answered()


@pytest.mark.parametrize(
    ("reason", "refused", "detail"),
    [("3", "", "was not picked up"), ("0", "BUSY", "is busy"), ("8", "CONGESTION", "did not take the call")],
)
def test_the_agent_does_not_take_the_call(reason: str, refused: str, detail: str) -> None:
    bench = Bench()
    phone = dialling(bench)
    if refused:
        bench.pbx.dial_end(None, phone, refused)
    originate_response(bench, "Failure", reason)
    bench.pbx.hang_up(phone, cause=0)
    assert bench.take() == [CommandFailed("dial", f"PJSIP/8001 {detail}")]
    # The line is as before.
    bench.pbx.call("PJSIP/8001", "10086")
    assert bench.take() == [CallerIdentified("10086"), Rang()]


def test_a_telephone_that_is_not_there() -> None:
    bench = Bench()
    bench.dial("10086")
    originate_response(bench, "Failure", "0")
    assert bench.take() == [CommandFailed("dial", "PJSIP/8001 cannot be reached")]


def test_the_pbx_refuses_to_dial() -> None:
    bench = Bench()
    bench.manager.refused["Originate"] = "Extension does not exist."
    bench.dial("10086")
    assert bench.take() == [CommandFailed("dial", "the PBX refuses: Extension does not exist.")]


def test_the_pbx_never_says_what_came_of_dialling() -> None:
    bench = Bench()
    bench.dial("10086")
    bench.wait(39)
    assert bench.take() == []
    bench.wait(2)
    assert bench.take() == [DialFailed(DialFailure.TIMED_OUT)]
    # Late, and of no concern: the telephone is in use, nobody calls.
    late = bench.pbx.leg("PJSIP/8001", DOWN, uniqueid="huifang-t1-1")
    bench.pbx.dial(None, late)
    bench.pbx.state(late, UP)
    bench.pbx.hang_up(late)
    assert bench.take() == [HandsetLifted(), HandsetReplaced()]


def test_a_long_ringing_at_the_far_end_is_not_given_up() -> None:
    bench = Bench()
    phone = dialling(bench)
    picked_up(bench, phone)
    bench.pbx.dial_out(phone, "10086")
    bench.take()
    bench.wait(300)
    assert bench.take() == []


def test_hanging_up() -> None:
    bench = Bench()
    phone = dialling(bench)
    picked_up(bench, phone)
    far = bench.pbx.dial_out(phone, "10086")
    bench.pbx.answer(phone, far)
    bench.take()
    bench.hang_up()
    assert bench.manager.actions("Hangup")[0]["Channel"] == phone.name
    assert bench.take() == [HandsetReplaced(), Ended(by_far_end=False)]


def test_hanging_up_twice() -> None:
    bench = Bench()
    caller, phone = bench.pbx.call("PJSIP/8001", "10086")
    bench.pbx.answer(caller, phone)
    bench.take()
    bench.manager.deaf.add("Hangup")
    bench.hang_up()
    bench.hang_up()
    first, second = (("ActionID", action["ActionID"]) for action in bench.manager.actions("Hangup"))
    bench.say(block("Response", "Success", first, ("Message", "Channel Hungup")))
    # The first ended it, which is told only now.
    bench.say(block("Response", "Error", second, ("Message", "No such channel")))
    bench.pbx.end(phone, caller)
    assert bench.take() == [HandsetReplaced(), Ended(by_far_end=False)]


def test_hanging_up_while_dialling_even_before_the_telephone_rings() -> None:
    bench = Bench()
    bench.dial("10086")
    bench.hang_up()
    assert bench.manager.actions("Hangup") == []
    phone = bench.pbx.leg("PJSIP/8001", DOWN, uniqueid="huifang-t1-1")
    assert phone not in bench.pbx.legs
    assert bench.take() == [Ended(by_far_end=False)]


def test_hanging_up_what_is_over_or_may_not_be_touched() -> None:
    bench = Bench()
    bench.hang_up()
    assert bench.take() == [CommandFailed("hang_up", Said(Saying.NO_CALL))]
    caller, phone = bench.pbx.call("PJSIP/8001", "10086")
    bench.pbx.answer(caller, phone)
    bench.take()
    bench.manager.refused["Hangup"] = "Permission denied"
    bench.hang_up()
    assert bench.take() == [CommandFailed("end_call", "Permission denied")]
    bench.pbx.end(phone, caller, by=caller)
    assert bench.take() == [HandsetReplaced(), Ended(by_far_end=True)]
    caller, phone = bench.pbx.call("PJSIP/8001", "10086")
    bench.pbx.answer(caller, phone)
    bench.take()
    bench.pbx.legs.clear()
    bench.manager.refused["Hangup"] = "No such channel"
    bench.hang_up()
    refused, lost, ready = bench.take()
    assert (refused, lost) == (CommandFailed("end_call", "No such channel"), LineLost(Said(Saying.PBX_ENDED_UNSEEN)))
    assert isinstance(ready, LineReady)


def test_a_telephone_in_use_is_not_dialled_on() -> None:
    bench = Bench()
    own = bench.pbx.leg("PJSIP/8001", RING, "8001")
    assert bench.take() == [HandsetLifted()]
    bench.dial("10086")
    assert bench.take() == [CommandFailed("dial", "the telephone is in use")]
    bench.pbx.hang_up(own, by_device=True)
    assert bench.take() == [HandsetReplaced()]


# One telephone, several calls.


def test_a_call_comes_while_the_agent_has_dialled_by_hand() -> None:
    bench = Bench()
    own = bench.pbx.leg("PJSIP/8001", RING, "8001")
    caller, phone = bench.pbx.call("PJSIP/8001", "10086")
    bench.pbx.end(phone, caller, by=caller)
    bench.pbx.hang_up(own)
    assert bench.take() == [
        HandsetLifted(),
        HandsetReplaced(),
        CallerIdentified("10086"),
        Rang(),
        Ended(by_far_end=True),
        HandsetLifted(),
        HandsetReplaced(),
    ]


def test_a_second_caller_gives_up_during_the_conversation() -> None:
    bench = Bench()
    caller, phone = bench.pbx.call("PJSIP/8001", "10086")
    second, ringing = bench.pbx.call("PJSIP/8001", "10010")
    bench.pbx.end(ringing, second, by=second)
    # Now it would be taken for the ringing caller's own number.
    assert bench.take() == [CallerIdentified("10086"), Rang()]
    bench.pbx.answer(caller, phone)
    assert bench.take() == [HandsetLifted(), Answered(), CallerIdentified("10010")]
    bench.pbx.end(phone, caller, by=caller)
    assert bench.take() == [HandsetReplaced(), Ended(by_far_end=True)]


def test_a_second_caller_who_waits_is_next() -> None:
    bench = Bench()
    caller, phone = bench.pbx.call("PJSIP/8001", "10086")
    bench.pbx.answer(caller, phone)
    second, ringing = bench.pbx.call("PJSIP/8001", "10010")
    bench.take()
    bench.pbx.end(phone, caller, by=caller)
    assert bench.take() == [HandsetReplaced(), Ended(by_far_end=True), CallerIdentified("10010"), Rang()]
    bench.pbx.answer(second, ringing)
    assert bench.take() == [HandsetLifted(), Answered()]


def test_two_callers_give_up_while_the_first_rings() -> None:
    bench = Bench()
    caller, phone = bench.pbx.call("PJSIP/8001", "10086")
    second, ringing = bench.pbx.call("PJSIP/8001", "10010")
    bench.pbx.end(ringing, second, by=second)
    bench.pbx.end(phone, caller, by=caller)
    assert bench.take() == [
        CallerIdentified("10086"),
        Rang(),
        Ended(by_far_end=True),
        CallerIdentified("10010"),
        Rang(),
        Ended(by_far_end=True),
    ]


def test_a_second_line_on_the_same_telephone_takes_the_second_call() -> None:
    bench = Bench(PHONE, PbxLine("8001 b", "PJSIP/8001", slot=2))
    bench.pbx.call("PJSIP/8001", "10086")
    bench.pbx.call("PJSIP/8001", "10010")
    assert bench.take("8001") == [CallerIdentified("10086"), Rang()]
    assert bench.take("8001 b") == [CallerIdentified("10010"), Rang()]


# Trunks.


def test_a_trunk_call_is_answered_when_somebody_speaks_not_when_a_machine_does() -> None:
    bench = Bench(TRUNK)
    caller = bench.pbx.leg("PJSIP/telecom", RING, "13800138000", "张三")
    assert bench.take() == [ZHANG, Rang()]
    bench.pbx.state(caller, UP)
    bench.pbx.bridge(caller, technology="holding_bridge")
    assert bench.take() == []
    phone = bench.pbx.ring(caller, "PJSIP/8001")
    bench.pbx.answer(caller, phone)
    assert bench.take() == [Answered()]
    bench.pbx.end(phone, caller, by=phone)
    assert bench.take() == [Ended(by_far_end=False)]


def test_several_calls_on_a_trunk_go_to_its_lines_in_order() -> None:
    second = PbxLine("trunk 2", "PJSIP/telecom", slot=2, trunk=True)
    bench = Bench(second, TRUNK)
    legs = [bench.pbx.leg("PJSIP/telecom", RING, f"1000{n}") for n in range(3)]
    assert bench.take("trunk") == [CallerIdentified("10000"), Rang()]
    assert bench.take("trunk 2") == [CallerIdentified("10001"), Rang()]
    bench.pbx.hang_up(legs[1], by_device=True)
    assert bench.take("trunk 2") == [Ended(by_far_end=True), CallerIdentified("10002"), Rang()]


def test_others_calls_out_on_a_trunk_show_it_in_use() -> None:
    bench = Bench(TRUNK)
    phone = bench.pbx.leg("PJSIP/8001", RING, "8001")
    far = bench.pbx.dial_out(phone, "10086")
    assert bench.take() == [HandsetLifted()]
    bench.pbx.hang_up(far)
    assert bench.take() == [HandsetReplaced()]


def test_a_digital_span_is_a_trunk() -> None:
    bench = Bench(PbxLine("E1", "DAHDI/i1", trunk=True))
    leg = bench.pbx.leg("DAHDI/i1/13800138000", RING, "13800138000")
    assert bench.take() == [CallerIdentified("13800138000"), Rang()]
    bench.pbx.hang_up(leg)


# Picked up elsewhere.


def test_a_call_picked_up_at_another_telephone() -> None:
    bench = Bench(PHONE, OTHER)
    caller, phone = bench.pbx.call("PJSIP/8001", "13800138000", "张三")
    own = bench.pbx.leg("PJSIP/8002", RING, "8002")
    bench.take("8001")
    assert bench.take("8002") == [HandsetLifted()]
    bench.pbx.pick_up(own, caller, phone)
    assert bench.take("8001") == [TakenElsewhere()]
    assert bench.take("8002") == [HandsetReplaced(), ZHANG, Rang(), HandsetLifted(), Answered()]
    bench.pbx.end(own, caller, by=caller)
    assert bench.take("8002") == [HandsetReplaced(), Ended(by_far_end=True)]


# Alarms.


def test_a_port_without_its_exchange_is_lost_until_it_is_back() -> None:
    bench = Bench(PbxLine("analog", "DAHDI/1", trunk=True), PbxLine("E1", "DAHDI/i2", trunk=True), PHONE)
    for name in bench.heard:
        bench.take(name)
    bench.pbx.event("Alarm", ("DAHDIChannel", "1"), ("Alarm", "Red Alarm"))
    bench.pbx.event("SpanAlarm", ("Span", "2"), ("Alarm", "Yellow Alarm"))
    assert bench.heard == {
        "analog": [LineLost("DAHDI/1: Red Alarm")],
        "E1": [LineLost("DAHDI/i2: Yellow Alarm")],
        "8001": [],
    }
    bench.pbx.event("AlarmClear", ("DAHDIChannel", "1"))
    bench.pbx.event("SpanAlarmClear", ("Span", "2"))
    assert [type(bench.heard[name][-1]) for name in ("analog", "E1")] == [LineReady, LineReady]


def test_alarms_are_asked_for_and_an_old_one_is_not_kept_over_a_reconnect() -> None:
    bench = Bench(PbxLine("analog", "DAHDI/1", trunk=True))
    assert len(bench.manager.actions("DAHDIShowChannels")) == 1
    bench.pbx.event("DAHDIShowChannels", ("DAHDIChannel", "1"), ("Alarm", "Red Alarm"))
    bench.lose()
    bench.connect()
    assert [type(signal) for signal in bench.heard["analog"]] == [LineLost, LineReady]
    assert ready(bench)


# The connection.


def test_signing_in_sends_no_secret() -> None:
    bench = Bench()
    (login,) = bench.manager.actions("Login")
    assert login["Username"] == "huifang"
    assert login["Events"] == "on"
    assert "Secret" not in login
    assert "s3cret" not in repr(bench.manager.seen)
    assert "s3cret" not in repr(AmiSettings("huifang", "s3cret"))


def test_signing_in_with_the_secret_only_if_configured() -> None:
    bench = Bench(settings=AmiSettings("huifang", "s3cret", plain_login=True))
    assert bench.manager.actions("Challenge") == []
    assert bench.manager.actions("Login")[0]["Secret"] == "s3cret"
    assert ready(bench)


def test_a_refused_user_is_said_once() -> None:
    bench = Bench(settings=AmiSettings("huifang", "wrong"), connect=False)
    for _ in range(3):
        bench.connect()
        assert bench.session.failure == "the PBX refused the user huifang: Authentication failed"
        bench.lose("closed")
    assert bench.take() == [LineLost("the PBX refused the user huifang: Authentication failed")]


def test_another_service_on_the_port() -> None:
    bench = Bench(connect=False)
    bench.manager.version = b"HTTP/1.1 400 Bad Request\r\n\r\n"
    bench.connect()
    assert bench.session.failure == "not an Asterisk manager: it says b'HTTP/1.1 400 Bad Request'"
    bench.lose()
    assert bench.take() == [LineLost(bench.session.failure)]


@pytest.mark.parametrize(
    ("deaf", "why"),
    [
        ("Challenge", "does not answer (Challenge)"),
        ("Login", "does not answer (Login)"),
        ("CoreShowChannels", "does not answer (CoreShowChannels)"),
        ("Ping", "does not answer (Ping)"),
    ],
)
def test_a_pbx_that_stops_answering_is_given_up(deaf: str, why: str) -> None:
    bench = Bench(connect=False)
    bench.manager.deaf = {deaf}
    bench.connect()
    bench.wait(26)
    assert bench.session.failure == f"the PBX {why}"
    assert not [line for line in bench.heard.values() if LineLost in map(type, line)]
    bench.lose()
    assert bench.take()[-1] == LineLost(f"the PBX {why}")
    assert bench.session.next_deadline() is None


def test_a_pbx_that_accepts_and_says_nothing() -> None:
    bench = Bench(connect=False)
    bench.manager.version = b""
    bench.connect()
    bench.wait(11)
    assert "says nothing" in bench.session.failure


def test_a_list_that_never_ends() -> None:
    bench = Bench()
    bench.manager.deaf = {"Ping"}
    bench.lose()
    bench.take()
    answer = bench.manager._coreshowchannels
    bench.manager._coreshowchannels = lambda action: answer(action).partition(b"Event: CoreShowChannelsComplete")[0]  # type: ignore[method-assign]
    bench.manager.deaf = set()
    bench.connect()
    bench.wait(31)
    assert bench.session.failure == "the PBX does not finish its list of channels"


def test_a_pbx_that_may_not_list_says_so() -> None:
    bench = Bench(connect=False)
    bench.manager.refused["CoreShowChannels"] = "Permission denied"
    bench.connect()
    assert bench.session.failure == "the PBX lists no channels: Permission denied"


def test_keep_alive() -> None:
    bench = Bench()
    bench.wait(100)
    assert len(bench.manager.actions("Ping")) >= 5
    assert bench.session.failure == ""


# Away and back.


def test_an_idle_line_is_lost_at_once_and_ready_when_the_channels_are_known() -> None:
    bench = Bench()
    bench.lose()
    assert bench.take() == [LOST]
    bench.lose("no route to host")
    assert bench.take() == []
    bench.connect()
    (back,) = bench.heard["8001"]
    assert back == LineReady("Asterisk PJSIP/8001, manager interface 5.0.2")


def test_a_conversation_outlives_a_short_loss() -> None:
    bench = Bench(PHONE, OTHER)
    caller, phone = bench.pbx.call("PJSIP/8001", "10086")
    bench.pbx.answer(caller, phone)
    bench.take("8001")
    bench.lose()
    assert bench.take("8001") == []
    assert bench.take("8002")[-1] == LOST
    bench.wait(30)
    bench.connect()
    assert bench.take("8001") == []
    bench.pbx.end(phone, caller, by=caller)
    assert bench.take("8001") == [HandsetReplaced(), Ended(by_far_end=True)]


def test_a_conversation_that_ended_meanwhile_is_closed_as_unseen() -> None:
    bench = Bench()
    caller, phone = bench.pbx.call("PJSIP/8001", "10086")
    bench.pbx.answer(caller, phone)
    bench.take()
    bench.lose()
    bench.pbx.end(phone, caller, by=caller)
    bench.connect()
    lost, back = bench.take()
    assert lost == LineLost(Said(Saying.PBX_ENDED_UNSEEN))
    assert isinstance(back, LineReady)


def test_a_long_loss_closes_the_call_and_it_is_not_opened_again() -> None:
    bench = Bench()
    caller, phone = bench.pbx.call("PJSIP/8001", "10086")
    bench.pbx.answer(caller, phone)
    bench.take()
    bench.lose()
    bench.wait(61)
    assert bench.take() == [LOST]
    bench.connect()
    assert [type(signal) for signal in bench.heard["8001"]] == [LineReady, HandsetLifted]
    bench.take()
    bench.pbx.end(phone, caller, by=caller)
    assert bench.take() == [HandsetReplaced()]
    bench.wait(120)
    assert bench.take() == []


def test_a_ringing_call_was_answered_meanwhile() -> None:
    bench = Bench()
    caller, phone = bench.pbx.call("PJSIP/8001", "10086")
    bench.take()
    bench.lose()
    bench.pbx.answer(caller, phone)
    bench.connect()
    assert bench.take() == [HandsetLifted(), Answered()]


def test_calls_that_began_meanwhile_are_reported_whole() -> None:
    bench = Bench(PHONE, OTHER, TRUNK)
    for name in bench.heard:
        bench.take(name)
    bench.lose()
    caller, phone = bench.pbx.call("PJSIP/8001", "10086")
    bench.pbx.answer(caller, phone)
    bench.pbx.ring(caller, "PJSIP/8002")
    bench.connect()
    assert bench.take("8001")[2:] == [CallerIdentified("10086"), Rang(), HandsetLifted(), Answered()]
    assert bench.take("8002")[2:] == [CallerIdentified("10086"), Rang()]
    assert bench.take("trunk")[2:] == [CallerIdentified("10086"), Rang(), Answered()]


def test_a_call_that_comes_and_goes_while_the_list_is_under_way_is_not_lost() -> None:
    bench = Bench()
    bench.lose()
    bench.take()
    held: list[bytes] = []
    answer = bench.manager._coreshowchannels
    bench.manager._coreshowchannels = lambda action: held.append(answer(action)) or b""  # type: ignore[method-assign, func-returns-value]
    bench.connect()
    caller, phone = bench.pbx.call("PJSIP/8001", "10086")
    bench.pbx.end(phone, caller, by=caller)
    assert bench.take() == []
    bench.say(held[0])
    assert bench.take() == [CallerIdentified("10086"), Rang(), Ended(by_far_end=True)]


def test_what_was_there_before_the_program_is_in_use_but_who_still_rings_is_a_call() -> None:
    bench = Bench(PHONE, OTHER, TRUNK, connect=False)
    caller, phone = bench.pbx.call("PJSIP/8001", "10086")
    bench.pbx.answer(caller, phone)
    bench.pbx.call("PJSIP/8002", "10010", trunk="PJSIP/unicom")
    earlier = bench.pbx.leg("PJSIP/8002", DOWN, uniqueid="huifang-t0-7")
    earlier.application = "AppDial2"
    bench.connect()
    assert bench.take("8001") == [HandsetLifted()]
    assert bench.take("8002") == [CallerIdentified("10010"), Rang()]
    assert bench.take("trunk") == [HandsetLifted()]


def test_a_dialled_call_outlives_a_short_loss() -> None:
    bench = Bench()
    phone = dialling(bench)
    bench.lose()
    bench.pbx.state(phone, UP)
    far = bench.pbx.dial_out(phone, "13800138000")
    bench.pbx.answer(phone, far)
    bench.connect()
    assert bench.take() == [HandsetLifted(), Answered()]
    bench.wait(100)
    bench.pbx.end(far, phone, by=far)
    assert bench.take() == [HandsetReplaced(), Ended(by_far_end=True)]


def test_a_lost_hangup_is_found_by_the_list() -> None:
    bench = Bench()
    caller, phone = bench.pbx.call("PJSIP/8001", "10086")
    bench.pbx.answer(caller, phone)
    bench.take()
    bench.pbx.legs.clear()
    bench.wait(61)
    assert bench.take()[0] == LineLost(Said(Saying.PBX_ENDED_UNSEEN))
    bench.pbx.call("PJSIP/8001", "10010")
    assert bench.take() == [CallerIdentified("10010"), Rang()]


def test_the_pbx_has_booted_and_lists_again() -> None:
    bench = Bench()
    before = len(bench.manager.actions("CoreShowChannels"))
    bench.pbx.event("FullyBooted", ("Status", "Fully Booted"))
    assert len(bench.manager.actions("CoreShowChannels")) == before + 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("main/PJSIP/8001", PbxPort("main", "PJSIP/8001", 1)),
        ("b-2/DAHDI/i1#30", PbxPort("b-2", "DAHDI/i1", 30)),
        ("main/SIP/telecom-1#2", PbxPort("main", "SIP/telecom-1", 2)),
    ],
)
def test_ports(text: str, expected: PbxPort) -> None:
    assert parse_port(text) == expected


@pytest.mark.parametrize(
    "text", ["", "PJSIP/8001", "m/PJSIP/", "m/PJSIP/1&PJSIP/2", "m/PJSIP/1#0", "m/A/a b", "//A/8", "m/A/1\n", "院/A/1"]
)
def test_what_is_no_port(text: str) -> None:
    with pytest.raises(ValueError, match="main/PJSIP/8001"):
        parse_port(text)


def test_a_context_is_a_plain_name() -> None:
    with pytest.raises(ValueError, match="dialplan context"):
        AmiSettings("u", "s", context="a\r\nb")
