"""Agreed call-backs: which calls still owe one. Reasons of lines that can be said in any language."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.models import base

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("phone_line", sa.Column("reason_said", base.Json(), nullable=True))
    op.add_column("call_record", sa.Column("call_back", base.Words(6), nullable=True))
    op.add_column("call_record", sa.Column("called_back_at", base.Utc(), nullable=True))
    _agreed_so_far()
    op.create_index("ix_call_back", "call_record", ["call_back", "call_back_at", "id"])


def _agreed_so_far() -> None:
    """Whoever was called afterwards has been called back; the others are still owed it."""
    call = sa.table("call_record", *map(sa.column, _COLUMNS))
    later = call.alias("later")
    called_since = sa.exists().where(
        later.c.direction == "out",
        later.c.wrap_up == "done",
        later.c.started_at > call.c.started_at,
        sa.or_(later.c.number == call.c.number, later.c.patient_id == call.c.patient_id),
    )
    agreed = call.update().where(call.c.call_back_at.is_not(None), call.c.wrap_up == "done")
    op.execute(agreed.values(call_back="open"))
    op.execute(call.update().where(call.c.call_back == "open", called_since).values(call_back="done"))


_COLUMNS = ("direction", "wrap_up", "started_at", "number", "patient_id", "call_back_at", "call_back")
