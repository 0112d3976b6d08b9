"""An SMS gateway in software: ``python -m hardware.simulators.smsc --protocol cmpp3 --port 7890 --control SOCKET``.

It listens on the loopback interface, checks credentials, answers, delays, throttles, sends receipts and texts, and cuts
connections, as ``control`` scripts it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from twisted.internet.ssl import PrivateCertificate

from hardware.simulators.process import common_options, serve
from hardware.simulators.smsc_cmpp import CmppSpeech
from hardware.simulators.smsc_requests import Behaviour, Treatment, smsc_requests
from hardware.simulators.smsc_service import KEPT, SimulatedSmsc
from hardware.simulators.smsc_smpp import SmppSpeech
from hardware.simulators.smsc_speech import Speech

PROTOCOLS: Mapping[str, Callable[[str, str], Speech]] = {
    "cmpp2": lambda user, secret: CmppSpeech(2, user, secret),
    "cmpp3": lambda user, secret: CmppSpeech(3, user, secret),
    "smpp": SmppSpeech,
}
PORTS: Mapping[str, int] = {"cmpp2": 7890, "cmpp3": 7890, "smpp": 2775}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of a simulated gateway."""
    parser.add_argument("--protocol", choices=sorted(PROTOCOLS), default="cmpp3", help="default %(default)s")
    parser.add_argument("--port", type=int, help="TCP port on the loopback interface; 0 for any that is free")
    parser.add_argument("--user", default="900001", help="who may sign in (default %(default)s)")
    parser.add_argument("--secret", default="888888", help="default %(default)s")
    parser.add_argument("--certificate", type=Path, metavar="FILE", help="TLS with this key and certificate (PEM)")
    parser.add_argument("--behaviour", choices=[one.value for one in Behaviour], default="accept", help="of messages")
    parser.add_argument("--kept", type=int, default=KEPT, help="messages that can be told (default %(default)s)")
    treatment_options(parser)


def treatment_options(parser: argparse.ArgumentParser) -> None:
    """What can be said of how messages are treated, beside the behaviour; see ``Treatment``."""
    parser.add_argument("--code", type=int, default=13, help="result or status of a refusal (default %(default)s)")
    parser.add_argument("--delay", type=float, default=0.0, metavar="SECONDS", help="before an answer")
    parser.add_argument("--receipt", default="DELIVRD", metavar="STATE", help="none for no receipts")
    parser.add_argument("--receipt-after", type=float, default=0.5, metavar="SECONDS", help="default %(default)s")
    parser.add_argument("--copies", type=int, default=1, help="how often each receipt comes")
    parser.add_argument("--shuffled", action="store_true", help="receipts come in any order")
    parser.add_argument("--limit", type=float, metavar="RATE", help="more messages a second are throttled")


def treatment(options: argparse.Namespace) -> Treatment:
    """The one that ``options`` describe."""
    values = {name: getattr(options, name) for name in Treatment.model_fields}
    return Treatment.model_validate({**values, "receipt": None if options.receipt == "none" else options.receipt})


def simulated(options: argparse.Namespace, reactor: Any) -> SimulatedSmsc:
    """The gateway that ``options`` describe, not started."""
    make = PROTOCOLS[options.protocol]
    port = PORTS[options.protocol] if options.port is None else options.port
    tls: Any = None
    if options.certificate is not None:
        tls = PrivateCertificate.loadPEM(options.certificate.read_bytes()).options()  # type: ignore[no-untyped-call]
    return SimulatedSmsc(
        reactor, lambda: make(options.user, options.secret), treatment(options), port, tls, options.kept
    )


def run(options: argparse.Namespace) -> None:
    """Run the simulator until it is told to stop by SIGINT or SIGTERM."""
    from twisted.internet import reactor  # noqa: PLC0415

    running: Any = reactor
    smsc = simulated(options, running)
    serve(running, options.control, smsc, smsc.handle, smsc_requests)


def main() -> None:
    """Read the options and run."""
    parser = common_options("A simulated SMS gateway.")
    add_options(parser)
    run(parser.parse_args())


if __name__ == "__main__":
    main()
