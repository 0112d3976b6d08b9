"""The first tables: administration, patients, telephony, events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.steps import create_sequence
from storage.models import base

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_sequence("audit_entry_seq")
    op.create_table(
        "audit_entry",
        sa.Column("id", base.Key, sa.Sequence("audit_entry_seq"), nullable=False),
        sa.Column("at", base.Utc(), nullable=False),
        sa.Column("user_id", base.Key, nullable=True),
        sa.Column("username", base.Words(60), nullable=True),
        sa.Column("address", base.Words(60), nullable=True),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("subject_type", sa.String(40), nullable=False),
        sa.Column("subject_id", base.Words(60), nullable=True),
        sa.Column("before", base.Json(), nullable=True),
        sa.Column("after", base.Json(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entry"),
    )
    op.create_index("ix_audit_at", "audit_entry", ["at", "id"])
    op.create_index("ix_audit_subject", "audit_entry", ["subject_type", "subject_id", "id"])
    op.create_index("ix_audit_user", "audit_entry", ["user_id", "id"])
    op.create_table(
        "call_outcome",
        sa.Column("code", sa.String(30), nullable=False),
        sa.Column("label_zh", sa.String(60), nullable=False),
        sa.Column("label_en", sa.String(60), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("needs_time", base.YesNo(), nullable=False),
        sa.Column("disabled", base.YesNo(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_call_outcome"),
    )
    create_sequence("department_seq")
    op.create_table(
        "department",
        sa.Column("id", base.Key, sa.Sequence("department_seq"), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("clinical", base.YesNo(), nullable=False),
        sa.Column("disabled", base.YesNo(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_department"),
        sa.UniqueConstraint("name", name="uq_department_name"),
    )
    op.create_table(
        "event_counter",
        sa.Column("id", base.Key, autoincrement=False, nullable=False),
        sa.Column("last_seq", base.Key, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_event_counter"),
    )
    op.create_table(
        "event_record",
        sa.Column("seq", base.Key, autoincrement=False, nullable=False),
        sa.Column("at", base.Utc(), nullable=False),
        sa.Column("topic", sa.String(30), nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("subject", base.Words(40), nullable=True),
        sa.Column("audience", base.Json(), nullable=False),
        sa.Column("data", base.Json(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_event_record"),
    )
    op.create_index("ix_event_at", "event_record", ["at"])
    create_sequence("role_seq")
    op.create_table(
        "role",
        sa.Column("id", base.Key, sa.Sequence("role_seq"), nullable=False),
        sa.Column("code", base.Words(30), nullable=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("disabled", base.YesNo(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_role"),
        sa.UniqueConstraint("name", name="uq_role_name"),
    )
    create_sequence("phone_line_seq")
    op.create_table(
        "phone_line",
        sa.Column("id", base.Key, sa.Sequence("phone_line_seq"), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("driver", sa.String(30), nullable=False),
        sa.Column("group_name", base.Words(60), nullable=True),
        sa.Column("department_id", base.Key, nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("since", base.Utc(), nullable=False),
        sa.Column("reason", base.Words(200), nullable=True),
        sa.Column("out_of_service", base.YesNo(), nullable=False),
        sa.Column("removed", base.YesNo(), nullable=False),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name="fk_line_department"),
        sa.PrimaryKeyConstraint("id", name="pk_phone_line"),
        sa.UniqueConstraint("name", name="uq_phone_line_name"),
    )
    op.create_table(
        "role_permission",
        sa.Column("role_id", base.Key, nullable=False),
        sa.Column("permission", sa.String(60), nullable=False),
        sa.Column("scope", sa.String(12), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name="fk_roleperm_role"),
        sa.PrimaryKeyConstraint("role_id", "permission", name="pk_role_permission"),
    )
    create_sequence("user_account_seq")
    op.create_table(
        "user_account",
        sa.Column("id", base.Key, sa.Sequence("user_account_seq"), nullable=False),
        sa.Column("username", sa.String(60), nullable=False),
        sa.Column("display_name", sa.String(80), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("must_change_password", base.YesNo(), nullable=False),
        sa.Column("failed_sign_ins", sa.Integer(), nullable=False),
        sa.Column("locked_until", base.Utc(), nullable=True),
        sa.Column("department_id", base.Key, nullable=True),
        sa.Column("bound_line", base.Words(60), nullable=True),
        sa.Column("language", base.Words(10), nullable=True),
        sa.Column("disabled", base.YesNo(), nullable=False),
        sa.Column("created_at", base.Utc(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name="fk_user_department"),
        sa.PrimaryKeyConstraint("id", name="pk_user_account"),
        sa.UniqueConstraint("username", name="uq_user_username"),
    )
    create_sequence("agent_state_change_seq")
    op.create_table(
        "agent_state_change",
        sa.Column("id", base.Key, sa.Sequence("agent_state_change_seq"), nullable=False),
        sa.Column("user_id", base.Key, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", base.Words(60), nullable=True),
        sa.Column("started_at", base.Utc(), nullable=False),
        sa.Column("ended_at", base.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_agentchange_user"),
        sa.PrimaryKeyConstraint("id", name="pk_agent_state_change"),
    )
    op.create_index("ix_agentchange_user", "agent_state_change", ["user_id", "started_at"])
    op.create_table(
        "agent_status",
        sa.Column("user_id", base.Key, autoincrement=False, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", base.Words(60), nullable=True),
        sa.Column("since", base.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_agentstatus_user"),
        sa.PrimaryKeyConstraint("user_id", name="pk_agent_status"),
    )
    create_sequence("patient_seq")
    op.create_table(
        "patient",
        sa.Column("id", base.Key, sa.Sequence("patient_seq"), nullable=False),
        sa.Column("record_number", sa.String(40), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("pinyin", base.Words(160), nullable=True),
        sa.Column("sex", base.Words(10), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("department_id", base.Key, nullable=True),
        sa.Column("doctor_id", base.Key, nullable=True),
        sa.Column("tier", base.Words(20), nullable=True),
        sa.Column("id_document", base.Words(30), nullable=True),
        sa.Column("allergies", base.Words(300), nullable=True),
        sa.Column("address", base.Words(300), nullable=True),
        sa.Column("notes", base.LongWords(), nullable=True),
        sa.Column("do_not_call", base.YesNo(), nullable=False),
        sa.Column("disabled", base.YesNo(), nullable=False),
        sa.Column("created_at", base.Utc(), nullable=False),
        sa.Column("updated_at", base.Utc(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name="fk_patient_department"),
        sa.ForeignKeyConstraint(["doctor_id"], ["user_account.id"], name="fk_patient_doctor"),
        sa.PrimaryKeyConstraint("id", name="pk_patient"),
        sa.UniqueConstraint("record_number", name="uq_patient_record_number"),
    )
    op.create_index("ix_patient_department", "patient", ["department_id", "id"])
    op.create_index("ix_patient_doctor_id", "patient", ["doctor_id"])
    op.create_index("ix_patient_name", "patient", ["name", "id"])
    op.create_index("ix_patient_updated", "patient", ["updated_at", "id"])
    op.create_table(
        "user_role",
        sa.Column("user_id", base.Key, nullable=False),
        sa.Column("role_id", base.Key, nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name="fk_userrole_role"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_userrole_user"),
        sa.PrimaryKeyConstraint("user_id", "role_id", name="pk_user_role"),
    )
    op.create_index("ix_user_role_role_id", "user_role", ["role_id"])
    op.create_table(
        "web_session",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("user_id", base.Key, nullable=False),
        sa.Column("csrf_token", sa.String(64), nullable=False),
        sa.Column("address", base.Words(60), nullable=True),
        sa.Column("user_agent", base.Words(200), nullable=True),
        sa.Column("created_at", base.Utc(), nullable=False),
        sa.Column("last_seen_at", base.Utc(), nullable=False),
        sa.Column("expires_at", base.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_session_user"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_web_session"),
    )
    op.create_index("ix_web_session_expires_at", "web_session", ["expires_at"])
    op.create_index("ix_web_session_user_id", "web_session", ["user_id"])
    create_sequence("call_record_seq")
    op.create_table(
        "call_record",
        sa.Column("id", base.Key, sa.Sequence("call_record_seq"), nullable=False),
        sa.Column("line_id", base.Key, nullable=False),
        sa.Column("direction", sa.String(3), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("number", base.Words(40), nullable=True),
        sa.Column("number_received", base.Words(80), nullable=True),
        sa.Column("number_absent", base.Words(12), nullable=True),
        sa.Column("number_verified", base.YesNo(), nullable=False),
        sa.Column("caller_name", base.Words(80), nullable=True),
        sa.Column("rings", sa.SmallInteger(), nullable=False),
        sa.Column("patient_id", base.Key, nullable=True),
        sa.Column("agent_id", base.Key, nullable=True),
        sa.Column("department_id", base.Key, nullable=True),
        sa.Column("certainty", base.Words(10), nullable=True),
        sa.Column("started_at", base.Utc(), nullable=False),
        sa.Column("claimed_at", base.Utc(), nullable=True),
        sa.Column("answered_at", base.Utc(), nullable=True),
        sa.Column("ended_at", base.Utc(), nullable=True),
        sa.Column("end_reason", base.Words(20), nullable=True),
        sa.Column("wrap_up", base.Words(6), nullable=True),
        sa.Column("wrapped_up_at", base.Utc(), nullable=True),
        sa.Column("outcome", base.Words(30), nullable=True),
        sa.Column("call_back_at", base.Utc(), nullable=True),
        sa.Column("notes", base.LongWords(), nullable=True),
        sa.Column("missed", base.YesNo(), nullable=False),
        sa.Column("missed_handled_at", base.Utc(), nullable=True),
        sa.Column("missed_handled_by", base.Key, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["user_account.id"], name="fk_call_agent"),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name="fk_call_department"),
        sa.ForeignKeyConstraint(["missed_handled_by"], ["user_account.id"], name="fk_call_handler"),
        sa.ForeignKeyConstraint(["line_id"], ["phone_line.id"], name="fk_call_line"),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name="fk_call_patient"),
        sa.PrimaryKeyConstraint("id", name="pk_call_record"),
    )
    op.create_index("ix_call_agent", "call_record", ["agent_id", "started_at"])
    op.create_index("ix_call_line", "call_record", ["line_id", "started_at"])
    op.create_index("ix_call_missed", "call_record", ["missed", "started_at"])
    op.create_index("ix_call_number", "call_record", ["number", "started_at"])
    op.create_index("ix_call_patient", "call_record", ["patient_id", "started_at"])
    op.create_index("ix_call_started", "call_record", ["started_at", "id"])
    op.create_index("ix_call_state", "call_record", ["state", "line_id"])
    op.create_index("ix_call_wrap_up", "call_record", ["wrap_up", "agent_id"])
    op.create_table(
        "number_choice",
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("patient_id", base.Key, nullable=False),
        sa.Column("chosen_by", base.Key, nullable=True),
        sa.Column("chosen_at", base.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name="fk_choice_patient"),
        sa.ForeignKeyConstraint(["chosen_by"], ["user_account.id"], name="fk_choice_user"),
        sa.PrimaryKeyConstraint("number", name="pk_number_choice"),
    )
    op.create_index("ix_number_choice_patient_id", "number_choice", ["patient_id"])
    create_sequence("patient_phone_seq")
    op.create_table(
        "patient_phone",
        sa.Column("id", base.Key, sa.Sequence("patient_phone_seq"), nullable=False),
        sa.Column("patient_id", base.Key, nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("label", base.Words(40), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name="fk_phone_patient"),
        sa.PrimaryKeyConstraint("id", name="pk_patient_phone"),
        sa.UniqueConstraint("patient_id", "number", name="uq_patient_phone"),
    )
    op.create_index("ix_patient_phone_number", "patient_phone", ["number", "patient_id"])
    op.create_table(
        "patient_term",
        sa.Column("term", base.CodePoints(80), nullable=False),
        sa.Column("patient_id", base.Key, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name="fk_term_patient"),
        sa.PrimaryKeyConstraint("term", "patient_id", name="pk_patient_term"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_patient_term_patient", "patient_term", ["patient_id", "term"])
    op.create_table(
        "call_offer",
        sa.Column("call_id", base.Key, nullable=False),
        sa.Column("user_id", base.Key, nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name="fk_offer_call"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_offer_user"),
        sa.PrimaryKeyConstraint("call_id", "user_id", name="pk_call_offer"),
    )
    op.create_index("ix_call_offer_user_id", "call_offer", ["user_id"])
    # The one row from which events get their numbers.
    counter = sa.table("event_counter", sa.column("id"), sa.column("last_seq"))
    op.execute(counter.insert().values(id=1, last_seq=0))
