from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.hid_telephony.codec import DROP, HOOK_SWITCH, OFF_HOOK_LED, NoHookSwitchError, layout
from protocols.hid_telephony.descriptor import (
    Control,
    DescriptorError,
    Direction,
    Usage,
    parse,
    report_bytes,
)
from protocols.hid_telephony.session import HeadsetSession, SeatState, Wish
from tests.peers.headset import BUTTON, HEADSET, KEYS, MOUSE, POWERCONF


class TestDescriptor:
    def test_each_control_is_where_the_descriptor_says(self) -> None:
        controls = parse(HEADSET)
        assert controls[0] == Control(Direction.INPUT, 5, 0, 1, (HOOK_SWITCH,))
        assert Control(Direction.INPUT, 5, 5, 1, (DROP,), relative=True) in controls
        assert Control(Direction.OUTPUT, 5, 0, 1, (OFF_HOOK_LED,)) in controls
        assert report_bytes(controls, Direction.OUTPUT, 5) == 1

    def test_usage_ranges_pages_within_usages_push_and_pop(self) -> None:
        found = parse(bytes.fromhex("050ba40508b419b029b20b0900090015002501750195048102"))
        assert [one.usages[0] for one in found] == [
            *(Usage(0x0B, key) for key in (0xB0, 0xB1, 0xB2)),
            Usage(9, 9),
        ]  # fmt: skip

    def test_a_long_item_is_passed_over(self) -> None:
        assert parse(bytes.fromhex("fe02aa0102") + KEYS) == parse(KEYS)

    @pytest.mark.parametrize(
        "descriptor",
        [
            pytest.param(bytes.fromhex("05"), id="cut off"),
            pytest.param(bytes.fromhex("b4"), id="popped"),
            pytest.param(b"\xa4" * 20, id="pushed"),
            pytest.param(bytes.fromhex("050b092027ffffffff77ffffff7f97ffffff7f8102"), id="enormous"),
            pytest.param(bytes.fromhex("0c"), id="reserved"),
            pytest.param(bytes.fromhex("050b19002affff"), id="many usages"),
            pytest.param(bytes(5000), id="long"),
        ],
    )
    def test_what_is_none_is_refused(self, descriptor: bytes) -> None:
        with pytest.raises(DescriptorError):
            parse(descriptor)

    @given(st.binary(max_size=200))
    def test_anything_may_come(self, descriptor: bytes) -> None:
        with contextlib.suppress(DescriptorError, NoHookSwitchError):
            HeadsetSession(descriptor)

    @given(st.sampled_from([HEADSET, POWERCONF, BUTTON, KEYS]), st.data())
    def test_one_byte_may_be_wrong(self, descriptor: bytes, data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(descriptor) - 1))
        changed = bytearray(descriptor)
        changed[place] = data.draw(st.integers(0, 255))
        try:
            session = HeadsetSession(bytes(changed))
        except (DescriptorError, NoHookSwitchError):
            return
        session.show(SeatState.RINGING)
        session.receive(b"\x05\x01")

    def test_a_mouse_is_no_headset(self) -> None:
        with pytest.raises(NoHookSwitchError):
            layout(MOUSE)


def lamps(session: HeadsetSession, state: SeatState) -> list[str]:
    return [report.hex() for report in session.show(state)]


def press(session: HeadsetSession, report: str) -> Wish | None:
    return session.receive(bytes.fromhex(report))[0]


class TestHeadset:
    def test_answering_and_hanging_up(self) -> None:
        session = HeadsetSession(HEADSET)
        assert lamps(session, SeatState.RINGING) == ["050c"]
        assert press(session, "0501") is Wish.ANSWER
        assert lamps(session, SeatState.IN_CALL) == ["0501"]
        assert press(session, "0501") is None
        assert press(session, "0500") is Wish.HANG_UP
        assert lamps(session, SeatState.IDLE) == ["0500"]

    def test_a_product_as_published(self) -> None:
        session = HeadsetSession(POWERCONF)
        assert lamps(session, SeatState.RINGING) == ["0204"]
        assert press(session, "0201") is Wish.ANSWER
        assert lamps(session, SeatState.IN_CALL) == ["0201"]
        # Another key of the same report.
        assert press(session, "0205") is None
        assert press(session, "0200") is Wish.HANG_UP

    def test_answered_and_hung_up_on_the_screen(self) -> None:
        session = HeadsetSession(HEADSET)
        session.show(SeatState.RINGING)
        session.show(SeatState.IN_CALL)
        assert press(session, "0501") is None
        session.show(SeatState.IDLE)
        assert press(session, "0500") is None

    def test_taken_off_for_nothing_it_is_told_so(self) -> None:
        session = HeadsetSession(HEADSET)
        wish, reports = session.receive(b"\x05\x01")
        assert wish is None
        assert reports == [b"\x05\x00"]

    def test_drop_hangs_up_and_does_nothing_else(self) -> None:
        session = HeadsetSession(HEADSET)
        session.show(SeatState.RINGING)
        assert press(session, "0520") is None
        assert press(session, "0500") is None
        session.show(SeatState.IN_CALL)
        assert press(session, "0521") is Wish.HANG_UP

    def test_other_reports_and_short_ones_mean_nothing(self) -> None:
        session = HeadsetSession(HEADSET)
        session.show(SeatState.RINGING)
        assert [press(session, report) for report in ("0101", "05", "", "0502", "05fe")] == [None] * 5

    def test_a_button_that_tells_of_presses_only(self) -> None:
        session = HeadsetSession(BUTTON)
        assert lamps(session, SeatState.RINGING) == ["0001"]
        assert press(session, "01") is Wish.ANSWER
        assert lamps(session, SeatState.IN_CALL) == ["0000"]
        assert press(session, "00") is None
        assert press(session, "01") is Wish.HANG_UP

    def test_keys_that_are_named_by_number(self) -> None:
        session = HeadsetSession(KEYS)
        assert lamps(session, SeatState.RINGING) == []
        assert press(session, "02") is None
        assert press(session, "01") is Wish.ANSWER
        session.show(SeatState.IN_CALL)
        assert press(session, "00") is None
        assert press(session, "03") is Wish.HANG_UP

    @given(st.lists(st.one_of(st.binary(max_size=9), st.sampled_from(list(SeatState))), max_size=30))
    def test_whatever_comes_nothing_is_answered_that_does_not_ring(self, story: list[bytes | SeatState]) -> None:
        session = HeadsetSession(HEADSET)
        state = SeatState.IDLE
        for step in story:
            if isinstance(step, SeatState):
                state = step
                session.show(state)
                continue
            wish, _ = session.receive(step)
            assert wish is None or (wish is Wish.ANSWER) == (state is SeatState.RINGING)
            assert wish is None or state is not SeatState.IDLE
