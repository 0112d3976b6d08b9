"""Complaints and what was done about them, who may see and handle them, and whose callers are taken first for one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.steps import create_sequence, grant_along
from storage.models import base

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_ALL = ("complaints.view", "complaints.create", "complaints.handle", "complaints.export")


def upgrade() -> None:
    create_sequence("complaint_seq")
    op.create_table(
        "complaint",
        sa.Column("id", base.Key, sa.Sequence("complaint_seq"), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("said", base.LongWords(), nullable=True),
        sa.Column("patient_id", base.Key, nullable=True),
        sa.Column("call_id", base.Key, nullable=True),
        sa.Column("caller_name", base.Words(80), nullable=True),
        sa.Column("number", base.Words(40), nullable=True),
        sa.Column("department_id", base.Key, nullable=True),
        sa.Column("about_id", base.Key, nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("handler_id", base.Key, nullable=True),
        sa.Column("due_at", base.Utc(), nullable=True),
        sa.Column("outcome", base.Words(12), nullable=True),
        sa.Column("findings", base.LongWords(), nullable=True),
        sa.Column("reward", base.Words(300), nullable=True),
        sa.Column("penalty", base.Words(300), nullable=True),
        sa.Column("settled_at", base.Utc(), nullable=True),
        sa.Column("told_at", base.Utc(), nullable=True),
        sa.Column("created_at", base.Utc(), nullable=False),
        sa.Column("created_by", base.Key, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name="fk_complaint_patient"),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name="fk_complaint_call"),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name="fk_complaint_department"),
        sa.ForeignKeyConstraint(["about_id"], ["user_account.id"], name="fk_complaint_about"),
        sa.ForeignKeyConstraint(["handler_id"], ["user_account.id"], name="fk_complaint_handler"),
        sa.ForeignKeyConstraint(["created_by"], ["user_account.id"], name="fk_complaint_creator"),
        sa.PrimaryKeyConstraint("id", name="pk_complaint"),
    )
    for name, columns in _INDEXES.items():
        op.create_index(name, "complaint", columns)
    create_sequence("complaint_step_seq")
    op.create_table(
        "complaint_step",
        sa.Column("id", base.Key, sa.Sequence("complaint_step_seq"), nullable=False),
        sa.Column("complaint_id", base.Key, nullable=False),
        sa.Column("at", base.Utc(), nullable=False),
        sa.Column("user_id", base.Key, nullable=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("note", base.LongWords(), nullable=True),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name="fk_complaintstep_of"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_complaintstep_user"),
        sa.PrimaryKeyConstraint("id", name="pk_complaint_step"),
    )
    op.create_index("ix_complaintstep_of", "complaint_step", ["complaint_id", "id"])
    grant_along("supervisor", "outcomes.edit", _ALL)
    grant_along("administrator", "outcomes.edit", _ALL)
    _grant_agents()


_INDEXES = {
    "ix_complaint_open": ["patient_id", "kind", "state"],
    "ix_complaint_patient": ["patient_id", "created_at", "id"],
    "ix_complaint_created": ["created_at", "id"],
    "ix_complaint_due": ["due_at", "id"],
    "ix_complaint_state": ["state", "due_at"],
    "ix_complaint_department": ["department_id", "created_at"],
    "ix_complaint_handler": ["handler_id", "created_at"],
    "ix_complaint_creator": ["created_by", "created_at"],
    "ix_complaint_call": ["call_id"],
}


def _grant_agents() -> None:
    """Whoever takes calls writes complaints down, and sees what became of those."""
    role = sa.table("role", sa.column("id"), sa.column("code"))
    granted = sa.table("role_permission", *map(sa.column, ("role_id", "permission", "scope")))
    for permission, scope in (("complaints.view", "own"), ("complaints.create", "all")):
        having = (
            sa.select(granted.c.role_id, sa.literal(permission), sa.literal(scope))
            .join(role, role.c.id == granted.c.role_id)
            .where(role.c.code == "agent", granted.c.permission == "calls.handle")
        )
        op.execute(granted.insert().from_select(["role_id", "permission", "scope"], having))
