"""Indexes know a stage of each message instead of its state, and the state of nameless parts only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.models import base

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_STAGE = "CASE WHEN state IN ('sending', 'accepted') THEN 'sent' ELSE state END"
_NAMELESS = "CASE WHEN gateway_ref IS NULL THEN state END"


def upgrade() -> None:
    for index in ("due", "batch", "state"):
        op.drop_index(f"ix_smsmessage_{index}", "sms_message")
    op.add_column("sms_message", sa.Column("stage", sa.String(10), sa.Computed(_STAGE), nullable=False))
    op.create_index(
        "ix_smsmessage_due", "sms_message", ["stage", "priority", "next_at", "id"],
        **base.partial("next_at IS NOT NULL"),
    )  # fmt: skip
    op.create_index("ix_smsmessage_batch", "sms_message", ["batch_id", "stage", "id"])
    op.create_index("ix_smsmessage_stage", "sms_message", ["stage", "created_at", "id"])
    for index in ("doubt", "sent"):
        op.drop_index(f"ix_smsattempt_{index}", "sms_attempt")
    op.add_column("sms_attempt", sa.Column("nameless", sa.String(10), sa.Computed(_NAMELESS)))
    op.create_index(
        "ix_smsattempt_nameless", "sms_attempt", ["gateway_id", "nameless", "number", "sent_at"],
        **base.partial("nameless IS NOT NULL"),
    )  # fmt: skip
    op.create_index("ix_smsattempt_sent", "sms_attempt", ["sent_at", "gateway_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE sms_message SET (fillfactor = 50)")
        op.execute("ALTER TABLE sms_attempt SET (fillfactor = 50)")
