from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.telephony.effects import (
    CallClosed,
    CallerLearned,
    CallOpened,
    CallTaken,
    CallTransferred,
    DialRequest,
    Direction,
    Effect,
    EndReason,
    LineMoved,
    LineNoted,
    LineStateName,
    NumbersBack,
    NumbersMissing,
    PartiesMoved,
    RecordingFailed,
    RingsCounted,
    ServiceChanged,
    Third,
    WaitingCallerSeen,
)
from callcenter.telephony.line_model import (
    ASKED_FOR,
    Claimed,
    DeclaredOver,
    Dial,
    Line,
    News,
    SetService,
    ThirdAsked,
    ThirdNotAsked,
)
from callcenter.telephony.line_state import step
from protocols.sayings import Said, Saying
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
    FarEndRinging,
    HandsetDialled,
    HandsetLifted,
    HandsetReplaced,
    LineLost,
    LineReady,
    ListenerChanged,
    NumberlessCalls,
    Parties,
    PartiesChanged,
    Rang,
    RingingStopped,
    TakenElsewhere,
    Transferred,
)

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
READY = LineReady("modem")
FIRST = CallerIdentified("13800138000")
SECOND = CallerIdentified("13900139000")
REQUEST = DialRequest("+8613800138000", agent_id=7)


class Played:
    """A line after some news, one second apart, with the effects of them all."""

    def __init__(self, *news: News, ready: bool = True) -> None:
        self.line = Line()
        self.effects: list[Effect] = []
        self.at = START
        for one in (READY, *news) if ready else news:
            self.hear(one)

    def hear(self, news: News) -> Played:
        self.at += timedelta(seconds=1)
        self.line, effects = step(self.line, news, self.at)
        self.effects += effects
        return self

    def of(self, kind: type[Effect]) -> list:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def reasons(self) -> list[EndReason]:
        return [effect.reason for effect in self.of(CallClosed)]


def test_a_line_is_lost_until_its_device_is_ready() -> None:
    played = Played(ready=False)
    assert played.line.state is LineStateName.LOST
    played.hear(READY)
    assert played.line.state is LineStateName.IDLE
    assert played.of(LineMoved) == [LineMoved(played.at, LineStateName.IDLE, False, "")]


@pytest.mark.parametrize("order", [(Rang(), FIRST), (FIRST, Rang()), (Rang(), FIRST, FIRST, Rang())])
def test_ring_and_caller_id_in_any_order_are_one_call(order: tuple[News, ...]) -> None:
    played = Played(*order)
    assert len(played.of(CallOpened)) == 1
    assert played.line.call is not None
    assert played.line.call.caller.number == "13800138000"
    assert played.line.state is LineStateName.RINGING


def test_caller_id_after_the_ring_is_learned_once() -> None:
    played = Played(Rang(), FIRST, FIRST)
    assert [effect.caller.number for effect in played.of(CallerLearned)] == ["13800138000"]


def test_a_name_that_comes_later_is_added() -> None:
    played = Played(Rang(), FIRST, CallerIdentified("13800138000", "ZHANG SAN"))
    assert played.of(CallerLearned)[-1].caller.name == "ZHANG SAN"


def test_a_withheld_number_is_replaced_by_the_number_and_not_the_other_way_round() -> None:
    withheld = CallerIdentified("", absent=AbsentReason.PRIVATE)
    played = Played(Rang(), withheld, FIRST, withheld)
    assert [(e.caller.number, e.caller.absent) for e in played.of(CallerLearned)] == [
        ("", "private"),
        ("13800138000", ""),
    ]


def test_a_verified_number_replaces_a_damaged_one_and_not_the_other_way_round() -> None:
    damaged = CallerIdentified("13800138999", verified=False)
    played = Played(Rang(), damaged, FIRST, damaged)
    assert [e.caller.number for e in played.of(CallerLearned)] == ["13800138999", "13800138000"]
    assert played.reasons() == []


def test_a_longer_reading_of_the_same_number_completes_it() -> None:
    played = Played(CallerIdentified("1380013"), FIRST, CallerIdentified("138001380"))
    assert played.line.call is not None
    assert played.line.call.caller.number == "13800138000"
    assert len(played.of(CallOpened)) == 1


