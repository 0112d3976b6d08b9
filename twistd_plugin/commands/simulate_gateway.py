"""``callcenter simulate smsc`` and what can be done to it: an SMS gateway in software, as a process of its own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from hardware.simulators.control import request
from hardware.simulators.requests import RefusedError
from hardware.simulators.smsc import FAMILIES, run
from hardware.simulators.smsc_options import add_options, treatment, treatment_options
from hardware.simulators.smsc_requests import Behaviour
from twistd_plugin.commands.demo_folder import DemoFolder
from twistd_plugin.commands.output import CommandError, json_option, say, say_json, var_option

_ACCEPT_SECONDS = 60.0


def add_gateway_actions(actions: Any) -> None:
    """Declare the actions."""
    smsc = actions.add_parser("smsc", help="run a simulated SMS gateway (CMPP, SMPP, HTTP, GSM) until it is stopped")
    add_options(smsc, list(FAMILIES))
    smsc.set_defaults(run=_smsc)
    text = actions.add_parser("sms", help="a patient writes to a simulated SMS gateway")
    text.add_argument("number", metavar="NUMBER", help="the patient's number")
    text.add_argument("text", metavar="TEXT")
    text.add_argument("--recipient", metavar="NUMBER", help="to which number (default: the gateway's)")
    text.add_argument("--backwards", action="store_true", help="the parts of a long text come the last first")
    text.add_argument("--wide", action="store_true", help="they have a 16-bit reference")
    text.add_argument("--copies", type=int, default=1, help="how often each part comes")
    _control(text)
    text.set_defaults(run=_text)
    treat = actions.add_parser("treat", help="change what a simulated SMS gateway does with messages")
    treat.add_argument("behaviour", choices=[one.value for one in Behaviour])
    treatment_options(treat)
    _control(treat)
    treat.set_defaults(run=_treat)
    drop = actions.add_parser("drop", help="cut the connections of a simulated SMS gateway")
    drop.add_argument(
        "--after", type=int, default=0, metavar="PDUS", help="cut later ones after so many PDUs or requests, too"
    )
    _control(drop)
    drop.set_defaults(run=_drop)
    credit = actions.add_parser("credit", help="how many messages the account of a simulated HTTP provider pays for")
    credit.add_argument("messages", type=int, metavar="MESSAGES")
    _control(credit)
    credit.set_defaults(run=_credit)
    state = actions.add_parser("smsc-status", help="what a simulated SMS gateway has done")
    _control(state)
    json_option(state)
    state.set_defaults(run=_status)


def _control(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--control", type=Path, metavar="SOCKET", help="its UNIX socket")
    parser.add_argument(
        "--gateway", default="1", metavar="GATEWAY", help="without --control, which of a running demo (default: 1)"
    )
    var_option(parser)


def _path(options: argparse.Namespace) -> Path:
    if options.control is not None:
        return Path(options.control)
    return DemoFolder(options.var).running().gateway(options.gateway).control_path


def _smsc(options: argparse.Namespace) -> int:
    try:
        run(options, say)
    except RefusedError as error:
        raise CommandError(str(error)) from error
    return 0


def _ask(options: argparse.Namespace, command: str, *names: str) -> dict[str, Any]:
    values = {name: getattr(options, name) for name in names}
    return request(_path(options), {"command": command, **values}, _ACCEPT_SECONDS)


def _text(options: argparse.Namespace) -> int:
    if options.recipient is None and options.control is None:
        options.recipient = DemoFolder(options.var).running().gateway(options.gateway).number
    _ask(options, "text", "number", "text", "recipient", "backwards", "wide", "copies")
    say("accepted")
    return 0


def _treat(options: argparse.Namespace) -> int:
    try:
        command = {"command": "treat", **treatment(options).model_dump(mode="json")}
    except RefusedError as error:
        raise CommandError(str(error)) from error
    request(_path(options), command, _ACCEPT_SECONDS)
    say("accepted")
    return 0


def _drop(options: argparse.Namespace) -> int:
    _ask(options, "drop", "after")
    say("accepted")
    return 0


def _credit(options: argparse.Namespace) -> int:
    _ask(options, "credit", "messages")
    say("accepted")
    return 0


def _status(options: argparse.Namespace) -> int:
    counts = {name: value for name, value in _ask(options, "status").items() if name != "accepted"}
    if options.json:
        say_json(counts)
    else:
        for name, value in counts.items():
            say(f"{name}: {value}")
    return 0
