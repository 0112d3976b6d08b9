"""How Alembic reaches the database: the URL comes from storage.schema, never from an ini file."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine

from storage.models import Base


def run() -> None:
    """Run the asked-for migrations in one transaction where the database can."""
    engine = create_engine(context.config.attributes["url"])
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
