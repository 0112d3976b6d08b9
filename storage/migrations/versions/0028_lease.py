"""One daemon at a time works with a database, and says so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.models import base

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    lease = op.create_table(
        "lease",
        sa.Column("name", sa.String(30), nullable=False),
        sa.Column("token", base.Words(40), nullable=True),
        sa.Column("host", base.Words(255), nullable=True),
        sa.Column("place", base.Words(80), nullable=True),
        sa.Column("pid", base.Key, nullable=True),
        sa.Column("began", base.Key, nullable=True),
        sa.Column("since", base.Utc(), nullable=True),
        sa.Column("beat", base.Key, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.bulk_insert(lease, [{"name": "daemon", "beat": 0}])
