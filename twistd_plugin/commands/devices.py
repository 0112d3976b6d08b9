"""``callcenter devices``: what is plugged in, and what to write into a line's ``port``."""

from __future__ import annotations

import argparse
from typing import Any

from hardware.discovery import DiscoveredDevice, discover
from twistd_plugin.commands.output import json_option, remark, say, say_json, table


def add_parser(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("devices", help="list serial and HID devices and what each might be")
    json_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """List them. None found is not a failure."""
    found = discover()
    for problem in found.problems:
        remark(f"note: {problem}")
    if options.json:
        say_json([_as_json(device) for device in found.devices])
    elif found.devices:
        say(table([_as_row(device) for device in found.devices], ("bus", "port", "device", "might be")))
    else:
        remark("No serial or HID device is visible. Is it plugged in, and may this user open it (group dialout)?")
    remark("note: boxes on the network are not listed: port is tcp://host:port, or udp://… for driver whozz")
    return 0


def _as_json(device: DiscoveredDevice) -> dict[str, Any]:
    return {
        "bus": device.kind.value,
        "port": device.port,
        "path": device.path,
        "description": device.description,
        "might_be": device.might_be,
        "vendor_id": device.vendor_id,
        "product_id": device.product_id,
        "serial_number": device.serial_number,
    }


def _as_row(device: DiscoveredDevice) -> dict[str, str]:
    return {
        "bus": device.kind.value,
        "port": device.port,
        "device": device.description,
        "might be": device.might_be,
    }
