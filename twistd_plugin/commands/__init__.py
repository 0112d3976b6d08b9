"""The ``callcenter`` command line.

Exit status: 0 done, 1 it did not work (one sentence on standard error), 2 wrong usage. Results go to standard output,
everything else to standard error; ``--json`` prints one JSON value where a command lists something.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module

from twistd_plugin.interpreter import look_for_garbage_seldom

COMMANDS: Mapping[str, str] = {
    "init": "initialise",
    "migrate": "migrate",
    "check-config": "check_config",
    "devices": "devices",
    "line-host-token": "line_host_token",
    "simulate": "simulate",
    "demo": "demo",
}
"""The module of each command. Only the one that is asked for is loaded: the whole server takes seconds to import."""


def parser(only: str | None = None) -> argparse.ArgumentParser:
    """The whole command line, or the part that has the command ``only``."""
    whole = argparse.ArgumentParser(
        prog="callcenter",
        description="Huifang: call center, follow-up and CRM server for hospitals. The daemon itself is started by "
        "`twistd callcenter`.",
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in [COMMANDS[only]] if only is not None and only in COMMANDS else COMMANDS.values():
        import_module(f"twistd_plugin.commands.{module}").add_parser(commands)
    return whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    look_for_garbage_seldom()
    given = sys.argv[1:] if arguments is None else arguments
    options = parser(given[0] if given else None).parse_args(given)
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough, as `callcenter devices | head -1` does.
        sys.stderr.close()
        return 1
    except Exception as error:
        # Loaded when there is one, for the reason told at COMMANDS.
        if not isinstance(error, import_module("twistd_plugin.commands.expected").EXPECTED):
            raise
        print(f"callcenter: {error}", file=sys.stderr)
        return 1
