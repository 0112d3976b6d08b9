"""Lines, line hosts, call records, offers, outcomes and agent states."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from storage.models.base import Base, Json, Key, LongWords, Utc, Words, YesNo, primary_key


class PhoneLine(Base):
    """A line as the daemon sees it. ``file_name`` is the name of its section in the configuration file, empty for a
    line that was added in the interface; a removed line keeps its name, for its calls.

    ``settings`` is what was set in the interface: everything of a line that was added there, and of a line of the file
    what differs from it. Keys are those of ``hardware.settings.LineSettings``.
    ``state`` is idle, ringing, dialling, talking, lost or out_of_service. ``reason_said`` is ``reason`` by its code and
    values, where it has one (``protocols.sayings``). ``group_name`` is what the configuration says, ``department_id``
    and ``agent_group_id`` what has that name. ``heard_source`` and ``heard_number`` are of the last signal that is
    dealt with, where the line's signals are numbered.
    """

    __tablename__ = "phone_line"
    __table_args__ = (UniqueConstraint("name", name="uq_phone_line_name"),)

    id: Mapped[int] = primary_key("phone_line")
    name: Mapped[str] = mapped_column(String(60))
    driver: Mapped[str] = mapped_column(String(30))
    group_name: Mapped[str] = mapped_column(Words(60), nullable=True, default="")
    department_id: Mapped[int | None] = mapped_column(Key, ForeignKey("department.id", name="fk_line_department"))
    # Without a foreign key, which SQLite cannot add to a table; groups are never deleted.
    agent_group_id: Mapped[int | None] = mapped_column(Key)
    state: Mapped[str] = mapped_column(String(16))
    since: Mapped[datetime] = mapped_column(Utc)
    reason: Mapped[str] = mapped_column(Words(200), nullable=True, default="")
    reason_said: Mapped[Any | None] = mapped_column(Json)
    out_of_service: Mapped[bool] = mapped_column(YesNo, default=False)
    removed: Mapped[bool] = mapped_column(YesNo, default=False)
    file_name: Mapped[str] = mapped_column(Words(60), nullable=True, default="")
    settings: Mapped[Any | None] = mapped_column(Json)
    version: Mapped[int] = mapped_column(Integer, default=1)
    heard_source: Mapped[str] = mapped_column(Words(40), nullable=True, default="")
    heard_number: Mapped[int | None] = mapped_column(Key)


class LineHost(Base):
    """A line host that may connect. Only the SHA-256 of its token is kept."""

    __tablename__ = "line_host"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Utc)
    connected_at: Mapped[datetime | None] = mapped_column(Utc)
    address: Mapped[str] = mapped_column(Words(60), nullable=True, default="")


class CallRecord(Base):
    """One call, in or out, answered or not; the row exists from the first sign of the call.

    ``direction`` is in or out; ``state`` ringing, dialling, talking or ended; ``wrap_up`` empty, open or done.
    ``number`` is canonical, ``number_received`` as the line sent it; ``number_absent`` private or unavailable.
    ``call_back`` is empty, open while an agreed call-back is owed (from ``call_back_at`` on), then done.
    ``certainty`` is sure or presumed once answered. ``end_reason`` is one of callcenter.telephony.calls.EndReason.
    ``talk_seconds`` follows from ``answered_at`` and ``ended_at``. ``offer_why`` is one of
    callcenter.telephony.routing.Why, ``offered_until`` when the present offer goes on to the next agent.
    ``task_id`` is the call task that it is an attempt of.
    ``parties``, since ``parties_at``, is empty while the agent speaks with the far end alone, else held, calling,
    consulting or conference; ``third_number`` and ``third_agent_id`` are of the third party then. ``hold_seconds`` are
    those of the holds that are over, ``held_since`` is when the present one began.
    ``transfer`` is empty, blind or attended; ``transferred_to`` a number, ``transferred_agent_id`` whose telephone that
    is. ``transferred_from_id`` is the call of which this one is the continuation.
    """

    __tablename__ = "call_record"
    __table_args__ = (
        Index("ix_call_started", "started_at", "id"),
        Index("ix_call_patient", "patient_id", "started_at"),
        Index("ix_call_agent", "agent_id", "started_at"),
        Index("ix_call_line", "line_id", "started_at"),
        Index("ix_call_number", "number", "started_at"),
        Index("ix_call_state", "state", "line_id"),
        Index("ix_call_wrap_up", "wrap_up", "agent_id"),
        Index("ix_call_missed", "missed", "started_at"),
        Index("ix_call_back", "call_back", "call_back_at", "id"),
        Index("ix_call_outcome", "outcome", "started_at"),
        Index("ix_call_talk", "talk_seconds", "started_at"),
        Index("ix_call_task", "task_id", "started_at"),
    )

    id: Mapped[int] = primary_key("call_record")
    line_id: Mapped[int] = mapped_column(Key, ForeignKey("phone_line.id", name="fk_call_line"))
    direction: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(10))
    task_id: Mapped[int | None] = mapped_column(Key)
    number: Mapped[str] = mapped_column(Words(40), nullable=True, default="")
    number_received: Mapped[str] = mapped_column(Words(80), nullable=True, default="")
    number_absent: Mapped[str] = mapped_column(Words(12), nullable=True, default="")
    number_verified: Mapped[bool] = mapped_column(YesNo, default=True)
    caller_name: Mapped[str] = mapped_column(Words(80), nullable=True, default="")
    rings: Mapped[int] = mapped_column(SmallInteger, default=0)
    patient_id: Mapped[int | None] = mapped_column(Key, ForeignKey("patient.id", name="fk_call_patient"))
    agent_id: Mapped[int | None] = mapped_column(Key, ForeignKey("user_account.id", name="fk_call_agent"))
    department_id: Mapped[int | None] = mapped_column(Key, ForeignKey("department.id", name="fk_call_department"))
    certainty: Mapped[str] = mapped_column(Words(10), nullable=True, default="")
    started_at: Mapped[datetime] = mapped_column(Utc)
    claimed_at: Mapped[datetime | None] = mapped_column(Utc)
    answered_at: Mapped[datetime | None] = mapped_column(Utc)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)
    talk_seconds: Mapped[int | None] = mapped_column(Integer)
    end_reason: Mapped[str] = mapped_column(Words(20), nullable=True, default="")
    wrap_up: Mapped[str] = mapped_column(Words(6), nullable=True, default="")
    wrapped_up_at: Mapped[datetime | None] = mapped_column(Utc)
    outcome: Mapped[str] = mapped_column(Words(30), nullable=True, default="")
    call_back_at: Mapped[datetime | None] = mapped_column(Utc)
    call_back: Mapped[str] = mapped_column(Words(6), nullable=True, default="")
    called_back_at: Mapped[datetime | None] = mapped_column(Utc)
    notes: Mapped[str] = mapped_column(LongWords, nullable=True, default="")
    offer_why: Mapped[str] = mapped_column(Words(12), nullable=True, default="")
    offered_until: Mapped[datetime | None] = mapped_column(Utc)
    missed: Mapped[bool] = mapped_column(YesNo, default=False)
    missed_handled_at: Mapped[datetime | None] = mapped_column(Utc)
    missed_handled_by: Mapped[int | None] = mapped_column(Key, ForeignKey("user_account.id", name="fk_call_handler"))
    parties: Mapped[str] = mapped_column(Words(12), nullable=True, default="")
    parties_at: Mapped[datetime | None] = mapped_column(Utc)
    third_number: Mapped[str] = mapped_column(Words(40), nullable=True, default="")
    # Without foreign keys, which SQLite cannot add to a table; users and calls are never deleted.
    third_agent_id: Mapped[int | None] = mapped_column(Key)
    held_since: Mapped[datetime | None] = mapped_column(Utc)
    hold_seconds: Mapped[int] = mapped_column(Integer, default=0)
    transfer: Mapped[str] = mapped_column(Words(10), nullable=True, default="")
    transferred_to: Mapped[str] = mapped_column(Words(40), nullable=True, default="")
    transferred_agent_id: Mapped[int | None] = mapped_column(Key)
    transferred_at: Mapped[datetime | None] = mapped_column(Utc)
    transferred_from_id: Mapped[int | None] = mapped_column(Key)
    version: Mapped[int] = mapped_column(Integer, default=1)

    @validates("answered_at", "ended_at")
    def _measure(self, name: str, moment: datetime | None) -> datetime | None:
        times = {"answered_at": self.answered_at, "ended_at": self.ended_at, name: moment}
        answered, ended = times["answered_at"], times["ended_at"]
        self.talk_seconds = int((ended - answered).total_seconds()) if answered and ended else None
        return moment


class CallOffer(Base):
    """An agent to whom a ringing call was shown: until ``closed_at``, if it went on to others.

    ``let_ring``: it went on because the agent was there and did not take it.

    No index by agent: a ring offered to two hundred of them would change two hundred pages of it. What an agent let
    ring is counted from the calls of its time.
    """

    __tablename__ = "call_offer"

    call_id: Mapped[int] = mapped_column(Key, ForeignKey("call_record.id", name="fk_offer_call"), primary_key=True)
    user_id: Mapped[int] = mapped_column(Key, ForeignKey("user_account.id", name="fk_offer_user"), primary_key=True)
    closed_at: Mapped[datetime | None] = mapped_column(Utc)
    let_ring: Mapped[bool] = mapped_column(YesNo, default=False)


class CallListener(Base):
    """Somebody who listened to a call from ``started_at``, when their telephone was rung, until ``ended_at``.

    ``mode`` is listen, whisper or barge; ``heard_at`` is when the telephone was lifted, empty if it never was.
    """

    __tablename__ = "call_listener"
    __table_args__ = (
        Index("ix_listener_call", "call_id", "ended_at"),
        Index("ix_listener_ended", "ended_at", "id"),
    )

    id: Mapped[int] = primary_key("call_listener")
    call_id: Mapped[int] = mapped_column(Key, ForeignKey("call_record.id", name="fk_listener_call"))
    user_id: Mapped[int] = mapped_column(Key, ForeignKey("user_account.id", name="fk_listener_user"))
    mode: Mapped[str] = mapped_column(String(10))
    started_at: Mapped[datetime] = mapped_column(Utc)
    heard_at: Mapped[datetime | None] = mapped_column(Utc)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)


class CallRecording(Base):
    """The recording of a call. ``name`` is the file's where the device writes it; ours follows from ``id``.

    ``state`` is recording (the device has it, or had when the call ended), kept (we have it), lost, none (on the
    handset there was nothing to record) or deleted; ``reason`` one of ``callcenter.recordings.fields``. ``size_bytes``
    is empty while no file of ours is there, so a deleted recording that has a size has a file still to be removed.
    """

    __tablename__ = "call_recording"
    __table_args__ = (
        UniqueConstraint("call_id", name="uq_recording_call"),
        Index("ix_recording_state", "state", "started_at"),
    )

    id: Mapped[int] = primary_key("call_recording")
    call_id: Mapped[int] = mapped_column(Key, ForeignKey("call_record.id", name="fk_recording_call"))
    name: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Words(20), nullable=True, default="")
    started_at: Mapped[datetime] = mapped_column(Utc)
    seconds: Mapped[int | None] = mapped_column(Integer)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)


class CallOutcome(Base):
    """What can come of a call. ``code`` is stable; ``key`` is the digit 1 to 9 in the wrap-up pane, 0 for none.

    ``task_effect`` is what it does to a call task: done (also when empty), retry, give_up or at_time; a retry comes
    after ``task_minutes``, and none after ``task_attempts`` attempts, 0 for always another.
    """

    __tablename__ = "call_outcome"

    code: Mapped[str] = mapped_column(String(30), primary_key=True)
    label_zh: Mapped[str] = mapped_column(String(60))
    label_en: Mapped[str] = mapped_column(String(60))
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
    needs_time: Mapped[bool] = mapped_column(YesNo, default=False)
    task_effect: Mapped[str] = mapped_column(Words(10), nullable=True, default="")
    task_minutes: Mapped[int] = mapped_column(Integer, default=0)
    task_attempts: Mapped[int] = mapped_column(Integer, default=0)
    disabled: Mapped[bool] = mapped_column(YesNo, default=False)


class AgentStatus(Base):
    """The present state of an agent: offline, available, ringing, talking, wrap_up or away (with reason).

    ``until`` is when a wrap-up that may not last longer ends by itself. ``connected`` is false while no page is open.
    """

    __tablename__ = "agent_status"

    user_id: Mapped[int] = mapped_column(
        Key, ForeignKey("user_account.id", name="fk_agentstatus_user"), primary_key=True, autoincrement=False
    )
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Words(60), nullable=True, default="")
    since: Mapped[datetime] = mapped_column(Utc)
    until: Mapped[datetime | None] = mapped_column(Utc)
    connected: Mapped[bool] = mapped_column(YesNo, default=True)


class AgentStateSpan(Base):
    """A stretch of time that an agent spent in one state; ``ended_at`` is empty for the present one.

    The spans of an agent follow each other without gap or overlap, whatever day, restart or crash lies between.
    """

    __tablename__ = "agent_state_span"
    __table_args__ = (
        Index("ix_agentspan_user", "user_id", "started_at"),
        Index("ix_agentspan_ended", "ended_at"),
    )

    id: Mapped[int] = primary_key("agent_state_span")
    user_id: Mapped[int] = mapped_column(Key, ForeignKey("user_account.id", name="fk_agentspan_user"))
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Words(60), nullable=True, default="")
    started_at: Mapped[datetime] = mapped_column(Utc)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)


class Heartbeat(Base):
    """When a daemon was last known to be alive: how long its agents' last states can be vouched for."""

    __tablename__ = "heartbeat"

    node: Mapped[str] = mapped_column(String(60), primary_key=True)
    at: Mapped[datetime] = mapped_column(Utc)


