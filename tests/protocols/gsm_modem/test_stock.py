"""How full the storage is, by what the modem answers."""

from __future__ import annotations

import pytest

from protocols.gsm_modem.answers import Answer, Outcome
from protocols.gsm_modem.context import Context
from protocols.gsm_modem.dialogue import Reply
from protocols.gsm_modem.settings import GsmTimings
from protocols.gsm_modem.stock import Stock
from protocols.sms import StorageTold


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ('+CPMS: "SM",3,30,"SM",3,30,"SM",3,30', (StorageTold(3, 30),)),
        # What is sent from is of no interest; of where it is read and where it comes in the fuller one counts.
        ('+CPMS: "ME",0,23,"SR",9,9,"SM",20,20', (StorageTold(20, 20),)),
        ('+CPMS: "ME",23,23,"SR",9,9,"SM",1,20', (StorageTold(23, 23),)),
        ('+CPMS: "SM", 19, 20', (StorageTold(19, 20),)),
        # A SIM that is not ready yet.
        ('+CPMS: "SM",0,0,"SM",0,0,"SM",0,0', ()),
        ("+CPMS: nonsense", ()),
        ("", ()),
    ],
)
def test_what_the_modem_says(answer: str, told: tuple[StorageTold, ...]) -> None:
    context = Context(0.0)
    asking = Stock(GsmTimings(), context).ask()
    assert next(asking).data == b"AT+CPMS?\r"
    with pytest.raises(StopIteration):
        asking.send(Reply(Answer(Outcome.OK), (answer,)))
    assert context.take_signals() == told


@pytest.mark.parametrize(
    ("size", "least"), [(1, 1), (2, 2), (9, 9), (10, 9), (19, 18), (20, 18), (30, 28), (50, 48), (255, 253)]
)
def test_few_places_that_are_left_are_none(size: int, least: int) -> None:
    full = [used for used in range(size + 1) if StorageTold(used, size).is_full]
    assert full == list(range(least, size + 1))
