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
from storage.models.base import Base
from storage.models.crm import NumberChoice, Patient, PatientPhone, PatientTerm
from storage.models.events import EventCounter, EventRecord
from storage.models.telephony import (
    AgentGroup,
    AgentSkill,
    AgentStateSpan,
    AgentStatus,
    CallOffer,
    CallOutcome,
    CallRecord,
    GroupMember,
    Heartbeat,
    LineHost,
    PhoneLine,
    Skill,
)

__all__ = [
    "AgentGroup",
    "AgentSkill",
    "AgentStateSpan",
    "AgentStatus",
    "AuditEntry",
    "Base",
    "CallOffer",
    "CallOutcome",
    "CallRecord",
    "Department",
    "EventCounter",
    "EventRecord",
    "GroupMember",
    "Heartbeat",
    "LineHost",
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
