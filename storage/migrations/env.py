"""How Alembic reaches the database: the URL comes from storage.schema, never from an ini file."""

from __future__ import annotations

from alembic import context

from storage.engines import writing_engine
from storage.models import Base


def run() -> None:
    """Run the asked-for migrations, each in one transaction: one that fails half-way leaves nothing behind.

    Alembic believes that SQLite cannot do this; with BEGIN said by the engine it can. Oracle really cannot.
    """
    engine = writing_engine(context.config.attributes["url"], 1)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            transaction_per_migration=True,
            transactional_ddl=engine.dialect.name != "oracle",
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
