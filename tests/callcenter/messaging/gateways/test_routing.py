"""Which gateway takes a message, and why none does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.messaging.gateways.choosing import Choosing
from callcenter.messaging.gateways.routing import Beginnings, Chosen, Route, Waits, Wanted, choose
from callcenter.messaging.texts.segments import Wording
from callcenter.messaging.vocabulary import Purpose, Reason

CARE = Wanted("+8613800138000", Purpose.CARE)


def route(key: int, **fields: object) -> Route:
    return Route(key, **{"room": 5, **fields})  # type: ignore[arg-type]


def chosen(*routes: Route, wanted: Wanted = CARE) -> int | Waits:
    found = choose(routes, wanted, {one.gateway_id: one.room for one in routes})
    return found.route.gateway_id if isinstance(found, Chosen) else found


def test_priority_then_the_longest_prefix_then_the_cost() -> None:
    assert chosen(route(1), route(2, priority=1)) == 2
    assert chosen(route(1, prefixes=("13",)), route(2, prefixes=("138", "139")), route(3)) == 2
    assert chosen(route(1, cost=50), route(2, cost=40)) == 2


def test_only_who_is_set_up_for_it() -> None:
    assert chosen(route(1, prefixes=("139",)), route(2, purposes=(Purpose.MARKETING,))) == Waits()
    assert chosen(route(1, in_service=False)) == Waits(Reason.OUT_OF_SERVICE)
    assert chosen(route(1, prefixes=("+861",))) == 1


def test_who_is_not_ready_is_passed_over_and_who_is_full_is_waited_for() -> None:
    assert chosen(route(1, priority=1, ready=False), route(2)) == 2
    assert chosen(route(1, priority=1, room=0), route(2)) == Waits(soon=True)
    assert chosen(route(1, room=0), route(2)) == 2


def test_the_gateway_that_the_patient_knows() -> None:
    assert chosen(route(1, priority=1), route(2), wanted=Wanted(CARE.number, Purpose.REPLY, rather=2)) == 2
    busy = Wanted(CARE.number, Purpose.REPLY, rather=2)
    assert chosen(route(1, priority=1), route(2, room=0), wanted=busy) == Waits(soon=True)
    assert chosen(route(1), route(2, ready=False), wanted=busy) == 1


def test_a_test_goes_where_it_is_meant_to() -> None:
    wanted = Wanted("10086", Purpose.TEST, only=2)
    assert chosen(route(1), route(2, prefixes=("139",)), wanted=wanted) == 2


def test_who_refused_is_not_asked_again() -> None:
    assert chosen(route(1, priority=1), route(2), wanted=Wanted(CARE.number, Purpose.CARE, refused={1})) == 2
    nobody = Wanted(CARE.number, Purpose.CARE, refused={1, 2})
    assert chosen(route(1), route(2), wanted=nobody) == Waits(Reason.GATEWAY_REFUSED, never=True)


GBK, SHORT = Wording(charset="gbk"), Wording(longest=70)
PRAYS = "好的🙏按时服药"


def test_who_cannot_carry_a_text_is_passed_over() -> None:
    unable = frozenset({1})
    assert chosen(route(1, priority=1), route(2), wanted=Wanted(CARE.number, Purpose.CARE, unable=unable)) == 2
    # The conversation's gateway, too; and one that can is waited for.
    known = Wanted(CARE.number, Purpose.REPLY, rather=1, unable=unable)
    assert chosen(route(1, priority=1), route(2), wanted=known) == 2
    assert chosen(route(1), route(2, room=0), wanted=known) == Waits(soon=True)
    assert chosen(route(1), route(2, ready=False), wanted=known) == Waits()


def test_where_nobody_can_carry_it_that_is_for_good() -> None:
    unable = frozenset({1, 2})
    first = route(2, priority=1, wording=GBK)
    nobody = Waits(never=True, unable=first)
    assert chosen(route(1), first, wanted=Wanted(CARE.number, Purpose.CARE, unable=unable)) == nobody
    # Neither one that is not set up for it, nor one that said no for now, makes it another matter.
    other = route(3, prefixes=("139",))
    assert chosen(route(1), first, other, wanted=Wanted(CARE.number, Purpose.CARE, unable=unable)) == nobody
    said_no = Wanted(CARE.number, Purpose.CARE, unable=frozenset({1}), refused={2})
    assert chosen(route(1), route(2), wanted=said_no) == Waits(Reason.GATEWAY_REFUSED, never=True)
    meant = Wanted(CARE.number, Purpose.TEST, only=2, unable=frozenset({2}))
    assert chosen(route(1), first, wanted=meant) == nobody


def test_one_that_is_out_of_service_and_could_carry_it_is_waited_for() -> None:
    unable = Wanted(CARE.number, Purpose.CARE, unable=frozenset({1}))
    resting = route(2, in_service=False)
    assert chosen(route(1), resting, wanted=unable) == Waits(Reason.OUT_OF_SERVICE, later=resting)
    # The one that would come first, and none that could not, is not set up for it, or serves beside it.
    better = route(3, in_service=False, priority=1)
    assert chosen(route(1), resting, better, wanted=unable) == Waits(Reason.OUT_OF_SERVICE, later=better)
    other = route(4, in_service=False, prefixes=("139",))
    assert chosen(route(1), other, wanted=unable) == Waits(never=True, unable=route(1))
    neither = unable._replace(unable=frozenset({1, 2}))
    assert chosen(route(1), resting, wanted=neither) == Waits(never=True, unable=route(1))
    assert chosen(route(1), resting, route(5), wanted=unable) == 5
    assert chosen(route(1), resting, route(5, ready=False), wanted=unable) == Waits()
    # Where nobody serves, nobody is in the way.
    assert chosen(replace(resting, gateway_id=1), wanted=unable) == Waits()
    refused = Wanted(CARE.number, Purpose.CARE, refused={1})
    assert chosen(route(1), resting, wanted=refused) == Waits(Reason.GATEWAY_REFUSED, never=True)


def test_texts_that_differ_in_who_can_carry_them_are_not_alike() -> None:
    choosing = Choosing([route(1, priority=1, wording=GBK), route(2, priority=2, wording=SHORT), route(3)])
    went = []
    for text in ("您好", PRAYS, "您好", "䶮先生您好", PRAYS * 11, "字" * 71):
        found = choosing.choose(CARE._replace(unable=choosing.unable(text)))
        assert isinstance(found, Chosen)
        went.append(found.route.gateway_id)
    assert went == [1, 2, 1, 2, 3, 1]


@given(
    st.lists(st.text("+1368", min_size=1, max_size=4), max_size=4),
    st.lists(st.text("+1368", min_size=1, max_size=4), max_size=4),
    st.lists(st.from_regex(r"(\+86)?1[38]{5}", fullmatch=True), min_size=2),
)
def test_numbers_that_are_alike_go_by_the_same_gateway(one: list[str], other: list[str], numbers: list[str]) -> None:
    routes = route(1, prefixes=tuple(one)), route(2, prefixes=tuple(other))
    beginnings = Beginnings(routes)
    found: dict[object, object] = {}
    for number in numbers:
        choice = choose(routes, Wanted(number, Purpose.CARE), {1: 8, 2: 8})
        assert found.setdefault(beginnings.of(number), choice) == choice


def test_a_long_prefix_makes_no_two_numbers_differ_that_have_another() -> None:
    beginnings = Beginnings([route(1, prefixes=("1380013", "139"))])
    assert beginnings.of("+8613800138000") == ("1380013",)
    assert {beginnings.of(f"+86137{place:08}") for place in range(1000)} == {()}


@pytest.mark.parametrize("bound", [GBK, SHORT])
def test_one_that_carries_less_stands_in_for_nobody_who_carries_more(bound: Wording) -> None:
    more, less = route(1, throttled=True), route(2, wording=bound, room=3)
    assert Choosing([more, less]).left == 8
    assert Choosing([route(1, throttled=True, wording=bound), less]).left == 3
    assert Choosing([route(1, throttled=True, wording=bound), route(2, room=3)]).left == 3


def test_of_two_that_take_so_many_characters_only_the_longer_stands_in_for_the_other() -> None:
    longer = Wording(longest=100)
    assert Choosing([route(1, throttled=True, wording=SHORT), route(2, wording=longer, room=3)]).left == 3
    assert Choosing([route(1, throttled=True, wording=longer), route(2, wording=SHORT, room=3)]).left == 8
    # What is given to it part by part may have any length.
    apart = Wording(longest=70, long_text=False)
    assert Choosing([route(1, throttled=True, wording=longer), route(2, wording=apart, room=3)]).left == 3


def test_who_is_throttled_for_long_is_passed_over_while_there_is_another() -> None:
    known = Wanted(CARE.number, Purpose.REPLY, rather=1)
    for wanted in (CARE, known):
        assert chosen(route(1, priority=1, throttled=True), route(2), wanted=wanted) == 2
        assert chosen(route(1, priority=1, throttled=True), route(2, room=0), wanted=wanted) == Waits(soon=True)
        assert chosen(route(1, priority=1, throttled=True), route(2, ready=False), wanted=wanted) == 1
    meant = Wanted(CARE.number, Purpose.CARE, only=1)
    assert chosen(route(1, throttled=True), route(2), wanted=meant) == 1


def test_of_those_that_are_all_throttled_the_best_is_waited_for() -> None:
    assert chosen(route(1, throttled=True), route(2, throttled=True)) == 1
    assert chosen(route(1, throttled=True, room=0), route(2, throttled=True)) == Waits(soon=True)


def test_one_message_finds_out_whether_a_throttled_one_takes_any_again() -> None:
    choosing = Choosing([route(1, priority=1, throttled=True, on_trial=True), route(2)])
    assert isinstance(first := choosing.choose(CARE), Chosen)
    assert first.route.gateway_id == 1
    choosing.room[1] -= 1
    for _ in range(3):
        assert isinstance(next_one := choosing.choose(CARE), Chosen)
        assert next_one.route.gateway_id == 2
        choosing.room[2] -= 1


def test_what_it_put_off_before_is_not_what_finds_out() -> None:
    put_off = Wanted(CARE.number, Purpose.CARE, put_off={1})
    tried = route(1, priority=1, throttled=True, on_trial=True)
    assert chosen(tried, route(2), wanted=put_off) == 2
    assert chosen(tried, wanted=put_off) == 1
    assert chosen(route(1, priority=1), route(2), wanted=put_off) == 1


def test_where_all_are_throttled_anything_may_find_out() -> None:
    put_off = Wanted(CARE.number, Purpose.CARE, put_off={1, 2})
    worse = route(2, priority=9, throttled=True, on_trial=True)
    assert chosen(route(1, throttled=True), worse, wanted=put_off) == 2
    assert chosen(route(1, throttled=True, room=0), worse, wanted=put_off) == 2


def test_alone_a_throttled_one_is_given_what_it_has_room_for() -> None:
    choosing = Choosing([route(1, throttled=True, on_trial=True, room=2)])
    for _ in range(2):
        assert isinstance(choosing.choose(CARE), Chosen)
        choosing.room[1] -= 1
    assert choosing.choose(CARE) == Waits(soon=True)
