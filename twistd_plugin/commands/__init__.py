"""The ``callcenter`` command line.

Exit status: 0 done, 1 it did not work (one sentence on standard error), 2 wrong usage. Results go to standard output,
everything else to standard error; ``--json`` prints one JSON value where a command lists something.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from callcenter.alarms.settings import WebhookError
from callcenter.config import ConfigurationError
from hardware.simulators.control import SimulatorError
from storage.errors import StorageError
from twistd_plugin.commands import check_config, demo, devices, initialise, migrate, simulate
from twistd_plugin.commands.output import CommandError
from twistd_plugin.listener import TlsError

COMMANDS = (initialise, migrate, check_config, devices, simulate, demo)

_EXPECTED = (CommandError, ConfigurationError, SimulatorError, StorageError, TlsError, WebhookError)


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    whole = argparse.ArgumentParser(
        prog="callcenter",
        description="Huifang: call center, follow-up and CRM server for hospitals. The daemon itself is started by "
        "`twistd callcenter`.",
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add_parser(commands)
    return whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except _EXPECTED as error:
        print(f"callcenter: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough, as `callcenter devices | head -1` does.
        sys.stderr.close()
        return 1