def rung(*seconds: float, between: tuple[News, ...] = ()) -> list[int]:
    """What is told of rings that come at these moments; ``between`` comes half a second after the first."""
    played = Played()
    heard: list[tuple[float, News]] = [(second, Rang()) for second in seconds]
    heard[1:1] = [(seconds[0] + 0.5, one) for one in between]
    for second, one in heard:
        played.line, effects = step(played.line, one, START + timedelta(seconds=second))
        played.effects += effects
    assert played.line.call is not None
    assert played.line.call.rings == len(seconds)
    return [effect.rings for effect in played.of(RingsCounted)]


def test_every_ring_of_a_telephone_is_told_of() -> None:
    assert rung(10, 15, 20, 25) == [2, 3, 4]
    assert rung(10, 15, 20, between=(FIRST,)) == [2, 3]
    assert rung(10, 13) == [2]


def test_a_flood_of_rings_is_counted_and_seldom_told_of() -> None:
    assert rung(*(second / 100 for second in range(1000))) == [301, 601, 901]


def test_a_ring_soon_after_its_number_was_told_of_waits_for_the_next() -> None:
    assert rung(10, 12, 17, between=(FIRST,)) == [3]


def test_a_clock_that_was_set_back_does_not_silence_the_rings() -> None:
    assert rung(10.0, 8.0, 12.0) == [2, 3]


def test_the_first_ring_counts_from_the_start() -> None:
    assert [effect.rings for effect in Played(Rang()).of(CallOpened)] == [1]
    assert [effect.rings for effect in Played(FIRST).of(CallOpened)] == [0]


def test_another_number_in_the_same_ringing_is_a_second_caller() -> None:
    played = Played(Rang(), FIRST, Rang(), SECOND)
    assert played.reasons() == [EndReason.ABANDONED]
    assert [e.caller.number for e in played.of(CallOpened)] == ["", "13900139000"]


def test_a_call_that_nobody_claimed_is_abandoned_at_its_last_ring() -> None:
    played = Played(Rang(), Rang(), FIRST, RingingStopped())
    (closed,) = played.of(CallClosed)
    assert closed == CallClosed(START + timedelta(seconds=3), 1, EndReason.ABANDONED, 2)
    assert played.line.state is LineStateName.IDLE


def test_a_claimed_call_whose_ringing_stops_was_answered_at_a_handset() -> None:
    played = Played(Rang(), Claimed(1), RingingStopped())
    (taken,) = played.of(CallTaken)
    assert (taken.by_handset, taken.certainty, taken.at) == (True, "presumed", START + timedelta(seconds=2))
    assert played.line.state is LineStateName.TALKING


def test_on_a_line_that_shows_handsets_a_claimed_call_whose_ringing_stops_was_given_up() -> None:
    played = Played(HandsetLifted(), HandsetReplaced(), Rang(), Claimed(1), RingingStopped())
    assert played.reasons() == [EndReason.ABANDONED]


def test_a_call_answered_at_the_handset_ends_with_the_handset() -> None:
    played = Played(Rang(), HandsetLifted(), DigitHeard("1"), HandsetReplaced())
    assert played.of(CallTaken)[0].by_handset
    assert played.reasons() == [EndReason.HANDSET]


def test_the_next_ring_ends_a_handset_call_whose_end_was_not_seen() -> None:
    played = Played(Rang(), Claimed(1), RingingStopped(), Rang())
    assert played.reasons() == [EndReason.UNKNOWN]
    assert played.line.state is LineStateName.RINGING


def test_caller_id_before_the_ring_ends_a_handset_call_whose_end_was_not_seen() -> None:
    played = Played(Rang(), FIRST, Claimed(1), RingingStopped(), SECOND, Rang())
    assert played.reasons() == [EndReason.UNKNOWN]
    assert len(played.of(CallOpened)) == 2


def test_a_caller_announced_during_a_conversation_is_noted_once_and_disturbs_nothing() -> None:
    played = Played(Rang(), FIRST, Answered(), SECOND, SECOND, FIRST)
    assert [effect.caller.number for effect in played.of(WaitingCallerSeen)] == ["13900139000"]
    assert played.line.state is LineStateName.TALKING
    assert played.reasons() == []


@pytest.mark.parametrize(
    ("end", "reason"),
    [(Ended(by_far_end=True), EndReason.FAR_END), (Ended(by_far_end=False), EndReason.HUNG_UP)],
)
def test_a_call_held_by_the_device_ends_as_the_device_says(end: News, reason: EndReason) -> None:
    assert Played(Rang(), Answered(), end).reasons() == [reason]


