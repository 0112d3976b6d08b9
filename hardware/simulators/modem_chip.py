"""The simulated modem between computer and telephone line: an AT command interpreter in the manner of V.250.

It is not built on our codec: what it says and accepts follows the chips' descriptions, refusals included.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from hardware.simulators.chips import Chip

_TOKEN = re.compile(
    r"(?P<dial>D[TP]?[0-9*#,]*)"
    r"|(?P<tones>[+#]VTS=[0-9A-D*#,]*)"
    r"|(?P<extended>[+#*-][A-Z]+(?:=[0-9,]*|\?|[0-9]*))"
    r"|(?P<basic>&?[A-Z][0-9]*)"
    r"|;| "
)
_MAX_COMMAND = 256
_BACKSPACE = 0x08
_DLE = 0x10
_NUMERIC = {"OK": "0", "CONNECT": "1", "RING": "2", "NO CARRIER": "3", "ERROR": "4", "BUSY": "7", "NO ANSWER": "8"}


class Line(Protocol):
    """What the modem does to the telephone line."""

    def off_hook(self) -> None:
        """The modem seized the line, or took the ringing call."""

    def on_hook(self) -> None:
        """The modem released the line."""

    def dial(self, number: str) -> None:
        """The modem dials; the line tells the outcome by ``ModemChip.dial_result``."""


class Voice(Protocol):
    """What is said in the call, sent while the modem is in receive mode."""

    @property
    def on(self) -> bool:
        """Whether it is being sent."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """Send no more."""


class ModemChip:
    """One modem. ``write`` sends bytes to the computer; ``plug`` connects the telephone line."""

    def __init__(self, chip: Chip, write: Callable[[bytes], None], voice: Voice) -> None:
        self.chip = chip
        self._write = write
        self._voice = voice
        self._after_dle = False
        self._line: Line | None = None
        self._command = bytearray()
        self.caller_id = False
        self.off_hook = False
        self.dialling = False
        self._power_on()

    def plug(self, line: Line) -> None:
        """Connect the telephone line."""
        self._line = line

    def _power_on(self) -> None:
        self._echo, self._verbose, self.voice = True, True, False
        self._receiving = False
        self._voice.stop()

    # From the computer.

    def receive(self, data: bytes) -> None:
        """Bytes from the computer."""
        for byte in data:
            self._receive_byte(byte)

    def _receive_byte(self, byte: int) -> None:
        if self._voice.on:
            self._receive_in_stream(byte)
            return
        if self.dialling:
            # Any character aborts dialling (V.250 5.6.1).
            self._hang_up()
            self.say("NO CARRIER")
            return
        if self._echo:
            self._write(bytes([byte]))
        if byte == ord("\r"):
            line = self._command.decode("ascii", "replace").strip().upper()
            self._command.clear()
            self._line_received(line)
        elif byte == _BACKSPACE:
            del self._command[-1:]
        elif byte >= ord(" ") and len(self._command) < _MAX_COMMAND:
            self._command.append(byte)

    def _receive_in_stream(self, byte: int) -> None:
        """Nothing but what ends the stream is heard."""
        ends = self._after_dle and bytes([byte]) in self.chip.receive_stops
        self._after_dle = byte == _DLE
        if ends:
            self._end_stream()

    def _end_stream(self) -> None:
        self._voice.stop()
        self._write(b"\x10\x03")
        self.say("OK")

    def _line_received(self, line: str) -> None:
        start = line.find("AT")
        if start < 0:
            return
        if all(self._execute(token) for token in self._tokens(line[start + 2 :])):
            if not self.dialling:
                self.say("CONNECT" if self._receiving else "OK")
            if self._receiving:
                self._receiving = False
                self._voice.start()
        else:
            self.say("ERROR")

    def _tokens(self, text: str) -> list[re.Match[str] | None]:
        tokens: list[re.Match[str] | None] = []
        position = 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            tokens.append(match)
            if match is None:
                break
            position = match.end()
        return tokens

    def _execute(self, token: re.Match[str] | None) -> bool:
        """Carry one command out; False if the chip does not know it."""
        if token is None:
            return False
        if token["dial"]:
            return self._dial(re.sub(r"^D[TP]?", "", token["dial"]))
        if token["tones"]:
            return self.voice and self.off_hook
        if token["extended"]:
            return self._extended(token["extended"])
        return self._basic(token["basic"]) if token["basic"] else True

    def _basic(self, command: str) -> bool:
        name, value = command.rstrip("0123456789"), command.lstrip("&ABCDEFGHIJKLMNOPQRSTUVWXYZ") or "0"
        match name:
            case "Z" | "&F":
                self._reset()
            case "E":
                self._echo = value != "0"
            case "V":
                self._verbose = value != "0"
            case "H":
                self._hang_up() if value == "0" else self._seize()
            case "A":
                return self.voice and self._seize()
            case "I":
                return self._tell(self.chip.information.get(value))
            case "Q" | "L" | "M" | "X" | "S" | "&C" | "&D" | "&K":
                pass
            case _:
                return False
        return True

    def _extended(self, command: str) -> bool:
        if command not in self.chip.known:
            return False
        if command in self.chip.caller_id_on:
            self.caller_id = True
        name, _, value = command.partition("=")
        match name[1:]:
            case "VCID" | "CID":
                self.caller_id = value == "1"
            case "FCLASS" | "CLS":
                self.voice = value == "8"
            case "VLS":
                if not self.voice:
                    return False
                self._seize() if value == "1" else self._hang_up()
            case "VRX":
                self._receiving = self.voice and self.off_hook
                return self._receiving
            case _:
                pass
        return True

    def _tell(self, text: str | None) -> bool:
        if text is not None:
            self.say(text)
        return text is not None

    def _reset(self) -> None:
        self._hang_up()
        self._power_on()
        if self.chip.forgets_caller_id:
            self.caller_id = False

    def _seize(self) -> bool:
        if not self.off_hook:
            self.off_hook = True
            if self._line is not None:
                self._line.off_hook()
        return True

    def _hang_up(self) -> None:
        self.dialling = False
        if self.off_hook:
            self.off_hook = False
            if self._line is not None:
                self._line.on_hook()

    def _dial(self, number: str) -> bool:
        if self._line is None or self.off_hook:
            return False
        self.off_hook = self.dialling = True
        self._line.dial(number)
        return True

    # From the telephone line.

    def ring(self) -> None:
        """Ringing voltage."""
        if not self.off_hook:
            self.say("RING")

    def caller(self, fields: list[tuple[str, bytes]]) -> None:
        """Caller id was received on hook; ``fields`` are key and raw value."""
        if self.caller_id and not self.off_hook:
            for key, value in fields:
                line = self.chip.field.format(key=key, value="\0").encode().replace(b"\0", value)
                self._write(b"\r\n" + line + b"\r\n")

    def damaged_caller(self) -> None:
        """Caller id was received with a wrong checksum."""
        if self.caller_id and not self.off_hook:
            self.say("ERRM")

    def event(self, code: str) -> None:
        """Something the modem reports only in voice mode."""
        if self.voice:
            self._write(b"\x10" + code.encode("latin-1"))

    def handset(self, *, lifted: bool) -> None:
        """The handset beside the modem."""
        if self.chip.handset_events is not None:
            self.event(self.chip.handset_events[0 if lifted else 1])

    def dial_result(self, result: str) -> None:
        """What the dialled call came to; all but an answer put the modem on hook."""
        answered = result == self.chip.dialled
        self.dialling = False
        if not answered:
            self._hang_up()
        self.say(result)

    def say(self, text: str) -> None:
        """Send a response line, or its number in numeric mode."""
        if self._verbose:
            self._write(f"\r\n{text}\r\n".encode())
        else:
            self._write(_NUMERIC.get(text, text).encode() + b"\r")
