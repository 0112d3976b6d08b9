"""SMS: gateways, messages, conversations, texts, and who may work with them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.steps import create_sequence, grant_along
from storage.models import base

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TEXTS = tuple(f"{name}.{action}" for name in ("templates", "phrases") for action in ("create", "edit", "disable"))
_REPLIES = tuple(f"auto_replies.{action}" for action in ("view", "create", "edit", "disable"))
_TALK = ("conversations.view", "conversations.reply", "messages.view", "templates.view", "phrases.view")
_HEAD = ("conversations.assign", "messages.send", "messages.bulk", "messages.manage", "messages.export", *_TEXTS)
_RULES = (*_REPLIES, "opt_outs.view", "opt_outs.edit", "messaging_rules.view", "gateways.view")

# Built-in role → what says that it was not narrowed, and what it is given with the same scope.
_NEW = {
    "doctor": ("patients.edit", (*_TALK, "messages.send")),
    "agent": ("patients.edit", (*_TALK, "messages.send")),
    "supervisor": ("calls.export", (*_TALK, *_HEAD, *_RULES)),
    "administrator": (
        "calls.export",
        (*_TALK, *_HEAD, *_RULES, "messaging_rules.edit", "gateways.edit", "gateways.test"),
    ),
}


def upgrade() -> None:
    _create_sms_gateway()
    _create_conversation()
    _create_sms_batch()
    _create_sms_message()
    _create_sms_attempt()
    _create_sms_receipt()
    _create_sms_arrival()
    _create_sms_opt_out()
    _create_message_template()
    _create_phrase()
    _create_auto_reply()
    _create_messaging_rules()
    for role, (like, permissions) in _NEW.items():
        grant_along(role, like, permissions)


def _create_sms_gateway() -> None:
    create_sequence("sms_gateway_seq")
    op.create_table(
        "sms_gateway",
        sa.Column("id", base.Key, sa.Sequence("sms_gateway_seq"), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("settings", base.Json(), nullable=False),
        sa.Column("secrets", base.LongWords(), nullable=True),
        sa.Column("prefixes", base.Words(200), nullable=True),
        sa.Column("purposes", base.Words(200), nullable=True),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("cost", sa.Integer(), nullable=False),
        sa.Column("signature", base.Words(20), nullable=True),
        sa.Column("adds_signature", base.YesNo(), nullable=False),
        sa.Column("counting", sa.String(10), nullable=False),
        sa.Column("number", base.Words(30), nullable=True),
        sa.Column("in_service", base.YesNo(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", base.Words(200), nullable=True),
        sa.Column("reason_said", base.Json(), nullable=True),
        sa.Column("state_since", base.Utc(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=True),
        sa.Column("balance_at", base.Utc(), nullable=True),
        sa.Column("balance_low", sa.Integer(), nullable=True),
        sa.Column("trace", base.YesNo(), nullable=False),
        sa.Column("disabled", base.YesNo(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sms_gateway"),
        sa.UniqueConstraint("name", name="uq_sms_gateway_name"),
    )


def _create_conversation() -> None:
    create_sequence("conversation_seq")
    op.create_table(
        "conversation",
        sa.Column("id", base.Key, sa.Sequence("conversation_seq"), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("patient_id", base.Key, nullable=True),
        sa.Column("gateway_id", base.Key, nullable=True),
        sa.Column("our_number", base.Words(30), nullable=True),
        sa.Column("assigned_to", base.Key, nullable=True),
        sa.Column("department_id", base.Key, nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("snoozed_until", base.Utc(), nullable=True),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("waiting_since", base.Utc(), nullable=True),
        sa.Column("last_at", base.Utc(), nullable=False),
        sa.Column("last_text", base.Words(200), nullable=True),
        sa.Column("last_direction", sa.String(3), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name="fk_conversation_patient"),
        sa.ForeignKeyConstraint(["gateway_id"], ["sms_gateway.id"], name="fk_conversation_gateway"),
        sa.ForeignKeyConstraint(["assigned_to"], ["user_account.id"], name="fk_conversation_assigned"),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name="fk_conversation_department"),
        sa.PrimaryKeyConstraint("id", name="pk_conversation"),
        sa.UniqueConstraint("number", name="uq_conversation_number"),
    )
    op.create_index("ix_conversation_assigned", "conversation", ["assigned_to", "state", "last_at", "id"])
    op.create_index("ix_conversation_department", "conversation", ["department_id", "state", "last_at", "id"])
    op.create_index("ix_conversation_last", "conversation", ["state", "last_at", "id"])
    op.create_index("ix_conversation_patient", "conversation", ["patient_id"])
    op.create_index("ix_conversation_snoozed", "conversation", ["state", "snoozed_until"])
    op.create_index("ix_conversation_waiting", "conversation", ["waiting_since"])


def _create_sms_batch() -> None:
    create_sequence("sms_batch_seq")
    op.create_table(
        "sms_batch",
        sa.Column("id", base.Key, sa.Sequence("sms_batch_seq"), nullable=False),
        sa.Column("title", base.Words(100), nullable=True),
        sa.Column("purpose", sa.String(12), nullable=False),
        sa.Column("text", sa.String(1000), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("not_before", base.Utc(), nullable=True),
        sa.Column("expires_at", base.Utc(), nullable=True),
        sa.Column("created_at", base.Utc(), nullable=False),
        sa.Column("created_by", base.Key, nullable=True),
        sa.Column("cancelled_at", base.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["user_account.id"], name="fk_smsbatch_creator"),
        sa.PrimaryKeyConstraint("id", name="pk_sms_batch"),
    )
    op.create_index("ix_smsbatch_created", "sms_batch", ["created_at", "id"])


def _create_sms_message() -> None:
    create_sequence("sms_message_seq")
    op.create_table(
        "sms_message",
        sa.Column("id", base.Key, sa.Sequence("sms_message_seq"), nullable=False),
        sa.Column("direction", sa.String(3), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("purpose", base.Words(12), nullable=True),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("text", base.LongWords(), nullable=True),
        sa.Column("conversation_id", base.Key, nullable=True),
        sa.Column("patient_id", base.Key, nullable=True),
        sa.Column("gateway_id", base.Key, nullable=True),
        sa.Column("batch_id", base.Key, nullable=True),
        sa.Column("sender", base.Words(30), nullable=True),
        sa.Column("source", sa.String(60), nullable=True),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("parts", sa.SmallInteger(), nullable=False),
        sa.Column("cost", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("reason", base.Words(30), nullable=True),
        sa.Column("reason_words", base.Words(200), nullable=True),
        sa.Column("created_at", base.Utc(), nullable=False),
        sa.Column("created_by", base.Key, nullable=True),
        sa.Column("next_at", base.Utc(), nullable=True),
        sa.Column("expires_at", base.Utc(), nullable=True),
        sa.Column("state_at", base.Utc(), nullable=False),
        sa.Column("seen_at", base.Utc(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], name="fk_smsmessage_conversation"),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name="fk_smsmessage_patient"),
        sa.ForeignKeyConstraint(["gateway_id"], ["sms_gateway.id"], name="fk_smsmessage_gateway"),
        sa.ForeignKeyConstraint(["batch_id"], ["sms_batch.id"], name="fk_smsmessage_batch"),
        sa.ForeignKeyConstraint(["created_by"], ["user_account.id"], name="fk_smsmessage_creator"),
        sa.PrimaryKeyConstraint("id", name="pk_sms_message"),
        sa.UniqueConstraint("source", name="uq_smsmessage_source"),
    )
    op.create_index("ix_smsmessage_batch", "sms_message", ["batch_id", "id"])
    op.create_index("ix_smsmessage_created", "sms_message", ["created_at", "id"])
    op.create_index("ix_smsmessage_due", "sms_message", ["state", "priority", "next_at", "id"])
    op.create_index("ix_smsmessage_gateway", "sms_message", ["gateway_id", "created_at", "id"])
    op.create_index("ix_smsmessage_number", "sms_message", ["number", "created_at", "id"])
    op.create_index("ix_smsmessage_patient", "sms_message", ["patient_id", "created_at", "id"])
    op.create_index("ix_smsmessage_state", "sms_message", ["state", "created_at", "id"])
    op.create_index("ix_smsmessage_talk", "sms_message", ["conversation_id", "id"])


def _create_sms_attempt() -> None:
    create_sequence("sms_attempt_seq")
    op.create_table(
        "sms_attempt",
        sa.Column("id", base.Key, sa.Sequence("sms_attempt_seq"), nullable=False),
        sa.Column("message_id", base.Key, nullable=False),
        sa.Column("gateway_id", base.Key, nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("total", sa.SmallInteger(), nullable=False),
        sa.Column("reference", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("gateway_ref", sa.String(70), nullable=True),
        sa.Column("code", base.Words(30), nullable=True),
        sa.Column("words", base.Words(200), nullable=True),
        sa.Column("sent_at", base.Utc(), nullable=False),
        sa.Column("answered_at", base.Utc(), nullable=True),
        sa.Column("final_at", base.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["sms_message.id"], name="fk_smsattempt_message"),
        sa.ForeignKeyConstraint(["gateway_id"], ["sms_gateway.id"], name="fk_smsattempt_gateway"),
        sa.PrimaryKeyConstraint("id", name="pk_sms_attempt"),
        sa.UniqueConstraint("message_id", "attempt", "position", name="uq_smsattempt_part"),
    )
    op.create_index("ix_smsattempt_doubt", "sms_attempt", ["gateway_id", "state", "number", "sent_at"])
    op.create_index("ix_smsattempt_ref", "sms_attempt", ["gateway_id", "gateway_ref"])


def _create_sms_receipt() -> None:
    create_sequence("sms_receipt_seq")
    op.create_table(
        "sms_receipt",
        sa.Column("id", base.Key, sa.Sequence("sms_receipt_seq"), nullable=False),
        sa.Column("gateway_id", base.Key, nullable=False),
        sa.Column("gateway_ref", base.Words(70), nullable=True),
        sa.Column("number", base.Words(40), nullable=True),
        sa.Column("fate", sa.String(10), nullable=False),
        sa.Column("code", base.Words(30), nullable=True),
        sa.Column("words", base.Words(200), nullable=True),
        sa.Column("arrived_at", base.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["gateway_id"], ["sms_gateway.id"], name="fk_smsreceipt_gateway"),
        sa.PrimaryKeyConstraint("id", name="pk_sms_receipt"),
    )
    op.create_index("ix_smsreceipt_at", "sms_receipt", ["arrived_at"])
    op.create_index("ix_smsreceipt_number", "sms_receipt", ["gateway_id", "number"])
    op.create_index("ix_smsreceipt_ref", "sms_receipt", ["gateway_id", "gateway_ref"])


def _create_sms_arrival() -> None:
    create_sequence("sms_arrival_seq")
    op.create_table(
        "sms_arrival",
        sa.Column("id", base.Key, sa.Sequence("sms_arrival_seq"), nullable=False),
        sa.Column("gateway_id", base.Key, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("recipient", base.Words(30), nullable=True),
        sa.Column("reference", sa.Integer(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("total", sa.SmallInteger(), nullable=False),
        sa.Column("text", base.Words(1000), nullable=True),
        sa.Column("arrived_at", base.Utc(), nullable=False),
        sa.Column("message_id", base.Key, nullable=True),
        sa.ForeignKeyConstraint(["gateway_id"], ["sms_gateway.id"], name="fk_smsarrival_gateway"),
        sa.ForeignKeyConstraint(["message_id"], ["sms_message.id"], name="fk_smsarrival_message"),
        sa.PrimaryKeyConstraint("id", name="pk_sms_arrival"),
        sa.UniqueConstraint("gateway_id", "fingerprint", name="uq_smsarrival_fingerprint"),
    )
    op.create_index("ix_smsarrival_join", "sms_arrival", ["gateway_id", "number", "reference", "total", "message_id"])
    op.create_index("ix_smsarrival_open", "sms_arrival", ["message_id", "arrived_at"])


def _create_sms_opt_out() -> None:
    create_sequence("sms_opt_out_seq")
    op.create_table(
        "sms_opt_out",
        sa.Column("id", base.Key, sa.Sequence("sms_opt_out_seq"), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("signature", base.Words(20), nullable=True),
        sa.Column("live_key", sa.String(90), nullable=True),
        sa.Column("began_at", base.Utc(), nullable=False),
        sa.Column("message_id", base.Key, nullable=True),
        sa.Column("created_by", base.Key, nullable=True),
        sa.Column("ended_at", base.Utc(), nullable=True),
        sa.Column("ended_by", base.Key, nullable=True),
        sa.Column("note", base.Words(200), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["sms_message.id"], name="fk_smsoptout_message"),
        sa.ForeignKeyConstraint(["created_by"], ["user_account.id"], name="fk_smsoptout_creator"),
        sa.ForeignKeyConstraint(["ended_by"], ["user_account.id"], name="fk_smsoptout_ender"),
        sa.PrimaryKeyConstraint("id", name="pk_sms_opt_out"),
        sa.UniqueConstraint("live_key", name="uq_smsoptout_live"),
    )
    op.create_index("ix_smsoptout_number", "sms_opt_out", ["number", "ended_at"])


def _create_message_template() -> None:
    create_sequence("message_template_seq")
    op.create_table(
        "message_template",
        sa.Column("id", base.Key, sa.Sequence("message_template_seq"), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("purpose", sa.String(12), nullable=False),
        sa.Column("department_id", base.Key, nullable=True),
        sa.Column("disease", base.Words(60), nullable=True),
        sa.Column("text", sa.String(1000), nullable=False),
        sa.Column("disabled", base.YesNo(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name="fk_messagetemplate_dept"),
        sa.PrimaryKeyConstraint("id", name="pk_message_template"),
    )
    op.create_index("ix_messagetemplate_dept", "message_template", ["department_id", "id"])
    op.create_index("ix_messagetemplate_name", "message_template", ["name", "id"])


def _create_phrase() -> None:
    create_sequence("phrase_seq")
    op.create_table(
        "phrase",
        sa.Column("id", base.Key, sa.Sequence("phrase_seq"), nullable=False),
        sa.Column("category", base.Words(40), nullable=True),
        sa.Column("text", sa.String(300), nullable=False),
        sa.Column("disabled", base.YesNo(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_phrase"),
    )
    op.create_index("ix_phrase_category", "phrase", ["category", "id"])


def _create_auto_reply() -> None:
    create_sequence("auto_reply_seq")
    op.create_table(
        "auto_reply",
        sa.Column("id", base.Key, sa.Sequence("auto_reply_seq"), nullable=False),
        sa.Column("keyword", sa.String(20), nullable=True),
        sa.Column("text", sa.String(300), nullable=False),
        sa.Column("disabled", base.YesNo(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_auto_reply"),
        sa.UniqueConstraint("keyword", name="uq_auto_reply_keyword"),
    )


def _create_messaging_rules() -> None:
    op.create_table(
        "messaging_rules",
        sa.Column("id", base.Key, autoincrement=False, nullable=False),
        sa.Column("rules", base.Json(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_messaging_rules"),
    )
