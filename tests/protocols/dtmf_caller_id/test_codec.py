from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.dtmf_caller_id.codec import MAX_KEYS, DtmfCallerId, is_complete, read_caller_id
from protocols.dtmf_caller_id.collector import BEFORE_RING, GAP, DtmfCollector
from protocols.signals import AbsentReason, CallerIdentified

NUMBER = "13800138000"
CALLER = DtmfCallerId(NUMBER, None, certain=True)
_KEYS = st.text(alphabet="0123456789ABCD*#", max_size=60)


@pytest.mark.parametrize("start", ["A", "B", "C", "D"])
@pytest.mark.parametrize("end", ["", "A", "B", "C", "D", "*", "#"])
def test_a_number_between_any_start_and_end(start: str, end: str) -> None:
    assert read_caller_id(start + NUMBER + end) == CALLER
    # A key of the noise before it was heard as well.
    assert read_caller_id("7" + start + NUMBER + end) == CALLER


@pytest.mark.parametrize("code", [NUMBER, f"#{NUMBER}", f"*{NUMBER}#", f"{NUMBER}C", f"{NUMBER}#"])
def test_what_a_telephone_could_have_dialled_is_not_certain(code: str) -> None:
    assert read_caller_id(code) == DtmfCallerId(NUMBER, None, certain=False)


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("B00", AbsentReason.UNAVAILABLE),
        ("B00C", AbsentReason.UNAVAILABLE),
        ("B10C", AbsentReason.PRIVATE),
        ("B10#", AbsentReason.PRIVATE),
        ("B99C", AbsentReason.UNAVAILABLE),
        ("D1#", AbsentReason.PRIVATE),
        ("D1", AbsentReason.PRIVATE),
        ("D2#", AbsentReason.UNAVAILABLE),
        ("D3#", AbsentReason.UNAVAILABLE),
        ("D3C", AbsentReason.UNAVAILABLE),
        ("DC", AbsentReason.UNAVAILABLE),
    ],
)
def test_why_there_is_no_number(code: str, absent: AbsentReason) -> None:
    found = read_caller_id(code)
    assert found == DtmfCallerId("", absent, certain=True)
    assert found is not None
    assert found.signal() == CallerIdentified("", absent=absent)


@pytest.mark.parametrize("code", ["", "1", "12", "*", "#", "D", "B1", "A1", "*1#", "12#", "**", "A"])
def test_what_is_no_code(code: str) -> None:
    assert read_caller_id(code) is None


@pytest.mark.parametrize(("keys", "complete"), [("D10086C", True), ("D10086#", True), ("D10086", False), ("C", False)])
def test_complete(keys: str, complete: bool) -> None:
    assert is_complete(keys) is complete


@given(_KEYS)
@settings(max_examples=500)
def test_any_keys(keys: str) -> None:
    found = read_caller_id(keys)
    assert found is None or (set(found.number) <= set("0123456789") and len(found.number) <= MAX_KEYS)
    assert found is None or bool(found.number) != bool(found.absent)


def heard(collector: DtmfCollector, keys: str, at: float = 0.0, *, ringing: bool = False) -> list[DtmfCallerId]:
    found = [collector.key(key, at + 0.1 * place, ringing=ringing) for place, key in enumerate(keys)]
    return [caller for caller in found if caller is not None]


def test_a_complete_code_is_told_at_once_and_once() -> None:
    collector = DtmfCollector()
    assert heard(collector, f"D{NUMBER}C") == [CALLER]
    assert collector.deadline() is None
    assert collector.rang(2.0) is None


def test_silence_ends_a_code() -> None:
    collector = DtmfCollector()
    assert heard(collector, f"D{NUMBER}") == []
    due = collector.deadline()
    assert due == pytest.approx(1.1 + GAP)
    assert collector.tick(due - 0.1, ringing=False) is None
    assert collector.tick(due, ringing=False) == CALLER
    assert collector.deadline() is None


def test_an_uncertain_code_waits_for_the_ring() -> None:
    uncertain = DtmfCallerId(NUMBER, None, certain=False)
    collector = DtmfCollector()
    heard(collector, f"{NUMBER}#")
    assert collector.rang(BEFORE_RING) == uncertain
    assert collector.rang(BEFORE_RING) is None
    heard(collector, f"{NUMBER}#")
    assert collector.rang(100.0) is None
    assert heard(collector, f"{NUMBER}#", ringing=True) == [uncertain]


@given(_KEYS)
def test_noise_is_bounded_and_hides_no_code(noise: str) -> None:
    collector = DtmfCollector()
    heard(collector, noise * 20)
    assert len(collector._keys) <= MAX_KEYS
    collector.tick(1000.0, ringing=False)
    assert heard(collector, f"D{NUMBER}C", 2000.0) == [CALLER]
