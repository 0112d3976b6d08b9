"""A headset in software, behind the interface of the HID library. It keeps hook and lamp in step, as headsets do."""

from __future__ import annotations

from hardware.supervisor import PortError
from tests.peers.hid_reports import QueuedReports

POWERCONF = bytes.fromhex(
    "050c0901a10185011500250109e909ea09e209cd09b509b609b309b7750195088142c0"
    "050b0905a1018502050b1500250109200997750195028123092f092109700950750195048107"
    "05080917090909180920092175019505912295039103c0"
)  # fmt: skip
"""What an Anker PowerConf tells of itself, as published: report 2 has the hook switch in bit 0, and the lamps off-hook,
mute, ring in bits 0 to 2. Its inputs are marked constant, against the letter of the standard."""

HEADSET = bytes.fromhex(
    "050b0905a1018505150025017501950109208122092f81060924092109970926092a9505810695018101"
    "0508850509170909091895039122050b099e9501912295049101c0"
)  # fmt: skip
"""Put together by us: report 5, hook in bit 0, drop in bit 5; lamps off-hook, mute, ring, ringer in bits 0 to 3."""

BUTTON = bytes.fromhex("050b0905a10115002501750195010920810695078101050809189501910295079101c0")
"""Put together by us: no report ids, a hook switch that tells of presses only, a ring lamp and no other."""

KEYS = bytes.fromhex("050b0907a101150025040900092009210926092f750895018100c0")
"""Put together by us after a telephone keypad: one byte that names the key that is down, and no lamps."""

MOUSE = bytes.fromhex("05010902a1010901a10005091901290315002501950375018102c0c0")


class Headset:
    """``open`` is what the driver is given. ``written`` are the reports that it was sent, in hexadecimal."""

    def __init__(self, descriptor: bytes = HEADSET) -> None:
        self.descriptor = descriptor
        self.plugged = True
        self.written: list[str] = []
        self.opened: list[HeadsetHandle] = []

    def open(self, port: str) -> tuple[HeadsetHandle, bytes]:
        if not self.plugged:
            raise PortError(f"no device {port} is plugged in")
        self.opened.append(HeadsetHandle(self))
        return self.opened[-1], self.descriptor

    def press(self, report: str) -> None:
        self.opened[-1].queue.put(bytes.fromhex(report))

    def unplug(self) -> None:
        self.plugged = False
        self.opened[-1].queue.put(None)


class HeadsetHandle(QueuedReports):
    """The headset, opened."""

    def __init__(self, headset: Headset) -> None:
        super().__init__()
        self._headset = headset
        self._lamp = False

    def write(self, buff: bytes) -> int:
        assert not self.closed, "written after close"
        if not self._headset.plugged:
            return -1
        lamp = bool(buff[1] & 1)
        if lamp != self._lamp and self._headset.descriptor == HEADSET:
            self._lamp = lamp
            self.queue.put(bytes((5, lamp)))
        # Last: a test that sees the lamp presses the button at once, on another thread.
        self._headset.written.append(buff.hex())
        return len(buff)
