"""The check list of a line that is tried, without any clock or device."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter.telephony.line_checks import CheckList, Step, offered
from hardware.line_device import Capability
from hardware.trace import Way
from protocols.signals import (
    AbsentReason,
    Answered,
    CallerIdentified,
    DigitHeard,
    Ended,
    HandsetLifted,
    HandsetReplaced,
    LineLost,
    LineReady,
    Rang,
    RingingStopped,
)

MODEM = Capability.RING | Capability.CALLER_ID | Capability.LOCAL_HOOK | Capability.ANSWER | Capability.LINE_LOST
DATA_MODEM = Capability.RING | Capability.CALLER_ID | Capability.DIAL | Capability.HANG_UP
RECEIVER = Capability.CALLER_ID | Capability.LINE_LOST


def after(*news: Any) -> CheckList:
    """The list after ``news``, a second apart from second 1 on."""
    checks = CheckList()
    for at, one in enumerate(news, 1):
        checks = checks.traced(one, at) if isinstance(one, Way) else checks.heard(one, at)
    return checks


def ticked(checks: CheckList, capabilities: Capability = MODEM) -> dict[str, str | None]:
    return {one["step"]: one["at"] for one in checks.as_data(capabilities, str)}


@pytest.mark.parametrize(
    ("capabilities", "steps"),
    [
        (MODEM, "port ready ring caller_id picked_up hung_up"),
        (DATA_MODEM, "port ready ring caller_id stopped"),
        (RECEIVER, "port ready caller_id"),
        (Capability.NONE, "port ready"),
    ],
)
def test_only_what_the_device_can_show_is_on_the_list(capabilities: Capability, steps: str) -> None:
    assert " ".join(offered(capabilities)) == steps
    assert " ".join(ticked(CheckList(), capabilities)) == steps


def test_a_whole_call_ticks_one_step_after_the_other() -> None:
    news = (
        Way.OPENED, LineReady("USR 5637"), Rang(), CallerIdentified("13800138000", "张三"), Rang(), HandsetLifted(),
        DigitHeard("5"), HandsetReplaced(),
    )  # fmt: skip
    checks = after(*news)
    assert ticked(checks) == {
        "port": "1", "ready": "2", "ring": "3", "caller_id": "4", "picked_up": "6", "hung_up": "8"
    }  # fmt: skip
    assert checks.ticks[Step.READY].detail == {"identification": "USR 5637"}
    assert checks.ticks[Step.RING].detail == {"count": 2}
    assert checks.ticks[Step.CALLER_ID].detail == {"number": "13800138000", "name": "张三", "absent": ""}


def test_answered_by_the_device_and_ended_by_the_caller() -> None:
    assert ticked(after(LineReady("x"), Rang(), Answered(), Ended(by_far_end=True)))["hung_up"] == "4"


def test_a_caller_who_gives_up_hangs_nothing_up() -> None:
    given_up = after(LineReady("x"), Rang(), RingingStopped())
    assert ticked(given_up)["hung_up"] is None
    assert ticked(given_up, DATA_MODEM)["stopped"] == "3"
    assert ticked(after(LineReady("x"), Rang(), Ended(by_far_end=True)))["picked_up"] is None
    # Without a ring nothing stops.
    assert ticked(after(RingingStopped()), DATA_MODEM)["stopped"] is None


def test_what_is_lost_is_no_more_ticked() -> None:
    unplugged = after(Way.OPENED, LineReady("x"), Way.CLOSED, LineLost("unplugged"))
    assert ticked(unplugged) == dict.fromkeys(ticked(unplugged))
    silent = after(Way.OPENED, LineReady("x"), LineLost("silent"))
    assert (ticked(silent)["port"], ticked(silent)["ready"]) == ("1", None)


def test_bytes_prove_that_the_port_is_open() -> None:
    assert ticked(after(Way.SENT))["port"] == "1"
    assert ticked(after(Way.OPENED, Way.RECEIVED))["port"] == "1"


def test_a_withheld_number_is_caller_id_and_a_later_number_is_better() -> None:
    withheld = CallerIdentified("", absent=AbsentReason.PRIVATE)
    assert after(withheld).ticks[Step.CALLER_ID].detail["absent"] == "private"
    assert after(withheld, CallerIdentified("10086")).ticks[Step.CALLER_ID].detail["number"] == "10086"
    assert after(CallerIdentified("10086"), withheld).ticks[Step.CALLER_ID].detail["number"] == "10086"


def test_what_comes_from_the_line_is_cleaned() -> None:
    nasty = after(LineReady("x\x1b[2J\u202e" + "y" * 500), CallerIdentified("1\r\n2", "\u202eevil"))
    assert nasty.ticks[Step.READY].detail["identification"].startswith("x[2Jy")
    assert len(nasty.ticks[Step.READY].detail["identification"]) <= 64
    assert nasty.ticks[Step.CALLER_ID].detail["name"] == "evil"


def test_a_device_may_show_more_than_it_promised() -> None:
    assert ticked(after(Rang(), HandsetLifted()), RECEIVER) == {
        "port": None, "ready": None, "ring": "1", "caller_id": None, "picked_up": "2"
    }  # fmt: skip
