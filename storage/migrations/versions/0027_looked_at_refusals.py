"""A sending to many knows up to where somebody has looked at what was refused of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.models import base

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sms_batch", sa.Column("refused_until", base.Key, nullable=True))
