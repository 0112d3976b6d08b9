"""Call scripts and the knowledge base, and who may read and write them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.steps import create_sequence, grant_along
from storage.models import base

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_READ = ("scripts.view", "articles.view")
_WRITE = tuple(f"{name}.{action}" for name in ("scripts", "articles") for action in ("create", "edit", "disable"))


def upgrade() -> None:
    create_sequence("call_script_seq")
    op.create_table(
        "call_script",
        sa.Column("id", base.Key, sa.Sequence("call_script_seq"), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("direction", base.Words(3), nullable=True),
        sa.Column("group_id", base.Key, nullable=True),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("text_zh", base.LongWords(), nullable=True),
        sa.Column("text_en", base.LongWords(), nullable=True),
        sa.Column("disabled", base.YesNo(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["agent_group.id"], name="fk_script_group"),
        sa.PrimaryKeyConstraint("id", name="pk_call_script"),
    )
    op.create_index("ix_call_script_place", "call_script", ["position", "id"])
    create_sequence("article_seq")
    op.create_table(
        "article",
        sa.Column("id", base.Key, sa.Sequence("article_seq"), nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("initials", base.Words(120), nullable=True),
        sa.Column("content", base.LongWords(), nullable=True),
        sa.Column("disabled", base.YesNo(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_article"),
    )
    op.create_index("ix_article_title", "article", ["title", "id"])
    grant_along("administrator", "outcomes.edit", (*_READ, *_WRITE))
    grant_along("supervisor", "outcomes.edit", (*_READ, *_WRITE))
    _grant_agents()


def _grant_agents() -> None:
    """Whoever takes calls reads all of them, whatever the scope of the calls is."""
    role = sa.table("role", sa.column("id"), sa.column("code"))
    granted = sa.table("role_permission", *map(sa.column, ("role_id", "permission", "scope")))
    for permission in _READ:
        having = (
            sa.select(role.c.id, sa.literal(permission), sa.literal("all"))
            .join(granted, granted.c.role_id == role.c.id)
            .where(role.c.code == "agent", granted.c.permission == "calls.handle")
        )
        op.execute(granted.insert().from_select(["role_id", "permission", "scope"], having))
