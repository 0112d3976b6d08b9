"""What the parts of a message cost that went out."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from callcenter.messaging.outbox.outcome import Tried
from callcenter.messaging.outbox.spending import spent
from callcenter.messaging.vocabulary import PartState

COSTS = {1: 50, 2: 80}
NOT_OUT = {PartState.UNSENT, PartState.LATER, PartState.REFUSED, PartState.ELSEWHERE}


@pytest.mark.parametrize("state", PartState)
def test_what_may_have_gone_out_costs(state: PartState) -> None:
    tried = [Tried(1, 1, 2, 1, state), Tried(1, 2, 2, 1, state), Tried(2, 1, 2, 2, PartState.ACCEPTED)]
    assert spent(tried, COSTS, 999) == (80 if state in NOT_OUT else 180)


@pytest.mark.parametrize(("costs", "total"), [({2: 80}, 999), ({1: 50}, 50), ({}, 999)])
def test_without_the_price_of_what_went_out_what_was_written_down_holds(costs: Mapping[int, int], total: int) -> None:
    tried = [Tried(1, 1, 1, 1, PartState.GIVEN_UP), Tried(2, 1, 1, 2, PartState.UNSENT)]
    assert spent(tried, costs, 999) == total
    assert spent(tried[1:], costs, 999) == 0
