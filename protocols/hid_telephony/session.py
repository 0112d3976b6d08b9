"""What a press on a headset means for the line at its seat, and what the headset is to show. Pure, without time.

A headset and its computer keep the hook in step: whoever changes it tells the other. So a change that says what the
line does already is an echo and no press, and what the line does is told back by the off-hook lamp (HID Usage Tables,
telephony page: Hook Switch; LED page: Off-Hook).
"""

from __future__ import annotations

import enum

from protocols.hid_telephony.codec import DROP, HOOK_SWITCH, OFF_HOOK_LED, RING_LED, RINGER, layout
from protocols.hid_telephony.descriptor import Usage


class SeatState(enum.Enum):
    """What goes on at the seat's line; the value is what is lit."""

    IDLE = frozenset[Usage]()
    RINGING = frozenset({RING_LED, RINGER})
    IN_CALL = frozenset({OFF_HOOK_LED})


class Wish(enum.Enum):
    """What the person at the headset wants."""

    ANSWER = "answer"
    HANG_UP = "hang_up"


class HeadsetSession:
    """One headset, as its ``descriptor`` says it is. Raises what ``codec.layout`` raises."""

    def __init__(self, descriptor: bytes) -> None:
        self._layout = layout(descriptor)
        self._was: dict[Usage, bool] = {}
        self._state = SeatState.IDLE

    def show(self, state: SeatState) -> list[bytes]:
        """The line's state: the reports to write."""
        self._state = state
        return self._layout.lamps(state.value)

    def receive(self, report: bytes) -> tuple[Wish | None, list[bytes]]:
        """A report came: what is wanted, and the reports to write. Never raises."""
        found = self._layout.read(report)
        pressed = {usage for usage, on in found.items() if on and not self._was.get(usage, False)}
        released = {usage for usage, on in found.items() if not on and self._was.get(usage, False)}
        self._was |= found
        wish = self._wish(pressed, released)
        # A hook that means nothing now must not stay where it was put: the headset would believe in a call.
        out_of_step = wish is None and HOOK_SWITCH in pressed and self._state is not SeatState.IN_CALL
        return wish, self.show(self._state) if out_of_step else []

    def _wish(self, pressed: set[Usage], released: set[Usage]) -> Wish | None:
        taken = HOOK_SWITCH in pressed
        given_up = HOOK_SWITCH in (pressed if self._layout.toggles else released) or DROP in pressed
        if taken and self._state is SeatState.RINGING:
            return Wish.ANSWER
        return Wish.HANG_UP if given_up and self._state is SeatState.IN_CALL else None
