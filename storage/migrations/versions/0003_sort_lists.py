"""Sort lists of calls by outcome and talk time, patients by birth date."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

from storage.models import base

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_AT_ONCE = 1_000

_calls = sa.table(
    "call_record",
    sa.column("id", base.Key),
    sa.column("answered_at", base.Utc()),
    sa.column("ended_at", base.Utc()),
    sa.column("talk_seconds", sa.Integer()),
)


def upgrade() -> None:
    op.add_column("call_record", sa.Column("talk_seconds", sa.Integer(), nullable=True))
    _measure()
    op.create_index("ix_call_outcome", "call_record", ["outcome", "started_at"])
    op.create_index("ix_call_talk", "call_record", ["talk_seconds", "started_at"])
    op.create_index("ix_patient_birth", "patient", ["birth_date", "id"])


def _measure() -> None:
    """Whole seconds, as the model counts them; databases do not agree on how to round."""
    connection = op.get_bind()
    spoken = sa.select(_calls.c.id, _calls.c.answered_at, _calls.c.ended_at).where(
        _calls.c.answered_at.is_not(None), _calls.c.ended_at.is_not(None)
    )
    change = sa.update(_calls).where(_calls.c.id == sa.bindparam("key")).values(talk_seconds=sa.bindparam("seconds"))
    last = 0
    while rows := connection.execute(spoken.where(_calls.c.id > last).order_by(_calls.c.id).limit(_AT_ONCE)).all():
        connection.execute(change, [{"key": key, "seconds": _seconds(start, end)} for key, start, end in rows])
        last = rows[-1][0]


def _seconds(answered: datetime, ended: datetime) -> int:
    return int((ended - answered).total_seconds())
