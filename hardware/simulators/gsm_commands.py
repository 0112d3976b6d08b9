"""The commands of the simulated GSM modem and what they change (3GPP TS 27.005 and 27.007)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hardware.simulators.gsm_requests import Sim, StateRequest
from hardware.simulators.gsm_storage import Storage

SERVICE_CENTRE = '"+8613800100500",145'
_SERVICE_CENTRE_OCTETS = bytes.fromhex("0891683108100005F0")
_COMMAND = re.compile(r"(\+[A-Z]+)(=\?|\?|=)?(.*)", re.DOTALL)
_NO_SIM, _SIM_PIN, _SIM_PUK, _WRONG_PIN, _PARAMETER = 10, 11, 12, 16, 304
_MOST_PIN_TRIES = 3

_CONSTANT = {
    "+CGMI": "SIMCOM INCORPORATED",
    "+CGMM": "SIM800",
    "+CGMR": "Revision:1418B05SIM800L24",
    "+CGSN": "869988012345678",
    "+CIMI": "460001234567890",
}
_KNOWN = {
    "+CMGF": "(0,1)",
    "+CNMI": "(0-2),(0-2),(0,2),(0-2),(0,1)",
    "+CPMS": '("SM","SR"),("SM"),("SM")',
    "+CMGL": "(0-4)",
    "+CMGD": "(1-30),(0-4)",
    "+CSCS": '("IRA","GSM","UCS2","HEX")',
    "+CFUN": "(0,1,4),(0,1)",
    "+IFC": "(0-2),(0-2)",
    "+CREG": "(0-2)",
    "+CMEE": "(0-2)",
    "+CSQ": "(0-31,99),(0-7,99)",
    "+CSMS": "(0,1)",
    "+CSMP": "",
    "+CSCA": "",
    "+CMGS": "",
    "+CMGR": "",
    "+CPIN": "",
}


_AT_FIRST = {"+CSCS": '"IRA"', "+CFUN": "1", "+IFC": "0,0"}
"""What is kept and means nothing here."""


class CommandError(Exception):
    """The command is refused; ``code`` is of ``family``, without code it is a plain ERROR."""

    def __init__(self, code: int | None = None, family: str = "CMS") -> None:
        super().__init__(code, family)
        self.code, self.family = code, family


class GsmCommands:
    """SIM, network, storage and settings. ``say`` gets the lines that belong together; ``freed`` is called when there
    is place in the storage again.
    """

    def __init__(self, say: Callable[..., None], freed: Callable[[], None], pin: str, size: int) -> None:
        self._say = say
        self._freed = freed
        self._pin = pin
        self._pin_tries = 0
        self.storage = {"SM": Storage(size), "SR": Storage(size)}
        self.sim = Sim.PIN if pin else Sim.READY
        self.registration, self.signal = 1, 22
        self._handlers: dict[str, Callable[[str, str], None]] = {
            "+CPIN": self._cpin, "+CREG": self._creg, "+CSQ": self._csq, "+CMGF": self._cmgf, "+CSCA": self._csca,
            "+CPMS": self._cpms, "+CNMI": self._cnmi, "+CMGS": self._cmgs, "+CMGR": self._cmgr, "+CMGL": self._cmgl,
            "+CMGD": self._cmgd, "+CMEE": self._cmee, "+CSMS": self._csms,
        }  # fmt: skip
        self.power_on()

    def power_on(self) -> None:
        """As after plugging in: settings are gone, messages are not."""
        self.reset()
        self._memory = "SM"
        self._service_centre = SERVICE_CENTRE
        self._kept = dict(_AT_FIRST)
        self.announce: tuple[int, ...] = (0, 0, 0, 0, 0)
        self.promised: int | None = None
        if self._pin:
            self.sim = Sim.PIN

    def reset(self) -> None:
        """ATZ."""
        self.errors, self.text_mode = 0, True

    @property
    def reachable(self) -> bool:
        """Whether the network reaches the modem."""
        return self.registration in (1, 5) and self.sim is Sim.READY

    def change(self, request: StateRequest) -> None:
        """Something happens to SIM or network."""
        self.sim = request.sim or self.sim
        self.registration = self.registration if request.registration is None else request.registration
        self.signal = self.signal if request.signal is None else request.signal

    def execute(self, command: str) -> None:
        """Carry one extended command out; ``CommandError`` if it is refused. A message that it promises is ``promised``
        octets long.
        """
        match = _COMMAND.fullmatch(command)
        if match is None:
            raise CommandError
        name, kind, arguments = match[1], match[2] or "", match[3]
        if name in _CONSTANT and kind in ("", "=?"):
            if not kind:
                self._say(_CONSTANT[name])
        elif kind == "=?":
            if name not in _KNOWN:
                raise CommandError
            if _KNOWN[name]:
                self._say(f"{name}: {_KNOWN[name]}")
        elif name in self._handlers:
            self._handlers[name](kind, arguments)
        elif name in self._kept:
            self._keep(name, kind, arguments)
        elif name not in _KNOWN:
            raise CommandError

    def _keep(self, name: str, kind: str, value: str) -> None:
        if kind == "?":
            self._say(f"{name}: {self._kept[name]}")
        else:
            self._kept[name] = value

    def _cpin(self, kind: str, arguments: str) -> None:
        if self.sim is Sim.ABSENT:
            raise CommandError(_NO_SIM, "CME")
        if kind == "?":
            self._say(f"+CPIN: {self.sim}")
        elif self.sim is not Sim.PIN:
            raise CommandError(_WRONG_PIN, "CME")
        elif arguments.strip('"') == self._pin:
            self.sim, self._pin_tries = Sim.READY, 0
        else:
            self._pin_tries += 1
            self.sim = Sim.PUK if self._pin_tries >= _MOST_PIN_TRIES else Sim.PIN
            raise CommandError(_WRONG_PIN, "CME")

    def _creg(self, kind: str, _: str) -> None:
        if kind == "?":
            self._say(f"+CREG: 0,{self.registration}")

    def _csq(self, _: str, __: str) -> None:
        self._say(f"+CSQ: {self.signal},0")

    def _cmee(self, kind: str, arguments: str) -> None:
        self.errors = int(arguments) if kind == "=" and arguments.isdecimal() else self.errors

    def _csms(self, kind: str, _: str) -> None:
        self._say("+CSMS: 0,1,1,1" if kind == "?" else "+CSMS: 1,1,1")

    def _cmgf(self, kind: str, arguments: str) -> None:
        if kind == "?":
            self._say(f"+CMGF: {int(self.text_mode)}")
        elif arguments not in ("", "0", "1"):
            raise CommandError(_PARAMETER)
        else:
            self.text_mode = arguments == "1"

    def _csca(self, kind: str, arguments: str) -> None:
        self._require_sim()
        if kind == "?":
            self._say(f"+CSCA: {self._service_centre}")
        else:
            self._service_centre = arguments

    def _cpms(self, kind: str, arguments: str) -> None:
        self._require_sim()
        if kind == "=":
            wanted = arguments.split(",", maxsplit=1)[0].strip('"')
            if wanted not in self.storage:
                raise CommandError(302)
            self._memory = wanted
        names = (self._memory, "SM", "SM")
        counts = [(name, self.storage[name].used, self.storage[name].size) for name in names]
        if kind == "?":
            self._say("+CPMS: " + ",".join(f'"{name}",{used},{size}' for name, used, size in counts))
        else:
            self._say("+CPMS: " + ",".join(f"{used},{size}" for _, used, size in counts))

    def _cnmi(self, kind: str, arguments: str) -> None:
        if kind == "?":
            self._say("+CNMI: " + ",".join(map(str, self.announce)))
            return
        given = [int(field) if field.strip().isdecimal() else 9 for field in arguments.split(",")]
        limits = (3, 3, 3, 2, 1)
        if len(given) > len(limits) or any(value > most for value, most in zip(given, limits, strict=False)):
            raise CommandError(_PARAMETER)
        self.announce = (*given, *self.announce[len(given) :])

    def _cmgs(self, kind: str, arguments: str) -> None:
        self._require_sim()
        if kind != "=" or not re.fullmatch(r'"?\+?\d{1,20}"?(,\d+)?', arguments):
            raise CommandError(_PARAMETER)
        self.promised = int(re.sub(r"\D", "", arguments.split(",", maxsplit=1)[0]))

    def _cmgr(self, _: str, arguments: str) -> None:
        self._require_sim()
        stored = self._storage.read(int(arguments)) if arguments.isdecimal() else None
        if stored is None:
            raise CommandError(321)
        self._say(f"+CMGR: {stored.state},,{len(stored.tpdu)}", with_centre(stored.tpdu))

    def _cmgl(self, _: str, arguments: str) -> None:
        self._require_sim()
        if arguments and not arguments.isdecimal():
            raise CommandError(_PARAMETER)
        for place, stored in self._storage.listed(int(arguments or 0)):
            self._say(f"+CMGL: {place},{stored.state},,{len(stored.tpdu)}", with_centre(stored.tpdu))

    def _cmgd(self, _: str, arguments: str) -> None:
        self._require_sim()
        fields = arguments.split(",")
        if not all(field.strip().isdecimal() for field in fields):
            raise CommandError(_PARAMETER)
        if not self._storage.delete(int(fields[0]), int(fields[1]) if len(fields) > 1 else 0):
            raise CommandError(321)
        self._freed()

    @property
    def _storage(self) -> Storage:
        return self.storage[self._memory]

    def _require_sim(self) -> None:
        if self.sim is not Sim.READY:
            raise CommandError({Sim.ABSENT: 310, Sim.PIN: 311, Sim.PUK: 316}[self.sim])

    def status(self) -> dict[str, Any]:
        """For whoever asks the simulator."""
        return {
            "sim": self.sim.value,
            "registration": self.registration,
            "pdu_mode": not self.text_mode,
            "announces": list(self.announce),
            "stored": {name: storage.used for name, storage in self.storage.items()},
        }


def with_centre(tpdu: bytes) -> str:
    """``tpdu`` as a modem writes one that came in: behind the number of the service centre."""
    return (_SERVICE_CENTRE_OCTETS + tpdu).hex().upper()
