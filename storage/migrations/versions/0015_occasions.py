"""Which template is the text of an occasion."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.models import base

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message_template", sa.Column("occasion", base.Words(12), nullable=True))
