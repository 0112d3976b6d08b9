"""When a gateway that only says "not now" is given up for a while, and when it is tried again."""

from __future__ import annotations

from callcenter.messaging.gateways.throttling import (
    FORGOTTEN,
    LONGEST,
    MOST_PAUSES,
    MOST_REFUSED,
    MOST_REFUSED_ANYHOW,
    TRIAL_FIRST,
    TRIAL_MOST,
    Throttling,
)


def out_at(now: float) -> Throttling:
    found = Throttling()
    assert [found.paused(now, 0.0) for _ in range(MOST_PAUSES)] == [False] * (MOST_PAUSES - 1) + [True]
    return found


def test_a_rate_that_is_kept_to_with_short_pauses_is_no_trouble() -> None:
    throttling = Throttling()
    for now in range(0, 3600, 2):
        assert not throttling.paused(float(now), 1.0)
        assert not throttling.worked()
    assert (throttling.out, throttling.began) == (False, None)


def test_so_many_pauses_in_a_row_are() -> None:
    throttling = out_at(100.0)
    assert (throttling.out, throttling.began) == (True, 100.0)
    assert not throttling.paused(101.0, 1.0)


def test_what_was_on_its_way_when_a_pause_began_is_part_of_it() -> None:
    throttling = Throttling()
    assert not any(throttling.paused(20.0, 10.0) for _ in range(50))
    assert not any(throttling.paused(30.0, 10.0) for _ in range(50))


def test_of_several_connections_that_pause_one_after_the_other_each_round_is_one() -> None:
    throttling = Throttling()
    pauses = [(began + later, length) for began, length in ((0, 1), (1, 2), (3, 4), (7, 8)) for later in (0, 0.1, 0.5)]
    assert not any(throttling.paused(at, float(length)) for at, length in pauses)
    assert throttling.paused(15.0, 16.0)


def test_and_so_is_a_long_time_without_anything_taken() -> None:
    throttling = Throttling()
    assert not throttling.put_off(10.0)
    assert not throttling.put_off(9.9 + LONGEST)
    assert throttling.put_off(10.0 + LONGEST)


def test_what_was_long_ago_does_not_count() -> None:
    throttling = Throttling()
    for turn in range(20):
        assert not throttling.paused(turn * (FORGOTTEN + 1), 1.0)
    assert throttling.began == 19 * (FORGOTTEN + 1)


def test_one_message_tries_again_after_longer_and_longer_pauses() -> None:
    throttling, now, pause = out_at(0.0), 0.0, TRIAL_FIRST
    for _ in range(8):
        assert not throttling.on_trial(now + pause - 0.1)
        now += pause
        assert throttling.on_trial(now)
        throttling.handed(now)
        assert not throttling.on_trial(now)
        throttling.paused(now, 1.0)
        pause = min(TRIAL_MOST, 2 * pause)
        assert throttling.out
    throttling.handed(now + pause)
    assert throttling.worked()
    assert not throttling.out
    assert not throttling.on_trial(now + pause)


def test_without_an_answer_to_the_trial_another_one_follows() -> None:
    throttling = out_at(0.0)
    throttling.handed(TRIAL_FIRST)
    assert not throttling.on_trial(2 * TRIAL_FIRST - 1)
    assert throttling.on_trial(2 * TRIAL_FIRST)


def test_what_was_not_the_trial_makes_the_next_no_later() -> None:
    throttling = out_at(0.0)
    throttling.handed(1.0)
    throttling.paused(2.0, 1.0)
    assert throttling.on_trial(TRIAL_FIRST)


def test_once_out_it_is_not_forgotten_by_waiting() -> None:
    throttling = out_at(0.0)
    throttling.handed(10 * FORGOTTEN)
    throttling.paused(10 * FORGOTTEN, 1.0)
    assert (throttling.out, throttling.began) == (True, 0.0)


def test_who_refuses_one_message_after_another_for_the_same_reason_is_out() -> None:
    throttling = Throttling()
    assert [throttling.refused(10.0 * place, str(place), "no credit (5)") for place in range(1, MOST_REFUSED + 1)] == [
        False
    ] * (MOST_REFUSED - 1) + [True]
    assert (throttling.out, throttling.began, throttling.refuses) == (True, 10.0, "no credit (5)")
    assert not throttling.refused(99.0, "99", "no credit (5)")


def test_one_number_is_one_whatever_is_said_of_it_and_another_reason_begins_anew() -> None:
    throttling = Throttling()
    assert not any(throttling.refused(1.0, "7", "5") for _ in range(50))
    assert not any(throttling.refused(2.0, "7", str(each)) for each in range(50))
    few = range(MOST_REFUSED_ANYHOW - 2)
    assert not any(throttling.refused(2.0, str(10 + each), str(each % 2)) for each in few)
    assert (throttling.out, throttling.refuses, throttling.began) == (False, "", None)


def test_who_takes_nothing_for_many_numbers_refuses_everything_whatever_the_reasons() -> None:
    throttling = Throttling()
    assert [
        throttling.refused(10.0 + each, str(each), f"internal error ({each})") for each in range(MOST_REFUSED_ANYHOW)
    ] == [False] * (MOST_REFUSED_ANYHOW - 1) + [True]
    last = f"internal error ({MOST_REFUSED_ANYHOW - 1})"
    assert (throttling.out, throttling.refuses, throttling.began) == (True, last, 10.0)
    assert throttling.worked()
    assert not throttling.refused(99.0, "99", "internal error (99)")
    assert (throttling.out, throttling.refuses, throttling.began) == (False, "", None)


def test_one_that_is_taken_in_between_ends_it() -> None:
    throttling = Throttling()
    for place in range(50):
        assert not throttling.refused(1.0, str(place), str(place % 2))
        if place % (MOST_REFUSED - 1) == 0:
            assert not throttling.worked()
    assert not throttling.out


def test_one_message_finds_out_whether_it_refuses_still_or_when_somebody_asks() -> None:
    throttling = Throttling()
    for place in range(MOST_REFUSED):
        throttling.refused(0.0, str(place), "5")
    assert not throttling.on_trial(TRIAL_FIRST - 1)
    assert throttling.on_trial(TRIAL_FIRST)
    throttling.handed(TRIAL_FIRST)
    assert not throttling.refused(TRIAL_FIRST, "90", "5")
    assert not throttling.on_trial(3 * TRIAL_FIRST - 1)
    throttling.hurry(2 * TRIAL_FIRST)
    assert throttling.on_trial(2 * TRIAL_FIRST)
    throttling.handed(2 * TRIAL_FIRST)
    assert throttling.worked()
    assert (throttling.out, throttling.refuses, throttling.began) == (False, "", None)


def test_who_refuses_everything_does_so_still_for_another_reason() -> None:
    throttling = Throttling()
    for place in range(MOST_REFUSED):
        throttling.refused(10.0, str(place), "5")
    throttling.handed(10.0 + TRIAL_FIRST)
    assert not throttling.refused(10.0 + TRIAL_FIRST, "90", "6")
    assert (throttling.out, throttling.refuses, throttling.began) == (True, "6", 10.0)
    assert not throttling.on_trial(10.0 + 3 * TRIAL_FIRST - 1)
