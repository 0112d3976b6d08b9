"""SMS: gateways, messages and their attempts, what came in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Computed, ForeignKey, Index, Integer, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, Json, Key, LongWords, Utc, Words, YesNo, partial, primary_key, roomy


class SmsGateway(Base):
    """One account or modem. ``kind`` is a ``hardware.gateways.settings.GatewayKind``; ``settings`` what its kind takes,
    without the secrets: those are in ``secrets``, encrypted.

    It is chosen for a message whose number begins with one of ``prefixes`` and whose purpose is among ``purposes``
    (empty: any), by ``priority`` (1 first), then by ``cost`` of a part (thousandths of a yuan). ``signature`` stands
    before every text, without its brackets; ``adds_signature`` says that the gateway adds it by itself. ``counting`` is
    the rule by which parts are counted. ``balance_low`` is the balance under which somebody is told. What it brought
    before ``settled_until`` it does not bring again; that is kept for texts that it has no name for.
    """

    __tablename__ = "sms_gateway"
    __table_args__ = (UniqueConstraint("name", name="uq_sms_gateway_name"),)

    id: Mapped[int] = primary_key("sms_gateway")
    name: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(10))
    settings: Mapped[Any] = mapped_column(Json)
    secrets: Mapped[str] = mapped_column(LongWords, nullable=True, default="")
    prefixes: Mapped[str] = mapped_column(Words(200), nullable=True, default="")
    purposes: Mapped[str] = mapped_column(Words(200), nullable=True, default="")
    priority: Mapped[int] = mapped_column(SmallInteger, default=5)
    cost: Mapped[int] = mapped_column(Integer, default=0)
    signature: Mapped[str] = mapped_column(Words(20), nullable=True, default="")
    adds_signature: Mapped[bool] = mapped_column(YesNo, default=False)
    counting: Mapped[str] = mapped_column(String(10), default="china")
    number: Mapped[str] = mapped_column(Words(30), nullable=True, default="")
    in_service: Mapped[bool] = mapped_column(YesNo, default=True)
    state: Mapped[str] = mapped_column(String(20), default="stopped")
    reason: Mapped[str] = mapped_column(Words(200), nullable=True, default="")
    reason_said: Mapped[Any | None] = mapped_column(Json)
    state_since: Mapped[datetime] = mapped_column(Utc)
    balance: Mapped[int | None] = mapped_column(BigInteger)
    balance_at: Mapped[datetime | None] = mapped_column(Utc)
    balance_low: Mapped[int | None] = mapped_column(Integer)
    settled_until: Mapped[datetime | None] = mapped_column(Utc)
    trace: Mapped[bool] = mapped_column(YesNo, default=False)
    disabled: Mapped[bool] = mapped_column(YesNo, default=False)
    version: Mapped[int] = mapped_column(Integer, default=1)


class SmsBatch(Base):
    """One text to many. ``text`` is the template as written; each message has its own words.

    ``chosen`` is to how many, ``total`` how many messages are made by now, ``left_out`` reason → how many get none.
    ``state`` is preparing, paused, done (all are made) or cancelled; ``reason`` says why it was paused by itself.
    ``source`` is of whom and of which form: of each there is one. ``choice`` is what was chosen, as it was asked for.
    Its patients stand in ``pages`` pages; those before ``next_page`` are made. ``sweep`` is what is being done to its
    queued messages (hold, release or cancel), up to the id ``swept``. Refusals of messages up to the id
    ``refused_until`` were looked at by somebody.
    """

    __tablename__ = "sms_batch"
    __table_args__ = (
        Index("ix_smsbatch_created", "created_at", "id"),
        Index("ix_smsbatch_state", "state", "next_page", "id"),
        Index("ix_smsbatch_sweep", "sweep", "id"),
        Index("uq_smsbatch_source", "source", unique=True),
    )

    id: Mapped[int] = primary_key("sms_batch")
    title: Mapped[str] = mapped_column(Words(100), nullable=True, default="")
    purpose: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(String(1000))
    total: Mapped[int] = mapped_column(Integer)
    not_before: Mapped[datetime | None] = mapped_column(Utc)
    expires_at: Mapped[datetime | None] = mapped_column(Utc)
    created_at: Mapped[datetime] = mapped_column(Utc)
    created_by: Mapped[int | None] = mapped_column(Key, ForeignKey("user_account.id", name="fk_smsbatch_creator"))
    cancelled_at: Mapped[datetime | None] = mapped_column(Utc)
    state: Mapped[str] = mapped_column(String(10), default="done")
    reason: Mapped[str] = mapped_column(Words(30), nullable=True, default="")
    source: Mapped[str | None] = mapped_column(String(60))
    choice: Mapped[Any | None] = mapped_column(Json)
    chosen: Mapped[int] = mapped_column(Integer, default=0)
    left_out: Mapped[Any | None] = mapped_column(Json)
    pages: Mapped[int] = mapped_column(Integer, default=0)
    next_page: Mapped[int] = mapped_column(Integer, default=0)
    sweep: Mapped[str] = mapped_column(Words(10), nullable=True, default="")
    swept: Mapped[int] = mapped_column(Key, default=0)
    refused_until: Mapped[int | None] = mapped_column(Key)
    template_id: Mapped[int | None] = mapped_column(Key)
    template_name: Mapped[str] = mapped_column(Words(60), nullable=True, default="")


class SmsBatchPage(Base):
    """Some of those who were chosen for a batch, in order: what one transaction makes.

    ``members`` are ids of patients, or ``[id, number]`` where the number was chosen; emptied when they are made.
    ``left_out`` is then ``[id, number, why]`` of each who gets nothing.
    """

    __tablename__ = "sms_batch_page"

    batch_id: Mapped[int] = mapped_column(
        Key, ForeignKey("sms_batch.id", name="fk_smsbatchpage_batch"), primary_key=True, autoincrement=False
    )
    place: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    members: Mapped[Any | None] = mapped_column(Json)
    left_out: Mapped[Any | None] = mapped_column(Json)


class SmsList(Base):
    """A list of numbers and record numbers that somebody uploaded to write to; kept for some days."""

    __tablename__ = "sms_list"
    __table_args__ = (Index("ix_smslist_created", "created_at"),)

    id: Mapped[int] = primary_key("sms_list")
    created_at: Mapped[datetime] = mapped_column(Utc)
    created_by: Mapped[int | None] = mapped_column(Key, ForeignKey("user_account.id", name="fk_smslist_creator"))


class SmsListPart(Base):
    """Some lines of such a list. ``members`` are written as in ``SmsBatchPage``.

    ``problems`` sums up the list as far as this part: ``lines``, ``count`` that mean a patient, ``wrong`` that do not,
    and ``shown``, the first of these as ``[line, why]``.
    """

    __tablename__ = "sms_list_part"

    list_id: Mapped[int] = mapped_column(
        Key, ForeignKey("sms_list.id", name="fk_smslistpart_list"), primary_key=True, autoincrement=False
    )
    place: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    lines: Mapped[int] = mapped_column(Integer)
    members: Mapped[Any] = mapped_column(Json)
    problems: Mapped[Any] = mapped_column(Json)


class SmsMessage(Base):
    """One text from or to one number. ``direction`` is in or out.

    Outgoing: ``state`` is queued, sending, accepted, delivered, failed, unknown, cancelled, expired or suppressed;
    ``reason`` a code that says why, or what it waits for while queued, ``reason_words`` the gateway's own words.
    ``purpose`` is reply, reminder, care, marketing, notice, test or alarm. It is not sent before ``next_at`` and never
    after ``expires_at``. ``sender`` is the number it leaves by, where that matters. ``parts`` and ``cost`` (thousandths
    of a yuan) are by the gateway's rule. ``source`` says what made it, such as ``campaign:12:7``: of each there is one.
    ``answers_to`` is the patient's last text that it answers, None of what answers nothing. ``template_id`` and
    ``template_name`` are the template that it was written from, as that was called then.

    Incoming: ``state`` is received.

    ``stage`` is what indexes know of its state: the same, but ``sent`` while it is sending or accepted. So the step
    that every message takes between the two touches none of them.
    """

    __tablename__ = "sms_message"
    __table_args__ = (
        UniqueConstraint("source", name="uq_smsmessage_source"),
        # Only what waits for a time, so that most changes of a state have nothing to do with it; not on Oracle.
        Index("ix_smsmessage_due", "stage", "priority", "next_at", "id", **partial("next_at IS NOT NULL")),
        Index("ix_smsmessage_talk", "conversation_id", "id"),
        Index("ix_smsmessage_created", "created_at", "id"),
        Index("ix_smsmessage_number", "number", "created_at", "id"),
        Index("ix_smsmessage_patient", "patient_id", "created_at", "id"),
        Index("ix_smsmessage_creator", "created_by", "created_at", "id", **partial("created_by IS NOT NULL")),
        Index("ix_smsmessage_batch", "batch_id", "stage", "id"),
        Index("ix_smsmessage_gateway", "gateway_id", "created_at", "id"),
        Index("ix_smsmessage_stage", "stage", "created_at", "id"),
        roomy(),
    )

    id: Mapped[int] = primary_key("sms_message")
    direction: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(10))
    stage: Mapped[str] = mapped_column(
        String(10), Computed("CASE WHEN state IN ('sending', 'accepted') THEN 'sent' ELSE state END")
    )
    purpose: Mapped[str] = mapped_column(Words(12), nullable=True, default="")
    number: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(LongWords, nullable=True, default="")
    conversation_id: Mapped[int | None] = mapped_column(
        Key, ForeignKey("conversation.id", name="fk_smsmessage_conversation")
    )
    patient_id: Mapped[int | None] = mapped_column(Key, ForeignKey("patient.id", name="fk_smsmessage_patient"))
    gateway_id: Mapped[int | None] = mapped_column(Key, ForeignKey("sms_gateway.id", name="fk_smsmessage_gateway"))
    batch_id: Mapped[int | None] = mapped_column(Key, ForeignKey("sms_batch.id", name="fk_smsmessage_batch"))
    sender: Mapped[str] = mapped_column(Words(30), nullable=True, default="")
    source: Mapped[str | None] = mapped_column(String(60))
    priority: Mapped[int] = mapped_column(SmallInteger, default=2)
    parts: Mapped[int] = mapped_column(SmallInteger, default=0)
    cost: Mapped[int] = mapped_column(Integer, default=0)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    reason: Mapped[str] = mapped_column(Words(30), nullable=True, default="")
    reason_words: Mapped[str] = mapped_column(Words(200), nullable=True, default="")
    created_at: Mapped[datetime] = mapped_column(Utc)
    created_by: Mapped[int | None] = mapped_column(Key, ForeignKey("user_account.id", name="fk_smsmessage_creator"))
    next_at: Mapped[datetime | None] = mapped_column(Utc)
    expires_at: Mapped[datetime | None] = mapped_column(Utc)
    state_at: Mapped[datetime] = mapped_column(Utc)
    seen_at: Mapped[datetime | None] = mapped_column(Utc)
    answers_to: Mapped[int | None] = mapped_column(Key)
    template_id: Mapped[int | None] = mapped_column(Key)
    template_name: Mapped[str] = mapped_column(Words(60), nullable=True, default="")
    version: Mapped[int] = mapped_column(Integer, default=1)


class SmsAttempt(Base):
    """One part of a message handed to one gateway: on disk before a byte of it leaves.

    ``attempt`` counts the message's attempts, ``position`` its parts from 1; an attempt that makes up for some parts
    only has rows for those. ``state`` is a ``callcenter.messaging.vocabulary.PartState``. ``gateway_ref`` is what the
    gateway calls it in receipts, in lower case and without leading zeros. ``code`` and ``words`` are the gateway's own.
    ``nameless`` is its state as long as it has no such name: of the others receipts tell by that. ``sender`` is the
    number of ours that the receiver sees.
    """

    __tablename__ = "sms_attempt"
    __table_args__ = (
        UniqueConstraint("message_id", "attempt", "position", name="uq_smsattempt_part"),
        Index("ix_smsattempt_ref", "gateway_id", "gateway_ref"),
        Index(
            "ix_smsattempt_nameless", "gateway_id", "nameless", "number", "sent_at", **partial("nameless IS NOT NULL")
        ),
        # No other than that of names begins with the gateway: without statistics PostgreSQL might take it instead.
        Index("ix_smsattempt_sent", "sent_at", "gateway_id"),
        roomy(),
    )

    id: Mapped[int] = primary_key("sms_attempt")
    message_id: Mapped[int] = mapped_column(Key, ForeignKey("sms_message.id", name="fk_smsattempt_message"))
    gateway_id: Mapped[int] = mapped_column(Key, ForeignKey("sms_gateway.id", name="fk_smsattempt_gateway"))
    number: Mapped[str] = mapped_column(String(40))
    sender: Mapped[str] = mapped_column(Words(30), nullable=True, default="")
    attempt: Mapped[int] = mapped_column(SmallInteger)
    position: Mapped[int] = mapped_column(SmallInteger)
    total: Mapped[int] = mapped_column(SmallInteger)
    reference: Mapped[int] = mapped_column(SmallInteger, default=0)
    state: Mapped[str] = mapped_column(String(10))
    gateway_ref: Mapped[str | None] = mapped_column(String(70))
    nameless: Mapped[str | None] = mapped_column(String(10), Computed("CASE WHEN gateway_ref IS NULL THEN state END"))
    code: Mapped[str] = mapped_column(Words(30), nullable=True, default="")
    words: Mapped[str] = mapped_column(Words(200), nullable=True, default="")
    sent_at: Mapped[datetime] = mapped_column(Utc)
    answered_at: Mapped[datetime | None] = mapped_column(Utc)
    final_at: Mapped[datetime | None] = mapped_column(Utc)


class SmsReceipt(Base):
    """A receipt that matched nothing yet: it may have come before the answer to what it tells of. Kept for a while.

    ``gateway_ref`` is written as in ``SmsAttempt``.
    """

    __tablename__ = "sms_receipt"
    __table_args__ = (
        Index("ix_smsreceipt_ref", "gateway_id", "gateway_ref"),
        Index("ix_smsreceipt_number", "gateway_id", "number"),
        Index("ix_smsreceipt_at", "arrived_at"),
    )

    id: Mapped[int] = primary_key("sms_receipt")
    gateway_id: Mapped[int] = mapped_column(Key, ForeignKey("sms_gateway.id", name="fk_smsreceipt_gateway"))
    gateway_ref: Mapped[str] = mapped_column(Words(70), nullable=True, default="")
    number: Mapped[str] = mapped_column(Words(40), nullable=True, default="")
    fate: Mapped[str] = mapped_column(String(10))
    code: Mapped[str] = mapped_column(Words(30), nullable=True, default="")
    words: Mapped[str] = mapped_column(Words(200), nullable=True, default="")
    arrived_at: Mapped[datetime] = mapped_column(Utc)


class SmsArrival(Base):
    """One part that came in. ``fingerprint`` is the same when the gateway sends it again, so it is taken once.

    ``message_id`` is set when its text is whole; if other parts do not come in time, it becomes a message without them.
    Some days later the part is forgotten: the message has its words.
    """

    __tablename__ = "sms_arrival"
    __table_args__ = (
        UniqueConstraint("gateway_id", "fingerprint", name="uq_smsarrival_fingerprint"),
        Index("ix_smsarrival_join", "gateway_id", "number", "reference", "total", "message_id"),
        Index("ix_smsarrival_open", "message_id", "arrived_at"),
    )

    id: Mapped[int] = primary_key("sms_arrival")
    gateway_id: Mapped[int] = mapped_column(Key, ForeignKey("sms_gateway.id", name="fk_smsarrival_gateway"))
    fingerprint: Mapped[str] = mapped_column(String(64))
    number: Mapped[str] = mapped_column(String(40))
    recipient: Mapped[str] = mapped_column(Words(30), nullable=True, default="")
    reference: Mapped[int] = mapped_column(Integer, default=0)
    position: Mapped[int] = mapped_column(SmallInteger, default=1)
    total: Mapped[int] = mapped_column(SmallInteger, default=1)
    text: Mapped[str] = mapped_column(Words(1000), nullable=True, default="")
    arrived_at: Mapped[datetime] = mapped_column(Utc)
    message_id: Mapped[int | None] = mapped_column(Key, ForeignKey("sms_message.id", name="fk_smsarrival_message"))