def test_a_call_moved_to_the_handset_outlives_the_device() -> None:
    played = Played(Rang(), Answered(), HandsetLifted(), Ended(by_far_end=False))
    assert played.line.state is LineStateName.TALKING
    assert played.hear(HandsetReplaced()).reasons() == [EndReason.HANDSET]


def test_a_call_taken_at_the_handset_may_be_held_by_the_device_as_well() -> None:
    played = Played(Rang(), HandsetLifted(), Answered(), HandsetReplaced())
    assert [taken.by_handset for taken in played.of(CallTaken)] == [True]
    assert played.line.state is LineStateName.TALKING
    assert played.hear(Ended(by_far_end=False)).reasons() == [EndReason.HUNG_UP]


def test_a_ringing_call_may_be_taken_elsewhere_and_no_other() -> None:
    assert Played(Rang(), TakenElsewhere()).reasons() == [EndReason.ELSEWHERE]
    assert Played(Rang(), Answered(), TakenElsewhere()).reasons() == []
    assert Played(TakenElsewhere()).reasons() == []


def test_an_outgoing_call_from_reservation_to_presumed_answer() -> None:
    played = Played(Dial(REQUEST), HandsetReplaced(), FarEndRinging(), Answered(Certainty.PRESUMED))
    (opened,) = played.of(CallOpened)
    assert (opened.direction, opened.request) == (Direction.OUT, REQUEST)
    assert played.of(CallTaken)[0].certainty == "presumed"
    assert [moved.state for moved in played.of(LineMoved)][1:] == [LineStateName.DIALLING, LineStateName.TALKING]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (DialFailure.BUSY, EndReason.BUSY),
        (DialFailure.NO_ANSWER, EndReason.NO_ANSWER),
        (DialFailure.NO_DIAL_TONE, EndReason.NO_DIAL_TONE),
        (DialFailure.NO_CARRIER, EndReason.FAILED),
        (DialFailure.REJECTED, EndReason.FAILED),
        (DialFailure.TIMED_OUT, EndReason.UNKNOWN),
    ],
)
def test_why_an_outgoing_call_failed(failure: DialFailure, reason: EndReason) -> None:
    assert Played(Dial(REQUEST), DialFailed(failure)).reasons() == [reason]


def test_ringback_until_the_time_limit_is_no_answer() -> None:
    played = Played(Dial(REQUEST), FarEndRinging(), DialFailed(DialFailure.TIMED_OUT))
    assert played.reasons() == [EndReason.NO_ANSWER]


def test_a_caller_who_is_faster_than_our_dialling() -> None:
    played = Played(Dial(REQUEST), Rang(), DialFailed(DialFailure.REJECTED), FIRST)
    assert played.reasons() == [EndReason.FAILED]
    assert played.line.state is LineStateName.RINGING


def test_a_line_in_use_cannot_be_reserved() -> None:
    for news in (Rang(), Dial(REQUEST)):
        played = Played(news, Dial(REQUEST))
        assert len(played.of(CallOpened)) == 1
    assert Played(LineLost("gone"), Dial(REQUEST)).of(CallOpened) == []
    assert Played(SetService(True), Dial(REQUEST)).of(CallOpened) == []


def test_a_lifted_handset_is_in_use_but_does_not_keep_from_dialling() -> None:
    played = Played(HandsetLifted())
    assert played.line.state is LineStateName.TALKING
    assert played.hear(Dial(REQUEST)).line.state is LineStateName.DIALLING


@pytest.mark.parametrize("before", [(Rang(),), (Dial(REQUEST),), (Rang(), Answered()), (Rang(), HandsetLifted())])
def test_losing_the_line_ends_its_call_unknown(before: tuple[News, ...]) -> None:
    played = Played(*before, LineLost("unplugged"))
    assert played.reasons() == [EndReason.UNKNOWN]
    assert played.of(LineMoved)[-1].state is LineStateName.LOST
    assert played.of(LineMoved)[-1].reason == "unplugged"
    assert played.hear(READY).line.state is LineStateName.IDLE


def test_a_ring_heard_before_the_device_is_set_up_is_a_call() -> None:
    played = Played(Rang(), FIRST, READY, ready=False)
    assert played.line.state is LineStateName.RINGING
    assert played.hear(RingingStopped()).line.state is LineStateName.IDLE


