"""Reports of a headset: what its buttons say, and how its lamps are set. Pure.

Usages: HID Usage Tables, telephony page 0x0B and LED page 0x08.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from protocols.hid_telephony.descriptor import Control, Direction, Usage, parse, report_bytes

TELEPHONY_PAGE = 0x0B
HOOK_SWITCH = Usage(TELEPHONY_PAGE, 0x20)
DROP = Usage(TELEPHONY_PAGE, 0x26)
OFF_HOOK_LED = Usage(0x08, 0x17)
RING_LED = Usage(0x08, 0x18)
RINGER = Usage(TELEPHONY_PAGE, 0x9E)
"""The headset's own ringing tone: an output beside the lamps."""

_READ = frozenset({HOOK_SWITCH, DROP})


class NoHookSwitchError(ValueError):
    """The device has no hook switch: it is no headset of this kind."""


@dataclass(frozen=True)
class HeadsetLayout:
    """Where the controls of one headset are. ``toggles``: its hook switch tells of presses, not of the hook."""

    inputs: tuple[Control, ...]
    outputs: tuple[Control, ...]
    numbered: bool
    toggles: bool

    def read(self, report: bytes) -> Mapping[Usage, bool]:
        """Which of hook switch and drop are on, of those that are in this report. Never raises."""
        report_id, body = (report[:1], report[1:]) if self.numbered else (b"\0", report)
        found: dict[Usage, bool] = {}
        for one in self.inputs:
            if bytes((one.report_id,)) == report_id and one.bit + one.size <= 8 * len(body):
                value = int.from_bytes(body, "little") >> one.bit & ((1 << one.size) - 1)
                found |= _meaning(one, value, found)
        return {usage: on for usage, on in found.items() if usage in _READ}

    def lamps(self, on: Set[Usage]) -> list[bytes]:
        """The reports that switch these outputs on and all others off, each with its id first."""
        reports = []
        for report_id in sorted({one.report_id for one in self.outputs}):
            value = 0
            for one in self.outputs:
                if one.report_id == report_id and one.usages[0] in on:
                    value |= 1 << one.bit
            length = report_bytes(self.outputs, Direction.OUTPUT, report_id)
            reports.append(bytes((report_id,)) + value.to_bytes(length, "little"))
        return reports


def layout(descriptor: bytes) -> HeadsetLayout:
    """The layout that ``descriptor`` tells.

    ``DescriptorError`` if it is no descriptor, ``NoHookSwitchError`` if it tells of no hook switch.
    """
    controls = parse(descriptor)
    inputs = tuple(one for one in controls if one.direction is Direction.INPUT and _READ & set(one.usages))
    hooks = [one for one in inputs if HOOK_SWITCH in one.usages]
    if not hooks:
        raise NoHookSwitchError("it has no hook switch on the telephony page")
    lit = {
        one.report_id
        for one in controls
        if one.direction is Direction.OUTPUT and not one.array and {OFF_HOOK_LED, RING_LED, RINGER} & set(one.usages)
    }
    # Whole reports are written: every control of them counts for their length.
    outputs = tuple(
        one for one in controls if one.direction is Direction.OUTPUT and not one.array and one.report_id in lit
    )
    return HeadsetLayout(
        inputs=inputs,
        outputs=outputs,
        numbered=any(one.report_id for one in controls),
        # A key of an array is let go of at once, as a relative switch is.
        toggles=all(one.relative or one.array for one in hooks),
    )


def _meaning(control: Control, value: int, before: Mapping[Usage, bool]) -> dict[Usage, bool]:
    if not control.array:
        return {control.usages[0]: bool(value)}
    place = value - control.first
    pressed = control.usages[place] if 0 <= place < len(control.usages) else None
    return {usage: usage == pressed or before.get(usage, False) for usage in control.usages}
