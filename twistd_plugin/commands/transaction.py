"""One transaction on the configured database, for commands: they have no reactor to keep free."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from callcenter.config import Configuration
from storage.engines import writing_engine
from twistd_plugin.commands.output import CommandError

T = TypeVar("T")


def in_one_transaction(configuration: Configuration, function: Callable[[Session], T]) -> T:
    """``function(session)``, committed. Blocks. Raises what it raises; ``CommandError`` for the database's failures."""
    engine = writing_engine(make_url(configuration.settings.database_url), 1)
    try:
        with Session(engine) as session, session.begin():
            return function(session)
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        raise CommandError(f"the database refused: {cause}") from error
    finally:
        engine.dispose()
