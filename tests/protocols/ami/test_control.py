"""Hold, transfer, consultation, conference and listening on a telephone, by the actions and what they bring about."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from protocols.ami.codec import encode
from protocols.ami.control import ControlWish
from protocols.ami.listening import ListenMode
from protocols.ami.settings import AmiSettings, PbxLine
from protocols.sayings import Said, Saying
from protocols.signals import (
    Answered,
    CallerIdentified,
    CommandFailed,
    Ended,
    HandsetLifted,
    HandsetReplaced,
    LineSignal,
    ListenerChanged,
    Parties,
    PartiesChanged,
    Rang,
    Transferred,
)
from tests.peers.pbx import UP, Leg
from tests.protocols.ami.bench import OTHER, PHONE, Bench

CONTROLLED = AmiSettings("huifang", "s3cret", control="huifang-control")
THIRD = "8005"


@dataclass
class Story:
    """A caller who talks on the telephone 8001, and what the agent does then."""

    bench: Bench
    caller: Leg
    phone: Leg

    def asked(self, action: str) -> list[dict[str, str]]:
        found = self.bench.manager.actions(action)
        return [{key: value for key, value in one.items() if key not in ("Action", "ActionID")} for one in found]

    def take(self) -> list[LineSignal]:
        return self.bench.take("8001")

    def consult(self) -> tuple[Leg, dict[str, str]]:
        """Somebody else rings."""
        self.bench.control(ControlWish.CONSULT, THIRD)
        action = self.bench.manager.actions("Originate")[-1]
        return self.bench.pbx.third(action), action

    def consulting(self) -> Leg:
        """Somebody else has answered."""
        third, action = self.consult()
        self.bench.pbx.third_answers(third, action)
        return third


def talking(*, settings: AmiSettings = CONTROLLED, prefix: str = "") -> Story:
    bench = Bench(replace(PHONE, dial_prefix=prefix), OTHER, settings=settings)
    caller, phone = bench.pbx.call("PJSIP/8001", "13800138000")
    bench.pbx.answer(caller, phone)
    assert bench.take("8001")[-1] == Answered()
    return Story(bench, caller, phone)


HELD, BACK = PartiesChanged(Parties.HELD), PartiesChanged(Parties.TALKING)
CALLING, CONSULTING = PartiesChanged(Parties.CALLING, THIRD), PartiesChanged(Parties.CONSULTING, THIRD)
CONFERENCE = PartiesChanged(Parties.CONFERENCE, THIRD)
OVER = [HandsetReplaced(), Ended(by_far_end=False)]


def test_a_held_caller_hears_music_and_comes_back() -> None:
    story = talking()
    story.bench.control(ControlWish.HOLD)
    assert story.take() == [HELD]
    assert story.asked("Redirect") == [
        {
            "Channel": story.caller.name, "Context": "huifang-control", "Exten": "hold", "Priority": "1",
            "ExtraChannel": story.phone.name, "ExtraContext": "huifang-control", "ExtraExten": "wait",
            "ExtraPriority": "1",
        }
    ]  # fmt: skip
    story.bench.control(ControlWish.HOLD)
    story.bench.control(ControlWish.RESUME)
    assert story.take() == [BACK]
    assert story.asked("Bridge") == [{"Channel1": story.phone.name, "Channel2": story.caller.name, "Tone": "no"}]
    story.bench.hang_up()
    assert story.take() == OVER
    assert not story.bench.pbx.legs


def test_the_caller_hangs_up_while_on_hold() -> None:
    story = talking()
    story.bench.control(ControlWish.HOLD)
    story.take()
    story.bench.pbx.hang_up(story.caller, by_device=True)
    assert story.take() == [HandsetReplaced(), Ended(by_far_end=True)]
    assert not story.bench.pbx.legs


@pytest.mark.parametrize("held", [False, True])
def test_no_caller_is_left_with_the_music_when_the_handset_is_put_down(held: bool) -> None:
    story = talking()
    story.bench.control(ControlWish.HOLD)
    if not held:
        story.bench.control(ControlWish.RESUME)
    story.take()
    story.bench.pbx.hang_up(story.phone, by_device=True)
    assert story.take() == OVER
    assert not story.bench.pbx.legs


@pytest.mark.parametrize("held", [False, True])
def test_a_caller_is_given_away_without_asking(held: bool) -> None:
    story = talking()
    if held:
        story.bench.control(ControlWish.HOLD)
        story.take()
    story.bench.control(ControlWish.TRANSFER, THIRD)
    assert story.asked("Getvar") == [{"Variable": f"DIALPLAN_EXISTS(from-internal,{THIRD},1)"}]
    assert story.bench.pbx.sent_to == [(story.caller.name, THIRD)]
    assert story.take() == [Transferred(THIRD, attended=False), *OVER]
    assert [leg.name for leg in story.bench.pbx.legs] == [story.caller.name]


def test_a_caller_is_not_sent_to_a_number_that_is_not_there() -> None:
    story = talking()
    story.bench.pbx.unknown_numbers.add(THIRD)
    for wish in (ControlWish.TRANSFER, ControlWish.CONSULT):
        story.bench.control(wish, THIRD)
        assert story.take() == [CommandFailed(wish.value, Said(Saying.NOT_IN_DIALPLAN, number=THIRD))]
    assert not story.asked("Redirect")


def test_a_transfer_that_the_pbx_refuses_leaves_the_call_as_it_is() -> None:
    story = talking()
    story.bench.manager.refused["Redirect"] = "Permission denied"
    story.bench.control(ControlWish.TRANSFER, THIRD)
    assert story.take() == [CommandFailed("transfer", Said(Saying.PBX_REFUSES, why="Permission denied"))]
    story.bench.manager.refused.clear()
    story.bench.control(ControlWish.HOLD)
    assert story.take() == [HELD]


def test_a_colleague_is_consulted_and_takes_the_caller() -> None:
    story = talking()
    third, action = story.consult()
    assert story.take() == [CALLING]
    asked = {key: value for key, value in action.items() if key not in ("Action", "ActionID")}
    assert asked == {
        "Channel": f"Local/{THIRD}@from-internal/n", "ChannelId": "huifang-t1-c1", "CallerID": "<8001>",
        "Context": "huifang-control", "Exten": "third", "Priority": "1", "Timeout": "30000", "Async": "true",
    }  # fmt: skip
    story.bench.pbx.third_answers(third, action)
    assert story.take() == [CONSULTING]
    story.bench.control(ControlWish.COMPLETE)
    assert story.take() == [Transferred(THIRD, attended=True), *OVER]
    assert {leg.bridge for leg in (story.caller, third)} == {story.caller.bridge} != {""}
    assert story.phone not in story.bench.pbx.legs
    # When they have spoken, nothing of it is left.
    story.bench.pbx.hang_up(story.caller, by_device=True)
    story.bench.wait(1)
    assert story.take() == []
    assert not story.bench.pbx.legs


@pytest.mark.parametrize(
    ("reason", "saying"),
    [("3", Saying.THIRD_SILENT), ("5", Saying.THIRD_BUSY), ("0", Saying.THIRD_UNREACHABLE)],
)
def test_nobody_answers_there_and_the_caller_is_taken_back(reason: str, saying: Saying) -> None:
    story = talking()
    third, action = story.consult()
    story.take()
    story.bench.pbx.third_refuses(third, action, reason)
    assert story.take() == [CommandFailed("consult", Said(saying, number=THIRD)), HELD]
    story.bench.control(ControlWish.RESUME)
    assert story.take() == [BACK]


def test_the_caller_is_taken_back_while_the_colleague_rings() -> None:
    story = talking()
    third, _ = story.consult()
    story.take()
    story.bench.control(ControlWish.RESUME)
    assert story.take() == [BACK]
    assert third not in story.bench.pbx.legs


def test_the_caller_is_taken_back_before_the_colleague_even_rings() -> None:
    story = talking()
    story.bench.control(ControlWish.CONSULT, THIRD)
    action = story.bench.manager.actions("Originate")[-1]
    story.bench.control(ControlWish.RESUME)
    third = story.bench.pbx.third(action)
    assert third not in story.bench.pbx.legs
    assert story.take() == [CALLING, BACK]


def test_the_colleague_hangs_up_and_the_caller_still_waits() -> None:
    story = talking()
    third = story.consulting()
    story.take()
    story.bench.pbx.hang_up(third)
    assert story.take() == [HELD]
    story.bench.control(ControlWish.RESUME)
    assert story.take() == [BACK]


def test_the_caller_hangs_up_while_a_colleague_is_consulted() -> None:
    story = talking()
    story.consulting()
    story.take()
    story.bench.pbx.hang_up(story.caller, by_device=True)
    assert story.take() == [HandsetReplaced(), Ended(by_far_end=True)]
    assert not story.bench.pbx.legs


def test_putting_down_the_handset_gives_the_caller_to_whom_one_consults() -> None:
    story = talking()
    third = story.consulting()
    story.take()
    story.bench.pbx.hang_up(story.phone, by_device=True)
    assert Transferred(THIRD, attended=True) in story.take()
    assert story.caller.bridge == third.bridge != ""


def test_putting_down_the_handset_while_it_rings_there_waits_for_the_answer() -> None:
    story = talking()
    third, action = story.consult()
    story.take()
    story.bench.pbx.hang_up(story.phone, by_device=True)
    assert Transferred(THIRD, attended=False) in story.take()
    story.bench.pbx.third_answers(third, action)
    assert story.caller.bridge == third.bridge != ""


def test_putting_down_the_handset_while_it_rings_there_in_vain_ends_the_call() -> None:
    story = talking()
    third, action = story.consult()
    story.bench.pbx.hang_up(story.phone, by_device=True)
    story.bench.pbx.third_refuses(third, action)
    assert not story.bench.pbx.legs


def test_hanging_up_by_wish_ends_the_call_for_everybody() -> None:
    story = talking()
    story.consulting()
    story.take()
    story.bench.hang_up()
    assert story.take() == OVER
    assert not story.bench.pbx.legs


def test_all_three_speak_and_the_agent_leaves_the_others_together() -> None:
    story = talking()
    third = story.consulting()
    story.take()
    story.bench.control(ControlWish.CONFERENCE)
    assert story.take() == [CONFERENCE]
    rooms = {leg.place for leg in (story.caller, story.phone, third)}
    assert len(rooms) == 1
    story.bench.control(ControlWish.COMPLETE)
    assert Transferred(THIRD, attended=True) in story.take()
    assert story.caller.bridge == third.bridge != ""
    # A PBX moves nobody out of a conference, and nobody is left in it alone.
    story.bench.pbx.hang_up(third)
    assert not story.bench.pbx.legs


def test_the_handset_is_put_down_in_a_conference_and_nobody_stays_alone() -> None:
    story = talking()
    third = story.consulting()
    story.bench.control(ControlWish.CONFERENCE)
    story.bench.pbx.hang_up(story.phone, by_device=True)
    assert Transferred(THIRD, attended=True) in story.take()
    story.bench.pbx.hang_up(third)
    assert not story.bench.pbx.legs


def test_the_third_leaves_a_conference() -> None:
    story = talking()
    third = story.consulting()
    story.bench.control(ControlWish.CONFERENCE)
    story.take()
    story.bench.pbx.hang_up(third)
    assert story.take() == [BACK]
    story.bench.control(ControlWish.HOLD)
    assert story.take() == [HELD]


def test_a_connection_lost_while_a_colleague_rings_loses_nobody() -> None:
    story = talking()
    third, action = story.consult()
    story.take()
    story.bench.lose()
    story.bench.pbx.third_answers(third, action)
    story.bench.wait(5)
    story.bench.connect()
    assert story.take() == [CONSULTING]
    story.bench.control(ControlWish.COMPLETE)
    assert Transferred(THIRD, attended=True) in story.take()


def test_a_third_who_gave_up_unseen_is_found_missing() -> None:
    story = talking()
    third, action = story.consult()
    story.take()
    story.bench.lose()
    story.bench.pbx.third_refuses(third, action)
    story.bench.connect()
    assert story.take() == [CommandFailed("consult", Said(Saying.THIRD_UNREACHABLE, number=THIRD)), HELD]


def test_a_held_caller_who_hung_up_unseen_ends_the_call() -> None:
    story = talking()
    story.bench.control(ControlWish.HOLD)
    story.take()
    story.bench.lose()
    story.bench.pbx.hang_up(story.caller, by_device=True)
    story.bench.connect()
    assert story.take() == [HandsetReplaced(), Ended(by_far_end=True)]


@pytest.mark.parametrize("wish", list(ControlWish))
def test_without_a_call_there_is_nothing_to_control(wish: ControlWish) -> None:
    bench = Bench(PHONE, OTHER, settings=CONTROLLED)
    bench.control(wish, THIRD)
    assert bench.take("8001") == [CommandFailed(wish.value, Said(Saying.NO_CALL))]


@pytest.mark.parametrize("wish", [ControlWish.COMPLETE, ControlWish.CONFERENCE])
def test_nothing_is_completed_before_somebody_answers(wish: ControlWish) -> None:
    story = talking()
    story.consult()
    story.take()
    story.bench.control(wish)
    assert story.take() == [CommandFailed(wish.value, Said(Saying.NOBODY_CONSULTED))]
    story.bench.control(ControlWish.CONSULT, "8006")
    assert story.take() == [CommandFailed("consult", Said(Saying.CONSULTING_ALREADY))]


@pytest.mark.parametrize("number", ["8005\r\nAction: Hangup", "8005,1", "", "x" * 50, "8005&8006", "${EXTEN}", "8005)"])
@pytest.mark.parametrize("wish", [ControlWish.TRANSFER, ControlWish.CONSULT])
def test_no_number_carries_more_than_digits(wish: ControlWish, number: str) -> None:
    story = talking()
    sent = len(story.bench.manager.seen)
    with pytest.raises(ValueError, match="cannot dial"):
        story.bench.control(wish, number)
    assert len(story.bench.manager.seen) == sent


@pytest.mark.parametrize(
    ("action", "field"),
    [
        ("Originate", ("Application", "System")),
        ("Originate", ("Data", "PJSIP/8001-1,qESw,rm")),
        ("Originate", ("Data", "PJSIP/8001-1,d")),
        ("Originate", ("Variable", "DIALPLAN_EXISTS(a,1,1)")),
        ("Getvar", ("Variable", "SHELL(ls)")),
        ("Getvar", ("Variable", "DIALPLAN_EXISTS(a,1,1)${SHELL(ls)}")),
        ("Redirect", ("Exten", "meet1\r\nA: b")),
        ("Originate", ("CallerID", '"x" <1>')),
    ],
)
def test_the_codec_lets_nothing_else_through(action: str, field: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match=r"not allowed|may not"):
        encode(action, field)


@pytest.mark.parametrize(
    ("mode", "options"), [(ListenMode.LISTEN, "qES"), (ListenMode.WHISPER, "qESw"), (ListenMode.BARGE, "qESB")]
)
def test_a_supervisors_telephone_hears_the_call(mode: ListenMode, options: str) -> None:
    story = talking()
    story.bench.listen(mode)
    (asked,) = story.asked("Originate")
    assert asked == {
        "Channel": "PJSIP/8002", "ChannelId": "huifang-t1-s1", "CallerID": "<8001>", "Application": "ChanSpy",
        "Data": f"{story.phone.name},{options}", "Timeout": "30000", "Async": "true",
    }  # fmt: skip
    ear = lifted(story)
    assert story.take() == [ListenerChanged("7", on=True)]
    assert story.bench.take("8002") == [HandsetLifted()]
    story.bench.stop_listening()
    assert story.take() == [ListenerChanged("7", on=False)]
    assert ear not in story.bench.pbx.legs
    assert story.bench.take("8002") == [HandsetReplaced()]


def lifted(story: Story) -> Leg:
    action = story.bench.manager.actions("Originate")[-1]
    ear = story.bench.pbx.leg("PJSIP/8002", 5, uniqueid=action["ChannelId"])
    story.bench.pbx.state(ear, UP)
    story.bench.pbx.originate_response(action, "Success", "4")
    return ear


def test_listening_ends_with_the_call() -> None:
    story = talking()
    story.bench.listen()
    ear = lifted(story)
    story.take()
    story.bench.pbx.end(story.phone, story.caller, by=story.caller)
    assert ListenerChanged("7", on=False) in story.take()
    assert ear not in story.bench.pbx.legs


def test_a_supervisor_who_does_not_lift_the_telephone_does_not_listen() -> None:
    story = talking()
    story.bench.listen()
    action = story.bench.manager.actions("Originate")[-1]
    ear = story.bench.pbx.leg("PJSIP/8002", 5, uniqueid=action["ChannelId"])
    story.bench.pbx.hang_up(ear)
    story.bench.pbx.originate_response(action, "Failure", "3")
    (said,) = story.take()
    assert isinstance(said, ListenerChanged)
    assert (said.on, said.why) == (False, Said(Saying.PHONE_NOT_PICKED_UP, phone="PJSIP/8002"))


def test_listening_is_given_up_while_the_telephone_rings() -> None:
    story = talking()
    story.bench.listen()
    story.bench.stop_listening()
    assert story.take() == [ListenerChanged("7", on=False)]
    action = story.bench.manager.actions("Originate")[-1]
    ear = story.bench.pbx.leg("PJSIP/8002", 5, uniqueid=action["ChannelId"])
    assert ear not in story.bench.pbx.legs


def test_a_telephone_in_use_cannot_listen() -> None:
    story = talking()
    story.bench.pbx.call("PJSIP/8002", "13900139000")
    story.bench.listen()
    assert story.take() == [ListenerChanged("7", on=False, why=Said(Saying.PHONE_IN_USE))]


def test_a_listener_is_found_again_after_the_connection_was_lost() -> None:
    story = talking()
    story.bench.listen()
    ear = lifted(story)
    story.take()
    story.bench.lose()
    story.bench.connect()
    assert story.take() == []
    story.bench.lose()
    story.bench.pbx.hang_up(ear)
    story.bench.connect()
    assert story.take() == [ListenerChanged("7", on=False)]


def test_a_listener_who_is_to_stop_while_the_connection_is_away_is_cut_off_when_it_is_back() -> None:
    story = talking()
    story.bench.listen()
    ear = lifted(story)
    story.take()
    story.bench.lose()
    story.bench.stop_listening()
    assert ear in story.bench.pbx.legs
    assert story.take() == [], "the telephone hears on"
    story.bench.connect()
    assert story.take() == [ListenerChanged("7", on=False)]
    assert ear not in story.bench.pbx.legs


def test_a_telephone_that_was_to_ring_for_a_listener_while_the_connection_went_does_not_hear() -> None:
    story = talking()
    story.bench.listen()
    action = story.bench.manager.actions("Originate")[-1]
    story.bench.lose()
    story.bench.stop_listening()
    ear = story.bench.pbx.leg("PJSIP/8002", 5, uniqueid=action["ChannelId"])
    story.bench.connect()
    assert story.take() == [ListenerChanged("7", on=False)]
    assert ear not in story.bench.pbx.legs


def test_the_colleague_is_let_go_when_the_caller_is_back_and_not_before() -> None:
    """Whoever falls out of a bridge in that moment can be joined with nobody."""
    story = talking()
    third = story.consulting()
    story.bench.manager.slow.add("Bridge")
    story.bench.control(ControlWish.RESUME)
    assert third in story.bench.pbx.legs
    story.bench.control(ControlWish.COMPLETE)
    assert story.take()[-1] == CommandFailed("complete", Said(Saying.NOBODY_CONSULTED))
    story.bench.manager.catch_up()
    assert third not in story.bench.pbx.legs
    assert story.take() == [BACK]


def given_back(story: Story) -> None:
    story.bench.do(story.bench.session.give_back("8001", story.bench.now))


def test_whoever_is_on_hold_is_given_back_before_nobody_is_there_to_do_it() -> None:
    story = talking()
    given_back(story)
    assert not story.asked("Bridge"), "nobody waits"
    story.bench.control(ControlWish.HOLD)
    assert story.bench.session.waits("8001")
    given_back(story)
    assert not story.bench.session.waits("8001")
    assert story.take() == [HELD, BACK]
    assert story.caller.bridge == story.phone.bridge != ""


def test_whoever_waits_while_a_colleague_is_consulted_is_given_back_and_the_colleague_let_go() -> None:
    story = talking()
    third = story.consulting()
    given_back(story)
    assert not story.bench.session.waits("8001")
    assert third not in story.bench.pbx.legs
    assert story.caller.bridge == story.phone.bridge != ""


def test_nobody_is_called_and_put_on_hold_any_more_in_the_end() -> None:
    story = talking()
    story.bench.manager.slow.add("Getvar")
    story.bench.control(ControlWish.CONSULT, THIRD)
    given_back(story)
    story.bench.manager.catch_up()
    assert not story.asked("Redirect")
    story.bench.manager.slow.add("Redirect")
    story.bench.control(ControlWish.CONSULT, THIRD)
    given_back(story)
    story.bench.manager.catch_up()
    assert not story.asked("Originate")
    assert not story.bench.session.waits("8001")


def test_a_hold_that_the_pbx_has_not_made_yet_is_taken_back_all_the_same() -> None:
    story = talking()
    story.bench.manager.slow |= {"Redirect", "Bridge"}
    story.bench.control(ControlWish.HOLD)
    given_back(story)
    assert story.bench.session.waits("8001")
    story.bench.manager.catch_up()
    assert not story.bench.session.waits("8001")
    assert story.caller.bridge == story.phone.bridge != ""


def test_whoever_waits_for_a_colleague_who_rings_still_goes_there_by_the_dialplan() -> None:
    story = talking()
    third, _ = story.consult()
    story.bench.pbx.hang_up(story.phone, by_device=True)
    assert story.caller in story.bench.pbx.legs
    story.bench.do(story.bench.session.end(story.bench.now))
    assert story.bench.session.quiet
    assert story.bench.pbx.sent_to == [(story.caller.name, THIRD)]
    assert third not in story.bench.pbx.legs


def test_nobody_listens_when_nobody_sees_it_any_more() -> None:
    story = talking()
    story.bench.listen()
    ear = lifted(story)
    story.bench.do(story.bench.session.end(story.bench.now))
    assert ear not in story.bench.pbx.legs


def test_a_transferred_call_rings_at_the_other_telephone_as_its_own() -> None:
    story = talking()
    third, _ = story.consult()
    story.bench.pbx.ring(third, "PJSIP/8002")
    rung = [type(signal) for signal in story.bench.take("8002")]
    assert rung[:2] == [CallerIdentified, Rang]


def test_the_extension_is_the_endpoints_number() -> None:
    assert (PHONE.extension, PbxLine("t", "PJSIP/telecom").extension, PbxLine("d", "DAHDI/i1").extension) == (
        "8001", "", "",
    )  # fmt: skip
