"""``callcenter simulate``: let something happen on a simulated line of a running demo, or run an SMS gateway."""

from __future__ import annotations

import argparse
from typing import Any

from hardware.simulators.control import request, send
from hardware.simulators.requests import CallerIdKind, DialResult
from twistd_plugin.commands.demo_folder import DemoFolder, RunningDemo
from twistd_plugin.commands.output import json_option, say, say_json, table, var_option
from twistd_plugin.commands.simulate_gateway import add_gateway_actions

_ACCEPT_SECONDS = 60.0


def add_parser(commands: Any) -> None:
    """Declare the command and its own commands."""
    parser = commands.add_parser("simulate", help="make something happen on a simulated line, or run an SMS gateway")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_call(actions)
    _add_outgoing(actions)
    for name, description in (
        ("unplug", "pull the device of a line out"),
        ("replug", "plug it in again; it comes back under another name"),
    ):
        action = actions.add_parser(name, help=description)
        _line_options(action)
        action.set_defaults(run=_simple)
    raw = actions.add_parser("raw", help="let the device say arbitrary bytes")
    raw.add_argument("data", metavar="HEX", help="bytes in hexadecimal")
    _line_options(raw)
    raw.set_defaults(run=_raw)
    add_gateway_actions(actions)
    status = actions.add_parser("status", help="list the simulated lines and their state")
    var_option(status)
    json_option(status)
    status.set_defaults(run=_status)


def _line_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--line", default="1", metavar="LINE", help="number or name of the line (default: 1)")
    var_option(parser)


def _add_call(actions: Any) -> None:
    call = actions.add_parser("call", help="somebody calls; returns when the call is over")
    call.add_argument("number", metavar="NUMBER", help="the caller's number")
    _line_options(call)
    call.add_argument("--name", default="", help="caller name that the network sends")
    call.add_argument("--charset", choices=("utf-8", "gbk"), default="utf-8", help="how it sends the name")
    call.add_argument(
        "--caller-id", choices=[kind.value for kind in CallerIdKind], default=CallerIdKind.FULL.value,
        help="what the network sends about the caller (default: %(default)s)",
    )  # fmt: skip
    call.add_argument("--rings-before-id", type=int, default=1, metavar="N", help="caller id comes after N rings")
    call.add_argument("--rings", type=int, default=8, metavar="N", help="give up after N rings (default: %(default)s)")
    call.add_argument("--answer-after", type=float, metavar="SECONDS", help="somebody lifts the handset on the desk")
    call.add_argument(
        "--hangup-after", type=float, metavar="SECONDS", help="the caller hangs up so long after an answer"
    )
    call.add_argument("--digits", default="", help="keys that the caller presses once answered")
    call.add_argument("--detach", action="store_true", help="return at once")
    call.set_defaults(run=_call)


def _add_outgoing(actions: Any) -> None:
    outgoing = actions.add_parser("outgoing", help="decide how the next dialled call comes out")
    outgoing.add_argument("result", choices=[result.value for result in DialResult])
    _line_options(outgoing)
    outgoing.add_argument("--after", type=float, default=3.0, metavar="SECONDS", help="when (default: %(default)s)")
    outgoing.add_argument("--hangup-after", type=float, metavar="SECONDS", help="the far end hangs up so long after")
    outgoing.add_argument("--wait", action="store_true", help="return when that call is over")
    outgoing.set_defaults(run=_outgoing)


def _running(options: argparse.Namespace) -> RunningDemo:
    return DemoFolder(options.var).running()


def _follow(options: argparse.Namespace, command: dict[str, Any], *, wait: bool) -> int:
    line = _running(options).line(options.line)
    if not wait:
        request(line.control_path, command, _ACCEPT_SECONDS)
        say(f"line {line.name}: accepted")
        return 0
    for reply in send(line.control_path, command):
        if "done" in reply:
            say(f"line {line.name}: {reply['done']}")
    return 0


def _call(options: argparse.Namespace) -> int:
    command = {
        "command": "call",
        "number": options.number,
        "name": options.name,
        "charset": options.charset,
        "caller_id": options.caller_id,
        "rings_before_id": options.rings_before_id,
        "rings": options.rings,
        "answer_after": options.answer_after,
        "hangup_after": options.hangup_after,
        "digits": options.digits,
    }
    return _follow(options, command, wait=not options.detach)


def _outgoing(options: argparse.Namespace) -> int:
    command = {
        "command": "outgoing",
        "result": options.result,
        "after": options.after,
        "hangup_after": options.hangup_after,
    }
    return _follow(options, command, wait=options.wait)


def _simple(options: argparse.Namespace) -> int:
    return _follow(options, {"command": options.action}, wait=False)


def _raw(options: argparse.Namespace) -> int:
    return _follow(options, {"command": "raw", "data": options.data}, wait=False)


def _status(options: argparse.Namespace) -> int:
    lines = [
        {"name": line.name, "driver": line.driver, "chip": line.chip}
        | request(line.control_path, {"command": "status"}, _ACCEPT_SECONDS)
        for line in _running(options).lines
    ]
    if options.json:
        say_json([{key: value for key, value in line.items() if key != "accepted"} for line in lines])
    else:
        rows = [{key: str(value) for key, value in line.items()} for line in lines]
        say(table(rows, ("name", "driver", "chip", "plugged", "line", "port")))
    return 0