def test_a_line_taken_out_while_ringing_stops_at_once_and_hears_nothing_more() -> None:
    played = Played(Rang(), SetService(True, "noise"), Rang(), FIRST, RingingStopped())
    assert played.reasons() == [EndReason.UNKNOWN]
    assert played.line.state is LineStateName.OUT_OF_SERVICE
    assert played.line.reason == "noise"
    assert len(played.of(CallOpened)) == 1
    assert played.hear(SetService(False)).line.state is LineStateName.IDLE


def test_a_line_taken_out_during_a_conversation_lets_it_finish() -> None:
    played = Played(Rang(), Answered(), SetService(True, "repair"))
    assert played.line.state is LineStateName.TALKING
    assert played.of(LineMoved)[-1].out_of_service
    assert played.hear(Ended(by_far_end=True)).line.state is LineStateName.OUT_OF_SERVICE


def test_a_hang_up_with_nothing_to_hang_up_closes_the_call() -> None:
    played = Played(Rang(), Answered(), CommandFailed("hang_up", "no call"))
    assert played.reasons() == [EndReason.UNKNOWN]
    assert played.of(LineNoted)[0].note == "hanging up failed: no call"


def test_a_call_that_could_not_be_ended_goes_on() -> None:
    played = Played(Rang(), Answered(), CommandFailed("end_call", "Permission denied"))
    assert played.line.state is LineStateName.TALKING
    assert played.of(LineNoted)[0].note == "hanging up failed: Permission denied"


def test_a_dial_command_that_was_refused_closes_the_call() -> None:
    assert Played(Dial(REQUEST), CommandFailed("dial", "the line is ringing")).reasons() == [EndReason.FAILED]


def test_an_answer_that_failed_leaves_the_call_ringing() -> None:
    played = Played(Rang(), CommandFailed("answer", "the modem did not go off hook"))
    assert played.line.state is LineStateName.RINGING


def test_numbers_that_are_missing_are_told_until_one_comes() -> None:
    played = Played(Rang(), NumberlessCalls(3), Rang(), NumberlessCalls(6))
    assert [effect.count for effect in played.of(NumbersMissing)] == [3, 6]
    assert not played.of(NumbersBack)
    played.hear(FIRST).hear(FIRST)
    assert len(played.of(NumbersBack)) == 1
    # A network that withholds a number tells of callers.
    withheld = Played(NumberlessCalls(3), CallerIdentified("", absent=AbsentReason.PRIVATE))
    assert len(withheld.of(NumbersBack)) == 1


def services(played: Played) -> list[str]:
    return [effect.service.value for effect in played.of(ServiceChanged)]


def test_whether_a_line_serves_is_told_once_for_each_change() -> None:
    played = Played(Rang(), FIRST, RingingStopped(), READY)
    assert services(played) == ["in_service"]
    played.hear(LineLost("unplugged")).hear(LineLost("unplugged")).hear(LineLost("occupied")).hear(READY)
    assert services(played) == ["in_service", "lost", "lost", "in_service"]
    assert [effect.reason for effect in played.of(ServiceChanged)][1:3] == ["unplugged", "occupied"]


def test_a_line_that_is_taken_out_of_service_may_be_lost() -> None:
    played = Played(SetService(True, "repair"), LineLost("unplugged"), READY, SetService(False))
    assert services(played) == ["in_service", "out_of_service", "in_service"]


def test_a_line_that_is_stopped_or_starting_is_not_lost() -> None:
    played = Played(LineLost(Said(Saying.STOPPED)), LineLost(Said(Saying.STARTING)))
    assert services(played) == ["in_service", "stopped"]


def test_a_call_whose_end_the_pbx_did_not_see_is_no_loss_of_the_line() -> None:
    played = Played(Rang(), LineLost(Said(Saying.PBX_ENDED_UNSEEN)), READY)
    assert services(played) == ["in_service"]
    assert played.reasons() == [EndReason.UNKNOWN]


def test_what_the_device_warns_of_is_noted() -> None:
    assert Played(DeviceWarns("low battery")).of(LineNoted)[0].note == "low battery"


def test_commands_for_another_call_do_nothing() -> None:
    played = Played(Rang(), Claimed(9), DeclaredOver(9, EndReason.HANDSET), RingingStopped())
    assert played.reasons() == [EndReason.ABANDONED]


_numbers = st.sampled_from(["", "13800138000", "1380013", "13900139000", "8001"])


