"""An SMS gateway in software: ``python -m hardware.simulators.smsc --protocol cmpp3 --port 7890 --control SOCKET``.

It listens on the loopback interface or is a modem on a terminal, checks credentials, answers, delays, throttles, sends
receipts and texts, and cuts connections, as ``control`` scripts it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import TypeAdapter
from twisted.internet.ssl import PrivateCertificate

from hardware.simulators.process import Pluggable, serve
from hardware.simulators.requests import RefusedError
from hardware.simulators.smsc_cmpp import CmppSpeech
from hardware.simulators.smsc_options import add_options, given, treatment
from hardware.simulators.smsc_requests import STANDARD_NUMBER, Treatment
from hardware.simulators.smsc_service import KEPT, SimulatedSmsc
from hardware.simulators.smsc_smpp import SmppSpeech
from hardware.simulators.smsc_speech import Speech
from hardware.simulators.telephone_line import Done

PROTOCOLS: Mapping[str, Callable[[str, str], Speech]] = {
    "cmpp2": lambda user, secret: CmppSpeech(2, user, secret),
    "cmpp3": lambda user, secret: CmppSpeech(3, user, secret),
    "smpp": SmppSpeech,
}


class SmsSimulator(Pluggable, Protocol):
    """A simulated gateway of any family. ``requests`` reads what ``handle`` carries out."""

    @property
    def requests(self) -> TypeAdapter[Any]:
        """What it can be asked."""
        ...

    def set_up(self) -> Mapping[str, str]:
        """What a gateway of ours on it is set up with."""
        ...

    def handle(self, request: Any, done: Done) -> dict[str, Any]:
        """Carry out one control request."""
        ...


@dataclass(frozen=True)
class Family:
    """Gateways of one protocol: how one is made, and the options that it ``takes``, with what they are if not given."""

    make: Callable[[argparse.Namespace, Any, Treatment], SmsSimulator]
    takes: Mapping[str, Any]


def _pdu(options: argparse.Namespace, reactor: Any, treatment: Treatment) -> SmsSimulator:
    speech = PROTOCOLS[options.protocol]
    tls: Any = None
    if options.certificate is not None:
        tls = PrivateCertificate.loadPEM(options.certificate.read_bytes()).options()  # type: ignore[no-untyped-call]
    return SimulatedSmsc(
        reactor,
        lambda: speech(options.user, options.secret),
        treatment,
        options.port,
        tls,
        options.kept,
        PDU_SET_UP[options.protocol](options.user, options.secret),
    )


# A demo starts faster without the modules of what it does not simulate.
def _http(options: argparse.Namespace, reactor: Any, treatment: Treatment) -> SmsSimulator:
    from hardware.simulators.sms_provider import SimulatedProvider  # noqa: PLC0415

    return SimulatedProvider(options, reactor, treatment)


def _gsm(options: argparse.Namespace, reactor: Any, treatment: Treatment) -> SmsSimulator:
    from hardware.simulators.gsm_modem import SimulatedGsmModem  # noqa: PLC0415

    return SimulatedGsmModem(options, reactor, treatment)


_ACCOUNT = {"user": "900001", "secret": "888888", "kept": KEPT}
_CMPP = Family(_pdu, {"port": 7890, "certificate": None, **_ACCOUNT})
_PROVIDER = {"credit": 1000, "charset": "utf-8", "table": "a", "number": STANDARD_NUMBER}
FAMILIES: Mapping[str, Family] = {
    "cmpp2": _CMPP,
    "cmpp3": _CMPP,
    "smpp": Family(_pdu, {"port": 2775, "certificate": None, **_ACCOUNT}),
    "http": Family(_http, {"port": 8056, **_ACCOUNT, **_PROVIDER}),
    "gsm": Family(_gsm, {"link": None, "pin": "", "places": 30, "speed": 1.0, "kept": KEPT}),
}


def _cmpp_set_up(user: str, secret: str) -> Mapping[str, str]:
    return {"sp_id": user, "secret": secret, "sp_number": STANDARD_NUMBER}


PDU_SET_UP: Mapping[str, Callable[[str, str], Mapping[str, str]]] = {
    "cmpp2": _cmpp_set_up,
    "cmpp3": _cmpp_set_up,
    "smpp": lambda user, secret: {"system_id": user, "password": secret, "source": STANDARD_NUMBER},
}
"""The account and number in the settings of our gateways."""


def simulated(options: argparse.Namespace, reactor: Any) -> SmsSimulator:
    """The gateway that ``options`` describe, not started. Raises ``RefusedError`` for what its family cannot do."""
    family = FAMILIES[options.protocol]
    wrong = sorted(given(options) - set(family.takes))
    if wrong:
        raise RefusedError(f"a simulated {options.protocol} gateway takes no --{wrong[0]}")
    return family.make(argparse.Namespace(**{**family.takes, **vars(options)}), reactor, treatment(options))


def run(options: argparse.Namespace, tell: Callable[[str], None]) -> None:
    """Run the simulator until it is told to stop by SIGINT or SIGTERM. ``tell`` is told how to use it once it is there.

    Raises ``RefusedError``.
    """
    from twisted.internet import reactor  # noqa: PLC0415

    running: Any = reactor
    smsc = simulated(options, running)
    serve(running, options.control, smsc, smsc.handle, smsc.requests, lambda: tell(_use(smsc, options)))


def _use(smsc: SmsSimulator, options: argparse.Namespace) -> str:
    set_up = {"kind": options.protocol, **smsc.set_up()}
    settings = "".join(f"  {name} = {value}\n" for name, value in set_up.items() if value)
    return (
        f"A gateway on it is set up with\n{settings}"
        f"and a patient writes by\n  callcenter simulate sms 13800138000 退订 --control {options.control}"
    )


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description="A simulated SMS gateway.")
    add_options(parser, list(FAMILIES))
    try:
        run(parser.parse_args(), lambda _: None)
    except RefusedError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
