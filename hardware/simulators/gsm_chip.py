"""The simulated GSM modem between computer and network: command lines, the prompt for a message, announcements.

Foreign programs (gammu, smstools, Kannel) drive it as they drive a real one: see ``test_gsm_peers.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from hardware.simulators.gsm_commands import CommandError, GsmCommands, with_centre
from hardware.simulators.gsm_network import GsmNetwork, Verdict
from hardware.simulators.gsm_requests import StateRequest, StoreRequest
from hardware.simulators.gsm_storage import SENT, UNREAD
from hardware.simulators.requests import RefusedError
from protocols.gsm_modem.codec import decode_submit, from_line
from protocols.gsm_modem.messages import PduError

_BASIC = re.compile(r"(?:&?[A-Z]\d*)*")
_MAX_LINE = 2000
_ESCAPE, _SUBSTITUTE, _RETURN, _BACKSPACE = 0x1B, 0x1A, 0x0D, 0x08
_PARAMETER, _NO_NETWORK = 304, 331


class GsmChip:
    """One modem. ``write`` sends bytes to the computer."""

    def __init__(
        self, network: GsmNetwork, write: Callable[[bytes], None], clock: IReactorTime, pin: str, size: int
    ) -> None:
        self._network = network
        self._write = write
        self._clock = clock
        self._line = bytearray()
        self._answer: IDelayedCall | None = None
        self._commands = GsmCommands(self._say, network.retry, pin, size)
        self._echo = True
        self._mute = False

    def power_on(self) -> None:
        """As after plugging in: settings are gone, messages are not."""
        self.stop()
        self._commands.power_on()
        self._echo = True
        self._line.clear()

    def stop(self) -> None:
        """Answer nothing any more."""
        if self._answer is not None and self._answer.active():
            self._answer.cancel()
        self._answer = None

    def change(self, request: StateRequest) -> None:
        """Something happens to SIM, network or modem."""
        self._commands.change(request)
        self._mute = self._mute if request.mute is None else request.mute

    def status(self) -> dict[str, Any]:
        """For whoever asks the simulator."""
        return self._commands.status()

    def store(self, request: StoreRequest) -> None:
        """Put something into the storage, and tell nobody. Raises ``RefusedError`` if there is no place."""
        storage = self._commands.storage["SM"]
        for _ in range(request.count):
            if storage.keep(bytes.fromhex(request.tpdu), SENT if request.sent else UNREAD) is None:
                raise RefusedError("the storage is full")

    # From the network.

    def deliver(self, tpdu: bytes, *, report: bool) -> bool:
        """See ``Mobile``: passed on, or kept and announced, as AT+CNMI says."""
        commands = self._commands
        if not commands.reachable:
            return False
        how = commands.announce[3 if report else 1]
        if how == (1 if report else 2):
            self._say(f"+CDS: {len(tpdu)}" if report else f"+CMT: ,{len(tpdu)}", with_centre(tpdu))
            return True
        if report and how != 2:
            return True
        memory = "SR" if report else "SM"
        place = commands.storage[memory].keep(tpdu)
        if place is None:
            return False
        if how:
            self._say(f'{"+CDSI" if report else "+CMTI"}: "{memory}",{place}')
        return True

    # From the computer.

    def receive(self, data: bytes) -> None:
        """Bytes from the computer. None are taken while the network is asked."""
        for byte in data:
            if self._answer is None:
                self._receive_byte(byte)

    def _receive_byte(self, byte: int) -> None:
        if self._echo and not self._mute:
            self._write(bytes([byte]))
        prompted = self._commands.promised is not None
        if byte == _ESCAPE:
            self._line.clear()
            if prompted:
                self._commands.promised = None
                self._say("OK")
        elif byte == (_SUBSTITUTE if prompted else _RETURN):
            line = self._line.decode("ascii", "replace").strip()
            self._line.clear()
            self._message(line) if prompted else self._command_line(line)
        elif byte == _BACKSPACE:
            del self._line[-1:]
        elif byte >= ord(" ") and len(self._line) < _MAX_LINE:
            self._line.append(byte)

    def _command_line(self, line: str) -> None:
        start = line.upper().find("AT")
        if start < 0:
            return
        try:
            for command in filter(None, line[start + 2 :].split(";")):
                self._command(command)
        except CommandError as error:
            self._refuse(error)
            return
        if self._commands.promised is None:
            self._say("OK")
        elif not self._mute:
            self._write(b"\r\n> ")

    def _command(self, command: str) -> None:
        if _BASIC.fullmatch(command.upper()):
            self._basic(command.upper())
        else:
            self._commands.execute(command)

    def _basic(self, command: str) -> None:
        for name, value in re.findall(r"(&?[A-Z])(\d*)", command):
            if name == "E":
                self._echo = value == "1"
            elif name in ("Z", "&F"):
                self._echo = True
                self._commands.reset()

    def _message(self, line: str) -> None:
        promised, self._commands.promised = self._commands.promised, None
        try:
            verdict = self._submit(line, promised)
        except CommandError as error:
            self._refuse(error)
        except PduError:
            self._refuse(CommandError(_PARAMETER))
        else:
            if not verdict.silent:
                self._answer = self._clock.callLater(verdict.delay, self._answered, verdict)

    def _submit(self, line: str, promised: int | None) -> Verdict:
        tpdu = from_line(line)
        if self._commands.text_mode or len(tpdu) != promised:
            raise CommandError(_PARAMETER)
        if not self._commands.reachable:
            raise CommandError(_NO_NETWORK)
        return self._network.submit(decode_submit(tpdu))

    def _answered(self, verdict: Verdict) -> None:
        self._answer = None
        if verdict.error is not None:
            self._refuse(CommandError(verdict.error))
        else:
            self._say(f"+CMGS: {verdict.reference}")
            self._say("OK")

    def _refuse(self, error: CommandError) -> None:
        plain = error.code is None or not self._commands.errors
        self._say("ERROR" if plain else f"+{error.family} ERROR: {error.code}")

    def _say(self, *lines: str) -> None:
        if not self._mute:
            self._write("".join(f"\r\n{line}" for line in lines).encode() + b"\r\n")