def test_a_number_that_certainly_is_the_present_callers_is_learned_even_in_conversation() -> None:
    present = CallerIdentified("13800138000", present=True)
    played = Played(Rang(), HandsetLifted(), present, present)
    assert [effect.caller.number for effect in played.of(CallerLearned)] == ["13800138000"]
    assert played.line.state is LineStateName.TALKING
    assert not played.of(WaitingCallerSeen)
    played.hear(CallerIdentified("13900139000", present=True))
    assert [effect.caller.number for effect in played.of(WaitingCallerSeen)] == ["13900139000"]


def test_a_call_dialled_at_the_handset_is_the_handsets() -> None:
    played = Played(HandsetLifted(), HandsetDialled("10086"))
    (opened,) = played.of(CallOpened)
    assert (opened.direction, opened.caller.number, opened.request) == (Direction.OUT, "10086", None)
    assert played.line.state is LineStateName.DIALLING
    played.hear(Answered(Certainty.PRESUMED))
    assert [(taken.by_handset, taken.certainty) for taken in played.of(CallTaken)] == [(True, "presumed")]
    assert played.hear(HandsetReplaced()).reasons() == [EndReason.HANDSET]


def test_a_call_dialled_at_the_handset_ends_unanswered_too() -> None:
    played = Played(HandsetLifted(), HandsetDialled("10086"), HandsetReplaced())
    assert (played.of(CallTaken), played.reasons()) == ([], [EndReason.HANDSET])
    assert Played(HandsetDialled("10086"), Rang()).reasons() == [EndReason.UNKNOWN]


def test_dialling_at_the_handset_shows_that_the_call_before_is_over() -> None:
    played = Played(Rang(), HandsetLifted(), HandsetDialled("10086"))
    assert played.reasons() == [EndReason.UNKNOWN]
    assert played.line.state is LineStateName.DIALLING


def test_what_the_device_dials_is_not_taken_for_the_handsets() -> None:
    played = Played(Dial(REQUEST), HandsetDialled("10086"))
    assert len(played.of(CallOpened)) == 1
    assert played.hear(HandsetReplaced()).reasons() == []


_news = st.one_of(
    st.builds(Rang),
    st.builds(RingingStopped),
    st.builds(
        CallerIdentified, _numbers, st.sampled_from(["", "A"]), st.sampled_from([None, *AbsentReason]), st.booleans()
    ),
    st.builds(HandsetLifted),
    st.builds(HandsetReplaced),
    st.builds(CallerIdentified, st.sampled_from(["10086", "10010"]), present=st.booleans()),
    st.builds(HandsetDialled, st.sampled_from(["10086", ""])),
    st.builds(Answered, st.sampled_from(Certainty)),
    st.builds(FarEndRinging),
    st.builds(DialFailed, st.sampled_from(DialFailure)),
    st.builds(Ended, st.booleans()),
    st.builds(DigitHeard, st.just("1")),
    st.builds(CommandFailed, st.sampled_from(["dial", "answer", "hang_up", "send_digits", "consult"]), st.just("no")),
    st.builds(ThirdAsked, st.integers(1, 4), st.just(Third("8006", 7))),
    st.builds(ThirdNotAsked, st.integers(1, 4)),
    st.builds(NumberlessCalls, st.integers(1, 5)),
    st.builds(DeviceWarns, st.just("low battery")),
    st.builds(PartiesChanged, st.sampled_from(Parties), st.sampled_from(["", "8005"])),
    st.builds(Transferred, st.just("8005"), st.booleans()),
    st.builds(ListenerChanged, st.sampled_from(["7", "x", "²"]), st.booleans(), st.sampled_from(["", "no"])),
    st.builds(LineReady, st.just("modem")),
    st.builds(LineLost, st.just("gone")),
    st.builds(Dial, st.just(REQUEST)),
    st.builds(Claimed, st.integers(1, 4)),
    st.builds(DeclaredOver, st.integers(1, 4), st.sampled_from(EndReason)),
    st.builds(SetService, st.booleans(), st.just("why")),
)


def test_a_call_on_the_handset_is_not_recorded_and_nothing_is_wrong_with_the_line() -> None:
    refused = CommandFailed("record", "the modem is on hook")
    on_handset = Played(Rang(), HandsetLifted(), refused)
    assert [effect.on_handset for effect in on_handset.of(RecordingFailed)] == [True]
    assert on_handset.of(LineNoted) == []
    # A PBX's telephone was lifted too, but the PBX has the call.
    held = Played(Rang(), HandsetLifted(), Answered(), refused)
    assert [effect.on_handset for effect in held.of(RecordingFailed)] == [False]
    assert len(held.of(LineNoted)) == 1


