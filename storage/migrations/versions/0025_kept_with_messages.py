"""A message keeps the template that it was written from, and each attempt the number of ours by which it went."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.models import base

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("sms_message", "sms_batch"):
        op.add_column(table, sa.Column("template_id", base.Key, nullable=True))
        op.add_column(table, sa.Column("template_name", base.Words(60), nullable=True))
    op.add_column("sms_attempt", sa.Column("sender", base.Words(30), nullable=True))
