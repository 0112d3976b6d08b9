"""The options of a simulated SMS gateway on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from hardware.simulators.requests import RefusedError
from hardware.simulators.smsc_requests import Behaviour, Treatment

_OWN = (
    ("port", int, "TCP port on the loopback interface, 0 for any that is free (not gsm)"),
    ("user", str, "who may sign in: 900001 (not gsm)"),
    ("secret", str, "their password: 888888 (not gsm)"),
    ("certificate", Path, "TLS with the key and certificate of this PEM file (cmpp2, cmpp3, smpp)"),
    ("credit", int, "messages that are paid for: 1000 (http)"),
    ("charset", str, "of sms.aspx: utf-8 or gbk (http)"),
    ("table", str, "codes of 56短信网: a or b (http)"),
    ("number", str, "to which patients write, before an extension: 1069 (http)"),
    ("link", Path, "symbolic link to make to the terminal, beside the control socket if not given (gsm)"),
    ("pin", str, "what the SIM wants first (gsm)"),
    ("places", int, "messages that the SIM can keep: 30 (gsm)"),
    ("speed", float, "how much faster than real time: 1 (gsm)"),
    ("kept", int, "messages that can be told: 1000"),
)
"""Those that not every family takes, or not with the same default: ``hardware.simulators.smsc.FAMILIES`` says."""
_CHOICES = {"charset": ("utf-8", "gbk"), "table": ("a", "b")}


def add_options(parser: argparse.ArgumentParser, protocols: Sequence[str]) -> None:
    """The options of a simulated gateway of one of ``protocols``."""
    parser.add_argument("--control", type=Path, required=True, metavar="SOCKET", help="UNIX socket for requests")
    parser.add_argument("--protocol", choices=protocols, default="cmpp3", help="default %(default)s")
    for name, kind, words in _OWN:
        parser.add_argument(
            f"--{name}", type=kind, default=argparse.SUPPRESS, choices=_CHOICES.get(name), help=words,
            metavar=name.upper(),
        )  # fmt: skip
    parser.add_argument("--behaviour", choices=[one.value for one in Behaviour], default="accept", help="of messages")
    treatment_options(parser)


def given(options: argparse.Namespace) -> set[str]:
    """Which of the options were given that not every family takes."""
    return {name for name, _, _ in _OWN} & set(vars(options))


def treatment_options(parser: argparse.ArgumentParser) -> None:
    """What can be said of how messages are treated, beside the behaviour; see ``Treatment``."""
    parser.add_argument("--code", type=int, help="what a refusal says: result, status, error or code")
    parser.add_argument("--delay", type=float, default=0.0, metavar="SECONDS", help="before an answer")
    parser.add_argument("--receipt", default="DELIVRD", metavar="STATE", help="none for no receipts")
    parser.add_argument("--receipt-after", type=float, default=0.5, metavar="SECONDS", help="default %(default)s")
    parser.add_argument("--copies", type=int, default=1, help="how often each receipt comes")
    parser.add_argument("--shuffled", action="store_true", help="receipts come in any order (cmpp2, cmpp3, smpp)")
    parser.add_argument("--limit", type=float, metavar="RATE", help="more messages a second are throttled")


def treatment(options: argparse.Namespace) -> Treatment:
    """The one that ``options`` describe. Raises ``RefusedError``."""
    values = {name: getattr(options, name) for name in Treatment.model_fields}
    receipt = None if options.receipt == "none" else options.receipt
    try:
        return Treatment.model_validate({**values, "receipt": receipt})
    except ValidationError as error:
        raise RefusedError("; ".join(f"--{each['loc'][0]}: {each['msg']}" for each in error.errors())) from error
