"""Call tasks, what each outcome does to them, and who may work with them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.steps import create_sequence, grant_along
from storage.models import base

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Outcome → what it does to a task, after how many minutes it comes again, and after how many attempts it does not.
_RULES = {
    "completed": ("done", 0, 0),
    "no_answer": ("retry", 120, 3),
    "busy": ("retry", 15, 6),
    "refused": ("give_up", 0, 0),
    "wrong_number": ("give_up", 0, 0),
    "language_barrier": ("give_up", 0, 0),
    "deceased": ("give_up", 0, 0),
    "call_back": ("at_time", 0, 0),
    "red_flag": ("done", 0, 0),
}

_OWN = ("call_tasks.view", "call_tasks.work")
_MANAGE = ("call_tasks.view", "call_tasks.manage", "call_tasks.export")


def upgrade() -> None:
    create_sequence("call_task_seq")
    op.create_table(
        "call_task",
        sa.Column("id", base.Key, sa.Sequence("call_task_seq"), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("source", base.Words(60), nullable=True),
        sa.Column("purpose", sa.String(300), nullable=False),
        sa.Column("patient_id", base.Key, nullable=True),
        sa.Column("number", base.Words(40), nullable=True),
        sa.Column("agent_id", base.Key, nullable=True),
        sa.Column("department_id", base.Key, nullable=True),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", base.Words(30), nullable=True),
        sa.Column("note", base.Words(200), nullable=True),
        sa.Column("due_from", base.Utc(), nullable=False),
        sa.Column("due_until", base.Utc(), nullable=True),
        sa.Column("next_at", base.Utc(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("last_outcome", base.Words(30), nullable=True),
        sa.Column("claimed_by", base.Key, nullable=True),
        sa.Column("claimed_until", base.Utc(), nullable=True),
        sa.Column("calling", base.YesNo(), nullable=False),
        sa.Column("confirmed", base.YesNo(), nullable=False),
        sa.Column("created_at", base.Utc(), nullable=False),
        sa.Column("created_by", base.Key, nullable=True),
        sa.Column("ended_at", base.Utc(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name="fk_calltask_patient"),
        sa.ForeignKeyConstraint(["agent_id"], ["user_account.id"], name="fk_calltask_agent"),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name="fk_calltask_department"),
        sa.ForeignKeyConstraint(["claimed_by"], ["user_account.id"], name="fk_calltask_claimer"),
        sa.ForeignKeyConstraint(["created_by"], ["user_account.id"], name="fk_calltask_creator"),
        sa.PrimaryKeyConstraint("id", name="pk_call_task"),
    )
    for name, columns in _INDEXES.items():
        op.create_index(name, "call_task", columns)
    # Without a foreign key: SQLite cannot add one to a table that is there.
    op.add_column("call_record", sa.Column("task_id", base.Key, nullable=True))
    op.create_index("ix_call_task", "call_record", ["task_id", "started_at"])
    op.add_column("call_outcome", sa.Column("task_effect", base.Words(10), nullable=True))
    for name in ("task_minutes", "task_attempts"):
        op.add_column("call_outcome", sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0")))
    outcome = sa.table("call_outcome", *map(sa.column, ("code", "task_effect", "task_minutes", "task_attempts")))
    for code, (effect, minutes, attempts) in _RULES.items():
        values = {"task_effect": effect, "task_minutes": minutes, "task_attempts": attempts}
        op.execute(outcome.update().where(outcome.c.code == code).values(**values))
    grant_along("agent", "calls.dial", _OWN)
    grant_along("supervisor", "calls.export", (*_MANAGE, "call_tasks.work"))
    grant_along("administrator", "calls.export", _MANAGE)


_INDEXES = {
    "ix_calltask_agent": ["state", "agent_id", "priority", "next_at", "id"],
    "ix_calltask_pool": ["state", "department_id", "agent_id", "priority", "next_at", "id"],
    "ix_calltask_claimed": ["claimed_by", "state"],
    "ix_calltask_lease": ["state", "claimed_until"],
    "ix_calltask_until": ["state", "due_until"],
    "ix_calltask_next": ["next_at", "id"],
    "ix_calltask_patient": ["patient_id", "state"],
    "ix_calltask_source": ["kind", "source"],
}
