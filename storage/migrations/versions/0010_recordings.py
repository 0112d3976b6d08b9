"""Recordings of calls, and who may play and delete them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.steps import create_sequence, grant_along
from storage.models import base

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Built-in role → what it is given, as far as it may export calls.
_NEW = {"supervisor": ("recordings.play",), "administrator": ("recordings.play", "recordings.delete")}


def upgrade() -> None:
    create_sequence("call_recording_seq")
    op.create_table(
        "call_recording",
        sa.Column("id", base.Key, sa.Sequence("call_recording_seq"), nullable=False),
        sa.Column("call_id", base.Key, nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", base.Words(20), nullable=True),
        sa.Column("started_at", base.Utc(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name="fk_recording_call"),
        sa.PrimaryKeyConstraint("id", name="pk_call_recording"),
        sa.UniqueConstraint("call_id", name="uq_recording_call"),
    )
    op.create_index("ix_recording_state", "call_recording", ["state", "started_at"])
    for code, permissions in _NEW.items():
        grant_along(code, "calls.export", permissions)
