"""The simulated lines of a demo: five devices of three kinds, each a process of its own, behind a pseudo-terminal or,
as the vendor's service of a UBOX is, on a port of this machine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from callcenter.settings import Settings
from hardware.drivers import LineSettings
from twistd_plugin.commands.demo_folder import SimulatedLine
from twistd_plugin.commands.demo_simulators import SimulatorProgram, control_folder
from twistd_plugin.commands.ports import free_port

# name, driver, chip
DEMO_LINES = (
    ("1", "hayes", "usr"),
    ("2", "hayes", "conexant"),
    ("3", "hayes", "agere"),
    ("4", "fsk", "fsk"),
    ("5", "ubox", "FI3101A"),
)
_SERVICE = re.compile(r"ws://127\.0\.0\.1:(\d+)/demo#1")


def device_path(folder: Path, name: str) -> Path:
    """The link to the terminal of a demo line."""
    return folder / "devices" / f"line-{name}"


def demo_port(folder: Path, name: str, driver: str) -> str:
    """The ``port`` setting of a demo line."""
    return _service_address(free_port()) if driver == "ubox" else str(device_path(folder, name))


def with_free_ports(lines: Sequence[LineSettings]) -> tuple[LineSettings, ...]:
    """``lines`` with a port of this process for each service of ours: that of the last start may be somebody else's by
    now, or be about to.
    """
    return tuple(
        line.model_copy(update={"port": _service_address(free_port())}) if _SERVICE.fullmatch(line.port) else line
        for line in lines
    )


def simulated_lines(folder: Path, settings: Settings) -> list[SimulatedLine]:
    """The lines of the configuration whose port is one of ours; any other is real and left alone."""
    chips = {str(device_path(folder, name)): (f"line-{name}", chip) for name, _, chip in DEMO_LINES}
    service = next((f"line-{name}", chip) for name, driver, chip in DEMO_LINES if driver == "ubox")
    controls = control_folder(folder)
    found = [(line, service if _SERVICE.fullmatch(line.port) else chips.get(line.port)) for line in settings.lines]
    return [
        SimulatedLine(line.name, line.driver.value, ours[1], line.port, str(controls / ours[0]))
        for line, ours in found
        if ours is not None
    ]


def _service_address(port: int) -> str:
    # The service does not care for the path: it says that the port is of a demo.
    return f"ws://127.0.0.1:{port}/demo#1"


def line_program(line: SimulatedLine) -> SimulatorProgram:
    """What simulates ``line``."""
    module, arguments = _program(line)
    makes = () if _SERVICE.fullmatch(line.port) else (Path(line.port),)
    return SimulatorProgram(f"line {line.name}", module, arguments, line.control_path, makes)


def _program(line: SimulatedLine) -> tuple[str, tuple[str, ...]]:
    match line.driver:
        case "fsk":
            return "hardware.simulators.fsk_box", ("--link", line.port)
        case "ubox":
            port = line.port.removesuffix("/demo#1").rpartition(":")[2]
            return "hardware.simulators.ubox_service", ("--port", port, "--model", line.chip)
        case _:
            return "hardware.simulators.modem", ("--link", line.port, "--profile", line.chip)
