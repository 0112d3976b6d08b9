"""What somebody does while the PBX is still busy with what was asked of it before: nobody is left alone on the line."""

from __future__ import annotations

import pytest

from protocols.ami.control import ControlWish
from protocols.sayings import Said, Saying
from protocols.signals import CommandFailed, Ended, HandsetReplaced, Transferred
from tests.peers.pbx import UP
from tests.peers.pbx_places import settle
from tests.protocols.ami.test_control import BACK, CALLING, HELD, OVER, THIRD, Story, talking

ASKED_FOR = Said(Saying.CONSULTING_ALREADY)


def test_two_consultations_at_once_ring_one_colleague() -> None:
    story = talking()
    story.bench.manager.slow = {"Getvar", "Redirect"}
    story.bench.control(ControlWish.CONSULT, THIRD)
    story.bench.control(ControlWish.CONSULT, "8006")
    story.bench.manager.catch_up()
    assert [one["Channel"] for one in story.asked("Originate")] == [f"Local/{THIRD}@from-internal/n"]
    assert story.take() == [CALLING, CommandFailed("consult", ASKED_FOR)]


def test_a_transfer_that_is_under_way_is_not_called_back() -> None:
    story = talking()
    story.bench.manager.slow = {"Redirect"}
    story.bench.control(ControlWish.TRANSFER, THIRD)
    for wish in (ControlWish.HOLD, ControlWish.CONSULT, ControlWish.TRANSFER, ControlWish.RESUME):
        story.bench.control(wish, "8006")
    story.bench.manager.catch_up()
    assert story.bench.pbx.sent_to == [(story.caller.name, THIRD)]
    assert story.bench.pbx.legs == [story.caller]
    assert not story.asked("Originate")


def test_a_transfer_and_a_consultation_at_once_ring_nobody_who_would_wait_in_vain() -> None:
    story = talking()
    story.bench.manager.slow = {"Getvar", "Redirect"}
    story.bench.control(ControlWish.CONSULT, "8006")
    story.bench.control(ControlWish.TRANSFER, THIRD)
    story.bench.manager.catch_up()
    assert story.bench.pbx.sent_to in ([], [(story.caller.name, THIRD)])
    assert bool(story.asked("Originate")) is not bool(story.bench.pbx.sent_to)


@pytest.mark.parametrize("refused", [False, True])
def test_the_handset_is_put_down_in_the_moment_of_the_answer(refused: bool) -> None:
    story = talking()
    third, action = story.consult()
    story.bench.manager.slow = {"Bridge"}
    story.bench.pbx.third_answers(third, action)
    story.take()
    if refused:
        story.bench.pbx.hang_up(story.phone, by_device=True)
        story.bench.manager.catch_up()
    else:
        # Joined, but the events of it come after the end.
        story.bench.pbx.hang_up(story.phone, by_device=True)
        story.bench.manager.late.pop(0)
        story.bench.manager.catch_up()
    assert Transferred(THIRD, attended=True) in story.take()
    assert story.caller.bridge == third.bridge != ""


def test_the_handset_is_put_down_while_the_call_is_handed_over_and_the_next_call_is_nobody_elses() -> None:
    story = talking()
    third = story.consulting()
    story.take()
    story.bench.manager.slow = {"Bridge"}
    story.bench.control(ControlWish.COMPLETE)
    story.bench.pbx.hang_up(story.phone, by_device=True)
    story.bench.manager.catch_up()
    assert Transferred(THIRD, attended=True) in story.take()
    assert story.caller.bridge == third.bridge != ""
    caller, phone = story.bench.pbx.call("PJSIP/8001", "13900139000")
    story.bench.pbx.answer(caller, phone)
    story.take()
    story.bench.pbx.end(phone, caller, by=caller)
    assert story.take() == [HandsetReplaced(), Ended(by_far_end=True)]


def test_a_refused_transfer_of_a_held_caller_whose_agent_has_gone_leaves_no_caller_with_the_music() -> None:
    story = talking()
    story.bench.control(ControlWish.HOLD)
    story.take()
    story.bench.manager.slow = {"Redirect"}
    story.bench.control(ControlWish.TRANSFER, THIRD)
    story.bench.pbx.hang_up(story.phone, by_device=True)
    story.bench.manager.refused["Redirect"] = "Redirect failed"
    story.bench.manager.catch_up()
    assert not story.bench.pbx.legs


