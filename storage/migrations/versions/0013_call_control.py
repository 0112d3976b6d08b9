"""Held and transferred calls, who listens to calls, and who may do so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.steps import create_sequence, grant_along
from storage.models import base

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_LISTENING = ("calls.listen", "calls.whisper", "calls.barge")


def upgrade() -> None:
    for column in (
        sa.Column("parties", base.Words(12), nullable=True),
        sa.Column("parties_at", base.Utc(), nullable=True),
        sa.Column("third_number", base.Words(40), nullable=True),
        sa.Column("third_agent_id", base.Key, nullable=True),
        sa.Column("held_since", base.Utc(), nullable=True),
        sa.Column("hold_seconds", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("transfer", base.Words(10), nullable=True),
        sa.Column("transferred_to", base.Words(40), nullable=True),
        sa.Column("transferred_agent_id", base.Key, nullable=True),
        sa.Column("transferred_at", base.Utc(), nullable=True),
        sa.Column("transferred_from_id", base.Key, nullable=True),
    ):
        op.add_column("call_record", column)
    create_sequence("call_listener_seq")
    op.create_table(
        "call_listener",
        sa.Column("id", base.Key, sa.Sequence("call_listener_seq"), nullable=False),
        sa.Column("call_id", base.Key, nullable=False),
        sa.Column("user_id", base.Key, nullable=False),
        sa.Column("mode", sa.String(10), nullable=False),
        sa.Column("started_at", base.Utc(), nullable=False),
        sa.Column("heard_at", base.Utc(), nullable=True),
        sa.Column("ended_at", base.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name="fk_listener_call"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_listener_user"),
        sa.PrimaryKeyConstraint("id", name="pk_call_listener"),
    )
    op.create_index("ix_listener_call", "call_listener", ["call_id", "ended_at"])
    op.create_index("ix_listener_ended", "call_listener", ["ended_at", "id"])
    for code in ("agent", "supervisor"):
        grant_along(code, "calls.dial", ("calls.transfer",))
    for code in ("supervisor", "administrator"):
        grant_along(code, "calls.export", _LISTENING)
