"""The history of agents' states as spans, with the daemon's last sign of life."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import CreateSequence, DropSequence

from storage.models import base

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _rename_spans()
    op.create_table(
        "heartbeat",
        sa.Column("node", sa.String(60), nullable=False),
        sa.Column("at", base.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("node", name="pk_heartbeat"),
    )


def create_sequence(name: str, start: int = 1) -> None:
    """SQLite numbers rows by itself."""
    if op.get_context().dialect.supports_sequences:
        op.execute(CreateSequence(sa.Sequence(name, start=start)))


def _rename_spans() -> None:
    """Copied rather than renamed: SQLite keeps the names of a table's constraints for ever."""
    columns = ("id", "user_id", "state", "reason", "started_at", "ended_at")
    old = sa.table("agent_state_change", *map(sa.column, columns))
    new = sa.table("agent_state_span", *map(sa.column, columns))
    last = op.get_bind().scalar(sa.select(sa.func.max(old.c.id)))
    create_sequence("agent_state_span_seq", (last or 0) + 1)
    op.create_table(
        "agent_state_span",
        sa.Column("id", base.Key, sa.Sequence("agent_state_span_seq"), nullable=False),
        sa.Column("user_id", base.Key, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", base.Words(60), nullable=True),
        sa.Column("started_at", base.Utc(), nullable=False),
        sa.Column("ended_at", base.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_agentspan_user"),
        sa.PrimaryKeyConstraint("id", name="pk_agent_state_span"),
    )
    op.execute(new.insert().from_select(list(columns), sa.select(old)))
    op.create_index("ix_agentspan_user", "agent_state_span", ["user_id", "started_at"])
    op.create_index("ix_agentspan_ended", "agent_state_span", ["ended_at"])
    op.drop_table("agent_state_change")
    if op.get_context().dialect.supports_sequences:
        op.execute(DropSequence(sa.Sequence("agent_state_change_seq")))
