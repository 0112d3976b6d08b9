"""Alarms with what is sent out of them, the service of lines; whoever sees the wallboard sees alarms and reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.steps import create_sequence
from storage.models import base

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NEW = ("alarms.view", "alarms.handle", "alarms.export", "reports.view", "reports.export")


def upgrade() -> None:
    for table in ("alarm", "alarm_delivery", "line_service_span"):
        create_sequence(f"{table}_seq")
    _alarms()
    _deliveries()
    _spans()
    _grants()


def _alarms() -> None:
    op.create_table(
        "alarm",
        sa.Column("id", base.Key, sa.Sequence("alarm_seq"), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("live_key", sa.String(70), nullable=True),
        sa.Column("line_id", base.Key, nullable=True),
        sa.Column("department_id", base.Key, nullable=True),
        sa.Column("details", base.Json(), nullable=False),
        sa.Column("opened_at", base.Utc(), nullable=False),
        sa.Column("recurred_at", base.Utc(), nullable=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("cleared_at", base.Utc(), nullable=True),
        sa.Column("handled_at", base.Utc(), nullable=True),
        sa.Column("handled_by", base.Key, nullable=True),
        sa.Column("note", base.LongWords(), nullable=True),
        sa.ForeignKeyConstraint(["line_id"], ["phone_line.id"], name="fk_alarm_line"),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name="fk_alarm_department"),
        sa.ForeignKeyConstraint(["handled_by"], ["user_account.id"], name="fk_alarm_handler"),
        sa.PrimaryKeyConstraint("id", name="pk_alarm"),
        sa.UniqueConstraint("live_key", name="uq_alarm_live"),
    )
    op.create_index("ix_alarm_opened", "alarm", ["opened_at", "id"])
    op.create_index("ix_alarm_line", "alarm", ["line_id", "opened_at"])


def _deliveries() -> None:
    op.create_table(
        "alarm_target",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("name", "kind", name="pk_alarm_target"),
    )
    op.create_table(
        "alarm_delivery",
        sa.Column("id", base.Key, sa.Sequence("alarm_delivery_seq"), nullable=False),
        sa.Column("alarm_id", base.Key, nullable=False),
        sa.Column("target", sa.String(40), nullable=False),
        sa.Column("event", sa.String(20), nullable=False),
        sa.Column("payload", base.Json(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", base.Utc(), nullable=False),
        sa.Column("due_at", base.Utc(), nullable=False),
        sa.Column("finished_at", base.Utc(), nullable=True),
        sa.Column("problem", base.Words(20), nullable=True),
        sa.Column("answer", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarm.id"], name="fk_alarmdelivery_alarm"),
        sa.PrimaryKeyConstraint("id", name="pk_alarm_delivery"),
    )
    op.create_index("ix_alarmdelivery_due", "alarm_delivery", ["state", "target", "due_at"])
    op.create_index("ix_alarmdelivery_alarm", "alarm_delivery", ["alarm_id", "id"])


def _spans() -> None:
    op.create_table(
        "line_service_span",
        sa.Column("id", base.Key, sa.Sequence("line_service_span_seq"), nullable=False),
        sa.Column("line_id", base.Key, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", base.Words(200), nullable=True),
        sa.Column("reason_said", base.Json(), nullable=True),
        sa.Column("started_at", base.Utc(), nullable=False),
        sa.Column("ended_at", base.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["line_id"], ["phone_line.id"], name="fk_linespan_line"),
        sa.PrimaryKeyConstraint("id", name="pk_line_service_span"),
    )
    op.create_index("ix_linespan_line", "line_service_span", ["line_id", "started_at"])


def _grants() -> None:
    """Alarms were part of the wallboard, and so are the figures of which reports are made."""
    granted = sa.table("role_permission", *map(sa.column, ("role_id", "permission", "scope")))
    for permission in _NEW:
        same = sa.select(granted.c.role_id, sa.literal_column(f"'{permission}'"), granted.c.scope)
        of_wallboard = same.where(granted.c.permission == "wallboard.view")
        op.execute(sa.insert(granted).from_select(["role_id", "permission", "scope"], of_wallboard))
