"""``callcenter migrate``: bring the database to this program's schema."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from callcenter.administration.first_users import add_new_roles
from callcenter.config import Configuration, load
from storage import schema
from twistd_plugin.commands.output import CommandError, config_option, say
from twistd_plugin.commands.transaction import in_one_transaction
from twistd_plugin.database_check import database_revision


def add_parser(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("migrate", help="bring the database to this program's schema (stop the daemon first)")
    config_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Upgrade, and say from where to where."""
    configuration = load(options.config)
    before = database_revision(configuration)
    migrate(configuration)
    now = schema.head_revision()
    say(
        f"The database is at revision {now}."
        if before == now
        else f"The database went from {before or 'none'} to {now}."
    )
    # Of code and not of the schema: migrations that ran anywhere stay as they are.
    for name in in_one_transaction(configuration, lambda session: add_new_roles(session, datetime.now(UTC))):
        say(f"There is a new role that nobody has yet: {name}")
    return 0


def migrate(configuration: Configuration) -> None:
    """Make the data folder and the tables. Raises ``CommandError``."""
    url = make_url(configuration.settings.database_url)
    try:
        configuration.settings.var.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if url.get_backend_name() == "sqlite" and url.database:
            Path(url.database).touch(mode=0o600)
        schema.upgrade(url)
    except (SQLAlchemyError, OSError) as error:
        cause = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        raise CommandError(f"cannot migrate {url.render_as_string(hide_password=True)}: {cause}") from error
