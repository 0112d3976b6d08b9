"""One file per module of the hospital. Importing this package makes every table known to ``Base.metadata``."""

from storage.models.administration import (
    AuditEntry,
    Department,
    Role,
    RolePermission,
    SavedView,
    UserAccount,
    UserRole,
    WebSession,
)
from storage.models.alarms import Alarm, AlarmDelivery, AlarmTarget, LineServiceSpan
from storage.models.base import Base
from storage.models.crm import NumberChoice, Patient, PatientPhone, PatientTerm
from storage.models.events import EventCounter, EventRecord
from storage.models.talking import Article, CallScript
from storage.models.telephony import (
    AgentGroup,
    AgentSkill,
    AgentStateSpan,
    AgentStatus,
    CallOffer,
    CallOutcome,
    CallRecord,
    CallRecording,
    GroupMember,
    Heartbeat,
    LineHost,
    PhoneLine,
    Skill,
)
from storage.models.worklist import CallTask

__all__ = [
    "AgentGroup",
    "AgentSkill",
    "AgentStateSpan",
    "AgentStatus",
    "Alarm",
    "AlarmDelivery",
    "AlarmTarget",
    "Article",
    "AuditEntry",
    "Base",
    "CallOffer",
    "CallOutcome",
    "CallRecord",
    "CallRecording",
    "CallScript",
    "CallTask",
    "Department",
    "EventCounter",
    "EventRecord",
    "GroupMember",
    "Heartbeat",
    "LineHost",
    "LineServiceSpan",
    "NumberChoice",
    "Patient",
    "PatientPhone",
    "PatientTerm",
    "PhoneLine",
    "Role",
    "RolePermission",
    "SavedView",
    "Skill",
    "UserAccount",
    "UserRole",
    "WebSession",
]
