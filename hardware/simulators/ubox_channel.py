"""One channel of the simulated UBOX service: a phone box between its service and a telephone line.

It is not built on our codec: what it says and accepts follows the vendor's published example.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from hardware.simulators.chips import Chip
from hardware.simulators.telephone_line import TelephoneLine

Say = Callable[[dict[str, Any]], None]

PRODUCTS = {"FI3102A": "1", "FI3002B": "2", "FI3001B": "3", "FI3101A": "4"}
_GO_OFF_HOOK = ("1", "4")
_WRONG_MODE = -6
_RING_CANCEL = 6.0
_TONE = 0.1
_HANDSET, _SOFTWARE = 3, 6


class UboxChannel:
    """A ``Station`` for ``TelephoneLine``. ``say`` sends an object to everyone who is connected."""

    chip = Chip("ubox", information={}, caller_id_on=frozenset(), known=frozenset())
    dialling = False

    def __init__(self, handle: int, product: str, say: Say, clock: IReactorTime, speed: float) -> None:
        self.handle = handle
        self.product = product
        self.plugged = True
        self.off_hook = False
        self._say = say
        self._clock = clock
        self._speed = speed
        self._quiet: IDelayedCall | None = None
        self.line = TelephoneLine(self, clock, speed)

    def plug(self, line: Any) -> None:
        """The telephone line names itself; it is known as ``line`` already."""

    def tell(self, event: str, **fields: Any) -> None:
        """Say ``event`` of this channel."""
        if self.plugged:
            self._say({"event": event, "handle": self.handle, **fields})

    # From the service.

    def command(self, event: str, fields: dict[str, Any]) -> None:
        """Carry out one command."""
        match event:
            case "GetProductID":
                self.tell("answer", type=event, result=self.product)
            case "SoftHookoff" | "SoftHookon" | "SendDtmf" if self.product not in _GO_OFF_HOOK:
                self.tell("notify", errorType=event, result=_WRONG_MODE)
            case "SoftHookoff":
                self._seize()
            case "SoftHookon":
                self.release()
            case "SendDtmf":
                self._send(str(fields.get("dtmf", "")))
            case _:
                pass

    def _seize(self) -> None:
        self._no_more_rings()
        self.off_hook = True
        self.tell("hookoff", type=_SOFTWARE)
        self.line.off_hook()

    def release(self) -> None:
        """Go on hook."""
        if self.off_hook:
            self.off_hook = False
            self.tell("hookup")
            self.line.on_hook()

    def _send(self, digits: str) -> None:
        if not self.off_hook:
            self.tell("notify", errorType="SendDtmf", result=_WRONG_MODE)
            return
        self._clock.callLater(_TONE * len(digits) / self._speed, self.tell, "CallOutFinish")
        if self.line.state == "idle":
            self.line.dial(digits)
        else:
            self.line.dialled += digits

    # From the telephone line.

    def ring(self) -> None:
        """Ringing voltage."""
        if not self.off_hook:
            self._no_more_rings()
            self.tell("ring")
            self._quiet = self._clock.callLater(_RING_CANCEL / self._speed, self.tell, "ringCancel")

    def caller(self, fields: list[tuple[str, bytes]]) -> None:
        """Caller id was received."""
        number = dict(fields).get("NMBR", b"").decode("ascii", "replace")
        self.tell("callerId", callernumber=number)

    def damaged_caller(self) -> None:
        """Caller id was received with a wrong checksum, which the box keeps to itself."""

    def event(self, code: str) -> None:
        """What a modem would report by ``code``: of these the box knows busy tone and keys."""
        if code == "b":
            self.tell("busyTone")
        elif code in "0123456789*#" and not self._held:
            self.tell("dtmfdown", dtmfkey=ord(code))
        self._held = code in "0123456789*#"

    _held = False

    def handset(self, *, lifted: bool) -> None:
        """The telephone beside the box."""
        self._no_more_rings()
        if lifted:
            self.tell("hookoff", type=_HANDSET)
        else:
            self.tell("hookup")

    def dial_result(self, result: str) -> None:
        """A modem would say ``result``; the box hears tones only."""

    def cut(self) -> None:
        """The box is pulled out."""
        self._no_more_rings()
        self.off_hook = False
        self.line.cut()

    def _no_more_rings(self) -> None:
        if self._quiet is not None and self._quiet.active():
            self._quiet.cancel()
        self._quiet = None
