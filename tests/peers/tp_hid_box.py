"""A TP phone box in software, behind the interface of the HID library. Written from the published description, apart
from our codec. It acts at once; people and the exchange are the test's calls.
"""

from __future__ import annotations

from hardware.supervisor import PortError
from tests.peers.hid_reports import QueuedReports

ACKNOWLEDGED = 0x80


class TpHidBox:
    """``open`` is what the driver is given to open it with. ``told`` are its commands in hexadecimal.

    ``dead``: it takes reports and answers none. ``choked``: it refuses to take reports.
    """

    def __init__(self) -> None:
        self.plugged = True
        self.dead = False
        self.choked = False
        self.off_hook = False
        self.dialled = ""
        self.told: list[str] = []
        self.opened: list[TpHidHandle] = []

    def open(self, port: str) -> TpHidHandle:
        if not self.plugged:
            raise PortError(f"no device {port} is plugged in")
        self.opened.append(TpHidHandle(self))
        return self.opened[-1]

    @property
    def handle(self) -> TpHidHandle:
        return self.opened[-1]

    def unplug(self) -> None:
        """Whoever is inside a read is told so at once."""
        self.plugged = False
        self.off_hook = False
        self.handle.queue.put(None)

    def plug(self) -> None:
        self.plugged = True

    # The line.

    def ring(self) -> None:
        self.say(0xE5)

    def caller_id(self, number: str, *, bcd: bool = False) -> None:
        date = bytes.fromhex("05261657") if bcd else bytes((5, 26, 16, 57))
        packed = bytes.fromhex(number + "f" * (2 - len(number) % 2))
        self.say(0xD1, b"\x01" + bytes((len(number),)) + date + packed)

    def say(self, code: int, parameters: bytes = b"") -> None:
        pdu = bytes((0xFF, 1 + len(parameters), code)) + parameters
        for start in range(0, len(pdu), 6):
            piece = pdu[start : start + 6]
            self.report(bytes((3, len(piece))) + piece + bytes(6 - len(piece)))

    def report(self, report: bytes) -> None:
        self.handle.queue.put(report)

    # The computer.

    def take(self, report: bytes, handle: TpHidHandle) -> None:
        if self.dead:
            return
        self.report(bytes((report[0], ACKNOWLEDGED)) + report[2:])
        handle.pdu += report[2 : 2 + report[1]]
        if len(handle.pdu) >= 2 + handle.pdu[1]:
            code, parameters, handle.pdu = handle.pdu[2], handle.pdu[3:], b""
            self.told.append(bytes((code, *parameters)).hex())
            self._obey(code, parameters)

    def _obey(self, code: int, parameters: bytes) -> None:
        match code:
            case 0x01:
                self.say(0x81, b"\x12")
            case 0x11:
                for key in parameters[1:]:
                    self.say(0xEC, bytes((key,)))
                self.say(0xD3)
                # Last: the test goes on at once, on another thread.
                self.dialled = "".join("0123456789*#,"[key] for key in parameters[1:])
            case 0x12:
                self.say(0xD4, bytes.fromhex("010b051a103913912345678f"))
                self.say(0xD7)
            case 0x16:
                self.say(0x84, b"\1\2\3\4\5\6\7\x08")
            case 0x18:
                self.say(0x85, b"\2")
            case 0x21:
                self.say(0xAB, b"\2" if self.off_hook else b"\0")
            case 0x61 | 0x62:
                self.off_hook = code == 0x61
                self.say(0xE3 if self.off_hook else 0xE4)
            case _:
                pass


class TpHidHandle(QueuedReports):
    """The box, opened."""

    def __init__(self, box: TpHidBox) -> None:
        super().__init__()
        self.pdu = b""
        self._box = box

    def write(self, buff: bytes) -> int:
        assert not self.closed, "written after close"
        if not self._box.plugged or self._box.choked:
            return -1
        self._box.take(buff, self)
        return len(buff)
