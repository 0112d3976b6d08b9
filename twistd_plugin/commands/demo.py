"""``callcenter demo``: a working hospital with simulated phone lines and invented patients."""

from __future__ import annotations

import argparse
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callcenter.config import Configuration, load
from twistd_plugin.blocking import blocking_allowed
from twistd_plugin.commands.configuration_text import configuration_text
from twistd_plugin.commands.demo_folder import DemoFolder
from twistd_plugin.commands.demo_lines import DEMO_LINES, demo_port, line_program, simulated_lines, with_free_ports
from twistd_plugin.commands.demo_simulators import Simulators
from twistd_plugin.commands.migrate import migrate
from twistd_plugin.commands.output import CommandError, say, var_option

if TYPE_CHECKING:
    from twistd_plugin.commands.demo_data import DemoContent

DEFAULT_PATIENTS = 2000
DEFAULT_PAST_DAYS = 45
MAXIMUM_PORT = 65535


def add_parser(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("demo", help="run a working hospital with demo data and simulated phone lines")
    parser.add_argument("--port", type=_port, default=8080, help="port of the pages; 0 for any (default: %(default)s)")
    var_option(parser)
    parser.add_argument(
        "--patients", type=int, default=DEFAULT_PATIENTS, metavar="N",
        help="how many patients to invent at the first start (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--past-days", type=int, default=DEFAULT_PAST_DAYS, metavar="N",
        help="how many days of calls to invent at the first start (default: %(default)s)",
    )  # fmt: skip
    parser.set_defaults(run=run)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > MAXIMUM_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0 to {MAXIMUM_PORT}")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Prepare what is missing, start the simulators, be the daemon until a signal comes."""
    # Slow to import (pinyin, number regions), and every other command would wait for it.
    from twistd_plugin.commands.demo_data import fill  # noqa: PLC0415
    from twistd_plugin.commands.demo_gateways import gateway_programs  # noqa: PLC0415

    folder = DemoFolder(options.var)
    require_free_port("127.0.0.1", options.port)
    folder.create()
    with folder.locked():
        configuration = _configuration(folder, options.port)
        migrate(configuration)
        content = fill(configuration, folder, options.patients, max(0, options.past_days))
        lines = simulated_lines(folder.path, configuration.settings)
        simulators = Simulators([*map(line_program, lines), *gateway_programs(content.gateways)])

        def announce(address: str) -> None:
            folder.write_running(address, lines, content.gateways)

        try:
            simulators.start()
            return _serve(configuration, folder, content, announce)
        finally:
            folder.forget_running()
            simulators.stop()


def require_free_port(interface: str, port: int) -> None:
    """Raise ``CommandError`` when another program listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((interface, port))
        except OSError as error:
            raise CommandError(
                f"port {port} of {interface} cannot be used ({error.strerror}); choose another with --port "
                "(make run PORT=8081)"
            ) from error


_FOR_A_DEMO = """
# Two of the modems record: two tones by turns, which is all that is ever said here.
[recordings]
enabled = true

# A demo is looked at in the evening too; a hospital leaves this out and calls from 08:00 to 20:00.
[call_tasks]
earliest = "00:00"
latest = "24:00"
"""
# A modem's own is 6, a second more than from one ring to the next.
_OF_LINES = {"hayes": "# On a busy computer a simulated modem rings seconds late.\nring_timeout = 10\n"}


def _configuration(folder: DemoFolder, port: int) -> Configuration:
    """The demo's configuration: written at the first start, the hospital's own afterwards, but for the port."""
    if not folder.configuration.exists():
        lines = [(name, driver, demo_port(folder.path, name, driver)) for name, driver, _ in DEMO_LINES]
        folder.configuration.write_text(
            configuration_text(
                file=str(folder.configuration),
                name="回访示范医院",
                folder=".",
                port=port,
                area_code="010",
                lines=lines,
                more=_OF_LINES,
            )
            + _FOR_A_DEMO,
            encoding="utf-8",
        )
    configuration = load(folder.configuration)
    settings = configuration.settings
    web = settings.web.model_copy(update={"port": port})
    changes = {"web": web, "lines": with_free_ports(settings.lines)}
    return Configuration(configuration.path, settings.model_copy(update=changes), configuration.warnings)


def _serve(configuration: Configuration, folder: DemoFolder, content: DemoContent, announce: Any) -> int:
    # A reactor is installed by its import: only the command that runs one may do that.
    from twisted.internet import reactor  # noqa: PLC0415

    from twistd_plugin.running import begin_logging, run_in_foreground  # noqa: PLC0415
    from twistd_plugin.service import open_service  # noqa: PLC0415

    logging = configuration.settings.logging
    begin_logging(folder.path / "daemon.log", logging.format, logging.level)

    def listening(port: int) -> None:
        address = f"http://127.0.0.1:{port}/"
        with blocking_allowed("once, and before anybody knows where we listen"):
            announce(address)
            say(_welcome(address, folder, content))

    return run_in_foreground(open_service(configuration, reactor), reactor, listening)


def _welcome(address: str, folder: DemoFolder, content: DemoContent) -> str:
    users = content.users
    width = max(len(user["username"]) for user in users.values())
    signs = "\n".join(f"  {role:<10}  {user['username']:<{width}}  {user['password']}" for role, user in users.items())
    program = Path(sys.argv[0])
    command = str(program) if program.name == "callcenter" else f"{sys.executable} -m twistd_plugin.commands"
    return (
        f"Huifang is ready at {address}\n\nSign in as (also in {folder.users_file}):\n{signs}\n\n"
        f"Make the phone ring, from another terminal:\n"
        f"  {command} simulate call {content.known_number} --line 1 --var {folder.path}\n\n"
        f"Let a patient of the doctor write:\n"
        f"  {command} simulate sms {content.writing_number} 医生您好，药吃完了还要再开吗？ --var {folder.path}\n\n"
        "Stop with Ctrl-C."
    )