class AgentGroup(Base):
    """Agents who share the calls of lines. ``rule`` is one of callcenter.telephony.routing.Rule, times are in seconds.

    ``wrap_up_seconds`` is 0 for no limit. ``turn`` is the agent to whom round robin offered last.
    """

    __tablename__ = "agent_group"
    __table_args__ = (UniqueConstraint("name", name="uq_agent_group_name"),)

    id: Mapped[int] = primary_key("agent_group")
    name: Mapped[str] = mapped_column(String(60))
    rule: Mapped[str] = mapped_column(String(12))
    ring_seconds: Mapped[int] = mapped_column(SmallInteger, default=20)
    prefer_last: Mapped[bool] = mapped_column(YesNo, default=False)
    wrap_up_seconds: Mapped[int] = mapped_column(SmallInteger, default=0)
    skill_id: Mapped[int | None] = mapped_column(Key, ForeignKey("skill.id", name="fk_group_skill"))
    turn: Mapped[int | None] = mapped_column(Key)
    disabled: Mapped[bool] = mapped_column(YesNo, default=False)
    version: Mapped[int] = mapped_column(Integer, default=1)


class GroupMember(Base):
    """An agent of a group."""

    __tablename__ = "agent_group_member"

    group_id: Mapped[int] = mapped_column(Key, ForeignKey("agent_group.id", name="fk_member_group"), primary_key=True)
    user_id: Mapped[int] = mapped_column(
        Key, ForeignKey("user_account.id", name="fk_member_user"), primary_key=True, index=True
    )


class Skill(Base):
    """Something that some agents can do: a language, a specialty."""

    __tablename__ = "skill"
    __table_args__ = (UniqueConstraint("name", name="uq_skill_name"),)

    id: Mapped[int] = primary_key("skill")
    name: Mapped[str] = mapped_column(String(60))
    disabled: Mapped[bool] = mapped_column(YesNo, default=False)
    version: Mapped[int] = mapped_column(Integer, default=1)


class AgentSkill(Base):
    """An agent who has a skill."""

    __tablename__ = "agent_skill"

    user_id: Mapped[int] = mapped_column(
        Key, ForeignKey("user_account.id", name="fk_agentskill_user"), primary_key=True
    )
    skill_id: Mapped[int] = mapped_column(
        Key, ForeignKey("skill.id", name="fk_agentskill_skill"), primary_key=True, index=True
    )
