"""``callcenter line-host-token``: say which line hosts may connect."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

from callcenter.administration.principal import SYSTEM
from callcenter.config import Configuration, load
from callcenter.errors import ServiceError
from callcenter.telephony.line_hosts import list_hosts, make_token, revoke_token
from twistd_plugin.commands.output import CommandError, config_option, json_option, remark, say, say_json, table
from twistd_plugin.commands.transaction import in_one_transaction


def add_parser(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "line-host-token", help="make, list and revoke the tokens of line hosts",
        description="Without an option, make a token for the line host NAME: it is shown only now, and one from before "
        "is void.",
    )  # fmt: skip
    config_option(parser)
    parser.add_argument("name", nargs="?", metavar="NAME", help="the line host, as in the lines of the configuration")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="list the line hosts that have a token")
    what.add_argument("--revoke", action="store_true", help="make the token void; who is connected is put out")
    json_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do it in one transaction; the daemon may run meanwhile."""
    if (options.name is None) is not options.list:
        raise CommandError("name the line host, or ask for the --list of all")
    configuration = load(options.config)
    if options.list:
        _list(configuration, as_json=options.json)
    else:
        _change(configuration, options)
    return 0


def _change(configuration: Configuration, options: argparse.Namespace) -> None:
    name, now = options.name, datetime.now(UTC)
    work = revoke_token if options.revoke else make_token
    try:
        token = in_one_transaction(configuration, lambda session: work(session, name, SYSTEM, now))
    except ServiceError as error:
        raise CommandError(error.message) from error
    if not options.revoke and name not in {line.host for line in configuration.settings.lines}:
        remark(f'note: no line of {configuration.path} has host = "{name}" yet')
    if options.json:
        say_json({"name": name} if options.revoke else {"name": name, "token": token})
    elif options.revoke:
        say(f"The line host {name} may not connect any more.")
    else:
        say(f"{token}")
        remark("This is shown only now. It belongs into the file that [server] token of linehost.toml names.")


def _list(configuration: Configuration, *, as_json: bool) -> None:
    hosts = in_one_transaction(configuration, list_hosts)
    if as_json:
        say_json(hosts)
    elif hosts:
        rows = [
            {"name": one["name"], "token of": one["created_at"], "last connected": one["connected_at"] or "never",
             "from": one["address"]}
            for one in hosts
        ]  # fmt: skip
        say(table(rows, ("name", "token of", "last connected", "from")))
    else:
        remark("No line host has a token.")
