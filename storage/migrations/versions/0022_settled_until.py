"""What a gateway brought without a name is known again after a restart, as long as it may be brought again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.models import base

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sms_gateway", sa.Column("settled_until", base.Utc(), nullable=True))
