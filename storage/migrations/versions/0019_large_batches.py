"""One text to a hundred thousand: whom it was chosen for stands in pages, and its messages are made page by page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.steps import create_sequence
from storage.models import base

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_ZERO = sa.text("0")


def upgrade() -> None:
    for column in (
        sa.Column("state", sa.String(10), nullable=False, server_default=sa.text("'done'")),
        sa.Column("reason", base.Words(30), nullable=True),
        sa.Column("source", sa.String(60), nullable=True),
        sa.Column("choice", base.Json(), nullable=True),
        sa.Column("chosen", sa.Integer(), nullable=False, server_default=_ZERO),
        sa.Column("left_out", base.Json(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False, server_default=_ZERO),
        sa.Column("next_page", sa.Integer(), nullable=False, server_default=_ZERO),
        sa.Column("sweep", base.Words(10), nullable=True),
        sa.Column("swept", base.Key, nullable=False, server_default=_ZERO),
    ):
        op.add_column("sms_batch", column)
    batch = sa.table(
        "sms_batch", sa.column("chosen"), sa.column("total"), sa.column("state"), sa.column("cancelled_at")
    )
    op.execute(batch.update().values(chosen=batch.c.total))
    op.execute(batch.update().where(batch.c.cancelled_at.is_not(None)).values(state="cancelled"))
    op.create_index("ix_smsbatch_state", "sms_batch", ["state", "next_page", "id"])
    op.create_index("ix_smsbatch_sweep", "sms_batch", ["sweep", "id"])
    op.create_index("uq_smsbatch_source", "sms_batch", ["source"], unique=True)
    op.create_table(
        "sms_batch_page",
        sa.Column("batch_id", base.Key, autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("members", base.Json(), nullable=True),
        sa.Column("left_out", base.Json(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["sms_batch.id"], name="fk_smsbatchpage_batch"),
        sa.PrimaryKeyConstraint("batch_id", "place", name="pk_sms_batch_page"),
    )
    create_sequence("sms_list_seq")
    op.create_table(
        "sms_list",
        sa.Column("id", base.Key, sa.Sequence("sms_list_seq"), nullable=False),
        sa.Column("created_at", base.Utc(), nullable=False),
        sa.Column("created_by", base.Key, nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["user_account.id"], name="fk_smslist_creator"),
        sa.PrimaryKeyConstraint("id", name="pk_sms_list"),
    )
    op.create_index("ix_smslist_created", "sms_list", ["created_at"])
    op.create_table(
        "sms_list_part",
        sa.Column("list_id", base.Key, autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("members", base.Json(), nullable=False),
        sa.Column("problems", base.Json(), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["sms_list.id"], name="fk_smslistpart_list"),
        sa.PrimaryKeyConstraint("list_id", "place", name="pk_sms_list_part"),
    )
    # Counting the messages of a batch by state, and finding those that wait still, is answered by the index alone.
    op.drop_index("ix_smsmessage_batch", "sms_message")
    op.create_index("ix_smsmessage_batch", "sms_message", ["batch_id", "state", "id"])
