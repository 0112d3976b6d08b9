"""The history of agents' states as spans, with the daemon's last sign of life; groups of agents and their skills."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import DropSequence

from storage.migrations.steps import create_sequence
from storage.models import base

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _rename_spans()
    op.create_table(
        "heartbeat",
        sa.Column("node", sa.String(60), nullable=False),
        sa.Column("at", base.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("node", name="pk_heartbeat"),
    )
    _make_groups()
    _add_columns()
    _permit()


def _rename_spans() -> None:
    """Copied rather than renamed: SQLite keeps the names of a table's constraints for ever."""
    columns = ("id", "user_id", "state", "reason", "started_at", "ended_at")
    old = sa.table("agent_state_change", *map(sa.column, columns))
    new = sa.table("agent_state_span", *map(sa.column, columns))
    last = op.get_bind().scalar(sa.select(sa.func.max(old.c.id)))
    create_sequence("agent_state_span_seq", (last or 0) + 1)
    op.create_table(
        "agent_state_span",
        sa.Column("id", base.Key, sa.Sequence("agent_state_span_seq"), nullable=False),
        sa.Column("user_id", base.Key, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", base.Words(60), nullable=True),
        sa.Column("started_at", base.Utc(), nullable=False),
        sa.Column("ended_at", base.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_agentspan_user"),
        sa.PrimaryKeyConstraint("id", name="pk_agent_state_span"),
    )
    op.execute(new.insert().from_select(list(columns), sa.select(old)))
    op.create_index("ix_agentspan_user", "agent_state_span", ["user_id", "started_at"])
    op.create_index("ix_agentspan_ended", "agent_state_span", ["ended_at"])
    op.drop_table("agent_state_change")
    if op.get_context().dialect.supports_sequences:
        op.execute(DropSequence(sa.Sequence("agent_state_change_seq")))


def _make_groups() -> None:
    create_sequence("skill_seq")
    op.create_table(
        "skill",
        sa.Column("id", base.Key, sa.Sequence("skill_seq"), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("disabled", base.YesNo(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_skill"),
        sa.UniqueConstraint("name", name="uq_skill_name"),
    )
    op.create_table(
        "agent_skill",
        sa.Column("user_id", base.Key, nullable=False),
        sa.Column("skill_id", base.Key, nullable=False),
        sa.ForeignKeyConstraint(["skill_id"], ["skill.id"], name="fk_agentskill_skill"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_agentskill_user"),
        sa.PrimaryKeyConstraint("user_id", "skill_id", name="pk_agent_skill"),
    )
    op.create_index("ix_agent_skill_skill_id", "agent_skill", ["skill_id"])
    create_sequence("agent_group_seq")
    op.create_table(
        "agent_group",
        sa.Column("id", base.Key, sa.Sequence("agent_group_seq"), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("rule", sa.String(12), nullable=False),
        sa.Column("ring_seconds", sa.SmallInteger(), nullable=False),
        sa.Column("prefer_last", base.YesNo(), nullable=False),
        sa.Column("wrap_up_seconds", sa.SmallInteger(), nullable=False),
        sa.Column("skill_id", base.Key, nullable=True),
        sa.Column("turn", base.Key, nullable=True),
        sa.Column("disabled", base.YesNo(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["skill_id"], ["skill.id"], name="fk_group_skill"),
        sa.PrimaryKeyConstraint("id", name="pk_agent_group"),
        sa.UniqueConstraint("name", name="uq_agent_group_name"),
    )
    op.create_table(
        "agent_group_member",
        sa.Column("group_id", base.Key, nullable=False),
        sa.Column("user_id", base.Key, nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["agent_group.id"], name="fk_member_group"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_member_user"),
        sa.PrimaryKeyConstraint("group_id", "user_id", name="pk_agent_group_member"),
    )
    op.create_index("ix_agent_group_member_user_id", "agent_group_member", ["user_id"])


def _add_columns() -> None:
    op.add_column("phone_line", sa.Column("agent_group_id", base.Key, nullable=True))
    op.add_column("call_record", sa.Column("offer_why", base.Words(12), nullable=True))
    op.add_column("call_record", sa.Column("offered_until", base.Utc(), nullable=True))
    op.add_column("call_offer", sa.Column("closed_at", base.Utc(), nullable=True))
    op.add_column("call_offer", sa.Column("let_ring", base.YesNo(), nullable=False, server_default="0"))
    op.add_column("agent_status", sa.Column("until", base.Utc(), nullable=True))
    op.add_column("agent_status", sa.Column("connected", base.YesNo(), nullable=False, server_default="1"))


def _permit() -> None:
    """Those who came with the program and see to agents see to their groups."""
    role = sa.table("role", sa.column("id"), sa.column("code"))
    granted = sa.table("role_permission", *map(sa.column, ("role_id", "permission", "scope")))
    for resource in ("groups", "skills"):
        for action in ("view", "create", "edit", "disable"):
            chosen = sa.select(role.c.id, sa.literal(f"{resource}.{action}"), sa.literal("all")).where(
                role.c.code.in_(("administrator", "supervisor"))
            )
            op.execute(granted.insert().from_select(["role_id", "permission", "scope"], chosen))
