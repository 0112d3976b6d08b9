"""``callcenter init``: configuration, database and the first administrator of a new hospital."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from callcenter.administration.first_users import NewAccount, create_first_administrator
from callcenter.config import Configuration, load
from callcenter.errors import ServiceError
from storage.seed import seed_outcomes
from twistd_plugin.commands.configuration_text import configuration_text
from twistd_plugin.commands.migrate import migrate
from twistd_plugin.commands.output import CommandError, config_option, json_option, remark, say, say_json
from twistd_plugin.commands.transaction import in_one_transaction


def add_parser(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("init", help="make configuration, database and first administrator")
    config_option(parser)
    parser.add_argument("--var", default="var", metavar="DIR", help="data folder, relative to the configuration file")
    parser.add_argument("--hospital", default="Huifang", metavar="NAME", help="the hospital's name")
    parser.add_argument("--administrator", default="admin", metavar="NAME", help="user name (default: %(default)s)")
    json_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Make what is missing. A configuration that is there is kept; an administrator that is there ends it."""
    write_configuration(options.config, options.hospital, options.var)
    configuration = load(options.config)
    for warning in configuration.warnings:
        remark(f"warning: {warning}")
    migrate(configuration)
    account = _administrator(configuration, options.administrator)
    if options.json:
        say_json({"username": account.username, "password": account.password})
    else:
        say(
            f"The first administrator is {account.username} with the password {account.password}\n"
            "It is shown only now and has to be changed at the first sign-in."
        )
    remark(f"Start the daemon with: twistd --nodaemon callcenter --config {options.config}")
    return 0


def write_configuration(file: Path, hospital: str, folder: str) -> None:
    """Write a commented configuration unless there is one. Raises ``CommandError``."""
    text = configuration_text(file=str(file), name=hospital, folder=folder, port=8080)
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        remark(f"keeping {file}")
    except OSError as error:
        raise CommandError(f"cannot write {file}: {error.strerror}") from error
    else:
        remark(f"wrote {file}")


def _administrator(configuration: Configuration, username: str) -> NewAccount:
    def create(session: Any) -> NewAccount:
        seed_outcomes(session)
        return create_first_administrator(session, username, datetime.now(UTC))

    try:
        return in_one_transaction(configuration, create)
    except ServiceError as error:
        who = error.details.get("username")
        raise CommandError(error.message + (f" ({who})" if who else "")) from error
