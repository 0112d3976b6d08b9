"""A message says what it answers, and a conversation that it waits again because an answer was lost."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.models import base

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversation", sa.Column("lost_answer", base.Words(10), nullable=True))
    op.add_column("sms_message", sa.Column("answers_to", base.Key, nullable=True))
    if op.get_context().dialect.name == "postgresql":
        # Without statistics, as after a restore, all of a conversation would be read for each of its answers.
        op.execute("analyze sms_message")
    # Until now what a person wrote as a reply was an answer to all that stood before it, and nothing else was one.
    message = sa.table(
        "sms_message",
        *map(sa.column, ("id", "conversation_id", "direction", "purpose", "created_by", "batch_id", "answers_to")),
    )
    before = message.alias("before")
    asked = (
        sa.select(sa.func.max(before.c.id))
        .where(
            before.c.conversation_id == message.c.conversation_id,
            before.c.direction == "in",
            before.c.id < message.c.id,
        )
        .scalar_subquery()
    )
    op.execute(
        message.update()
        .where(
            message.c.direction == "out",
            message.c.purpose == "reply",
            message.c.created_by.is_not(None),
            message.c.batch_id.is_(None),
            message.c.conversation_id.is_not(None),
        )
        .values(answers_to=asked)
    )