def test_a_call_that_was_given_away_ends_as_transferred() -> None:
    """Whatever the telephone's end looks like: the far end speaks on."""
    played = Played(Rang(), HandsetLifted(), Answered(), PartiesChanged(Parties.CONSULTING, "8005"))
    assert played.of(PartiesMoved)[-1].parties is Parties.CONSULTING
    played.hear(Transferred("8005", attended=True)).hear(HandsetReplaced())
    assert played.hear(Ended(by_far_end=False)).reasons() == [EndReason.TRANSFERRED]


ANNA, BEN = Third("8005", 11), Third("+8613900139000", None)


def test_whom_the_agent_chose_is_written_when_they_are_called_and_not_before() -> None:
    played = Played(Rang(), Answered(), ThirdAsked(1, ANNA))
    assert played.of(PartiesMoved) == []
    # As it goes over the wire, with the outside line.
    played.hear(PartiesChanged(Parties.CALLING, "98005")).hear(PartiesChanged(Parties.CONSULTING, "98005"))
    assert [effect.third for effect in played.of(PartiesMoved)] == [ANNA, ANNA]
    played.hear(Transferred("98005", attended=True))
    assert played.of(CallTransferred)[-1].third == ANNA


@pytest.mark.parametrize("refused", [CommandFailed("consult", "no"), CommandFailed("transfer", "no"), ThirdNotAsked(1)])
def test_who_was_asked_for_in_vain_is_forgotten(refused: News) -> None:
    played = Played(Rang(), Answered(), PartiesChanged(Parties.HELD), ThirdAsked(1, ANNA), refused)
    played.hear(Transferred("8009", attended=False))
    assert played.of(CallTransferred)[-1].third == Third("8009")


def test_a_second_wish_that_is_refused_leaves_the_third_party_as_it_was() -> None:
    played = Played(Rang(), Answered(), ThirdAsked(1, ANNA), PartiesChanged(Parties.CALLING, "8005"))
    played.hear(ThirdAsked(1, BEN)).hear(CommandFailed("consult", "somebody else is called"))
    played.hear(PartiesChanged(Parties.CONSULTING, "8005"))
    assert played.of(PartiesMoved)[-1].third == ANNA
    played.hear(PartiesChanged(Parties.TALKING))
    assert played.of(PartiesMoved)[-1].third is None


def test_a_device_that_never_says_what_came_of_a_wish_does_not_forbid_the_next() -> None:
    played = Played(Rang(), Answered(), ThirdAsked(1, ANNA))
    call = played.line.call
    assert call is not None
    assert call.waits_for_third(played.at)
    assert not call.waits_for_third(played.at + ASKED_FOR)


def test_what_is_said_of_a_call_that_is_not_there_is_nothing() -> None:
    assert Played(PartiesChanged(Parties.HELD), Transferred("8005", attended=False)).of(PartiesMoved) == []


@given(st.lists(_news, max_size=60))
def test_whatever_happens_no_two_calls_are_open_and_every_call_is_closed(news: list[News]) -> None:
    played = Played(*news, LineLost("end"), ready=False)
    open_call: int | None = None
    taken: set[int] = set()
    for effect in played.effects:
        match effect:
            case CallOpened():
                assert open_call is None
                open_call = effect.call
            case CallerLearned() | RingsCounted() | PartiesMoved() | CallTransferred():
                assert effect.call == open_call
            case CallTaken():
                assert effect.call == open_call
                assert effect.call not in taken
                taken.add(effect.call)
            case CallClosed():
                assert effect.call == open_call
                open_call = None
    assert open_call is None
    assert played.line.state is LineStateName.LOST


@given(st.lists(_news, max_size=60))
def test_the_written_line_state_is_always_the_present_one(news: list[News]) -> None:
    played = Played(ready=False)
    written = (LineStateName.LOST, False, "")
    for one in news:
        count = len(played.effects)
        played.hear(one)
        for effect in played.effects[count:]:
            if isinstance(effect, LineMoved):
                written = (effect.state, effect.out_of_service, effect.reason)
        assert written == (played.line.state, played.line.out_of_service, played.line.reason)
