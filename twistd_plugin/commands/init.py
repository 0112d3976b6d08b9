"""``callcenter init``: a configuration, a database, and the first administrator."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from callcenter.administration.first_users import NewAccount, create_first_administrator
from callcenter.config import load
from callcenter.errors import ServiceError
from storage.seed import seed_outcomes
from twistd_plugin.commands.configuration_text import configuration_text
from twistd_plugin.commands.migrate import migrate
from twistd_plugin.commands.output import CommandError, config_option, json_option, remark, say, say_json
from twistd_plugin.commands.transaction import transact


def add_parser(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("init", help="write a configuration, make the database and the first administrator")
    config_option(parser)
    parser.add_argument("--name", default="Huifang", help="the hospital's name (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="port of the pages (default: %(default)s)")
    parser.add_argument("--admin", default="admin", metavar="USERNAME", help="sign-in name (default: %(default)s)")
    json_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Make what is missing; the one-time password is shown now and never again."""
    path = options.config
    if path.exists():
        remark(f"{path} is there already and stays as it is.")
    else:
        _write(path, configuration_text(file=str(path), name=options.name, folder="var", port=options.port))
    configuration = load(path)
    migrate(configuration)
    try:
        account = transact(configuration, lambda session: _first(session, options.admin))
    except ServiceError as error:
        raise CommandError(f"no administrator was made: {error.message}") from error
    if options.json:
        say_json({"config": str(path), "username": account.username, "password": account.password})
    else:
        say(
            f"Ready. Sign in as {account.username} with the one-time password {account.password}\n"
            f"(it must be changed at the first sign-in). Start the daemon: twistd -n callcenter --config {path}"
        )
    return 0


def _write(path: Any, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror}") from error


def _first(session: Session, username: str) -> NewAccount:
    seed_outcomes(session)
    return create_first_administrator(session, username, datetime.now(UTC))