def test_who_thinks_better_of_it_while_handing_over_is_too_late() -> None:
    story = talking()
    third = story.consulting()
    story.take()
    story.bench.manager.slow = {"Bridge"}
    story.bench.control(ControlWish.COMPLETE)
    story.bench.control(ControlWish.RESUME)
    assert story.take() == [CommandFailed("resume", Said(Saying.NO_CALL))]
    story.bench.manager.catch_up()
    assert story.take() == [Transferred(THIRD, attended=True), *OVER]
    assert story.caller.bridge == third.bridge != ""


def test_a_third_whose_telephone_is_up_before_the_pbx_says_so_is_consulted_once() -> None:
    story = talking()
    third, action = story.consult()
    story.bench.lose()
    story.bench.pbx.state(third, UP)
    settle(story.bench.pbx, third, "third")
    story.bench.connect()
    story.bench.pbx.originate_response(action, "Success", "4")
    assert len(story.asked("Bridge")) == 1


@pytest.mark.parametrize("wish", [ControlWish.TRANSFER, ControlWish.CONSULT])
@pytest.mark.parametrize(("number", "dialled"), [("8002", "8002"), ("13900139000", "913900139000")])
def test_a_colleagues_telephone_takes_no_outside_line(wish: ControlWish, number: str, dialled: str) -> None:
    story = talking(prefix="9")
    story.bench.control(wish, number)
    assert story.asked("Getvar") == [{"Variable": f"DIALPLAN_EXISTS(from-internal,{dialled},1)"}]


def unanswered(story: Story, action: str, *, done: bool) -> None:
    """The connection breaks before the PBX has answered what it was asked for, and perhaps did."""
    manager = story.bench.manager
    story.bench.online = False
    if done:
        manager.catch_up()
    manager.slow.clear()
    manager.late.clear()
    story.bench.lose()
    story.bench.wait(5)
    assert manager.actions(action)
    story.bench.connect()


@pytest.mark.parametrize("held", [False, True])
def test_a_transfer_that_was_never_made_because_the_connection_broke(held: bool) -> None:
    story = talking()
    if held:
        story.bench.control(ControlWish.HOLD)
    story.bench.manager.slow = {"Redirect"}
    story.bench.control(ControlWish.TRANSFER, THIRD)
    unanswered(story, "Redirect", done=False)
    story.take()
    story.bench.control(ControlWish.RESUME if held else ControlWish.HOLD)
    assert story.take() == [BACK if held else HELD]
    story.bench.hang_up()
    assert story.take() == OVER
    assert not story.bench.pbx.legs


def test_a_transfer_that_was_made_while_the_connection_broke_lets_the_telephone_go() -> None:
    story = talking()
    story.bench.control(ControlWish.HOLD)
    story.take()
    story.bench.manager.slow = {"Redirect"}
    story.bench.control(ControlWish.TRANSFER, THIRD)
    unanswered(story, "Redirect", done=True)
    assert story.take() == [Transferred(THIRD, attended=False), *OVER]
    assert story.bench.pbx.legs == [story.caller]


@pytest.mark.parametrize("done", [False, True])
def test_a_hand_over_while_the_connection_breaks_is_made_or_not(done: bool) -> None:
    story = talking()
    third = story.consulting()
    story.take()
    story.bench.manager.slow = {"Bridge"}
    story.bench.control(ControlWish.COMPLETE)
    unanswered(story, "Bridge", done=done)
    if not done:
        story.bench.control(ControlWish.COMPLETE)
    assert story.take() == [Transferred(THIRD, attended=True), *OVER]
    assert story.caller.bridge == third.bridge != ""


def test_a_consultation_that_a_broken_connection_swallowed_can_be_asked_for_again() -> None:
    story = talking()
    story.bench.manager.slow = {"Redirect"}
    story.bench.control(ControlWish.CONSULT, THIRD)
    unanswered(story, "Redirect", done=False)
    assert story.take() == []
    story.bench.control(ControlWish.CONSULT, THIRD)
    assert story.take() == [CALLING]


def test_a_held_call_given_up_for_a_long_silence_of_the_pbx_still_ends_with_the_handset() -> None:
    story = talking()
    story.bench.control(ControlWish.HOLD)
    story.bench.lose()
    story.bench.wait(600)
    story.bench.connect()
    story.take()
    story.bench.pbx.hang_up(story.phone, by_device=True)
    assert story.take() == [HandsetReplaced()]
    assert not story.bench.pbx.legs
