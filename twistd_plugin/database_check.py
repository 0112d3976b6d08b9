"""Whether the daemon may work with the database that it is configured for, asked before the reactor runs."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from callcenter.config import Configuration
from storage import schema
from storage.errors import DatabaseUnavailableError, SchemaOutdatedError


def require_ready_database(configuration: Configuration) -> None:
    """Raise ``DatabaseUnavailableError`` or ``SchemaOutdatedError``, each saying what to do. Blocks."""
    found, needed = database_revision(configuration), schema.head_revision()
    if found != needed:
        raise SchemaOutdatedError(
            f"the database is at revision {found or 'none'}, this program needs {needed}; "
            f"run: callcenter migrate --config {configuration.path}"
        )


def database_revision(configuration: Configuration) -> str | None:
    """The schema revision of the configured database, None for one without tables. Blocks.

    Raises ``DatabaseUnavailableError``. A SQLite file that does not exist is not made by asking.
    """
    url = make_url(configuration.settings.database_url)
    if url.get_backend_name() == "sqlite" and url.database and not _exists(url.database):
        return None
    try:
        return schema.current_revision(url)
    except (SQLAlchemyError, OSError) as error:
        cause = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        raise DatabaseUnavailableError(
            f"cannot open the database {url.render_as_string(hide_password=True)}: {cause}"
        ) from error


def _exists(path: str) -> bool:
    return Path(path).exists()
