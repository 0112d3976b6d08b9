"""One transaction for a command: no reactor, no threads, no daemon."""

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


def transact(configuration: Configuration, function: Callable[[Session], T]) -> T:
    """``function(session)``, committed. Raises ``CommandError`` when the database refuses, and what it raises."""
    engine = writing_engine(make_url(configuration.settings.database_url), 1)
    try:
        with Session(engine) as session, session.begin():
            return function(session)
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        raise CommandError(f"the database refused: {cause}") from error
    finally:
        engine.dispose()
