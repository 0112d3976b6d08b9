"""The revision of the tables: what they are at, what this program needs, and the way from one to the other."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, create_engine, make_url
from sqlalchemy.orm import Session

from storage.errors import SchemaOutdatedError

MIGRATIONS = Path(__file__).parent / "migrations"


def _config(url: str | URL) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["url"] = make_url(url)
    return config


def head_revision() -> str:
    """The revision that this program works with."""
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert head is not None, "the wheel carries no migrations"  # noqa: S101
    return head


def session_revision(session: Session) -> str | None:
    """The revision of the database of ``session``; None for an empty one."""
    return MigrationContext.configure(session.connection()).get_current_revision()


def require_current(session: Session) -> None:
    """Raise SchemaOutdatedError, naming the command to run, unless the tables are at this program's revision."""
    found, needed = session_revision(session), head_revision()
    if found != needed:
        raise SchemaOutdatedError(
            f"the database is at revision {found or 'none'}, this program needs {needed}; "
            "run: callcenter migrate --config callcenter.toml"
        )


def upgrade(url: str | URL, revision: str = "head") -> None:
    """Bring the tables to this program's revision. Blocks: call off the reactor, with no daemon running."""
    command.upgrade(_config(url), revision)


def current_revision(url: str | URL) -> str | None:
    """The revision of the database at ``url``. Blocks."""
    engine = create_engine(url)
    try:
        with Session(engine) as session:
            return session_revision(session)
    finally:
        engine.dispose()
