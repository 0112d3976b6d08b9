"""Events that a modem shields with DLE, on its command side and within audio alike (V.253 chapter 9)."""

from __future__ import annotations

from protocols.hayes.messages import Digit, DleEvent, Message

DLE = 0x10

_SHIELD_OPEN, _SHIELD_CLOSE = "/", "~"
_DIGITS = frozenset("0123456789*#ABCD")
_EVENTS = frozenset("RrdibKHPhplLqsvVwacmefJt$uo\x03")


class ShieldedEvents:
    """Reads the characters after DLE in their order. A digit that is repeated while its key is down counts once."""

    def __init__(self) -> None:
        self._held: str | None = None

    def read(self, code: int) -> Message | None:
        """What ``code`` says; None for what only opens, closes or repeats.

        ``ValueError`` for a character that is no event.
        """
        char = chr(code)
        if char in _EVENTS:
            return DleEvent(char)
        if char in _DIGITS:
            return self._digit(char)
        if char not in (_SHIELD_OPEN, _SHIELD_CLOSE):
            raise ValueError(f"DLE {code:02x} is no event")
        self._held = "" if char == _SHIELD_OPEN else None
        return None

    def _digit(self, char: str) -> Message | None:
        repeated = self._held == char
        if self._held is not None:
            self._held = char
        return None if repeated else Digit(char)
