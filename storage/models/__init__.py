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
    AgentStateChange,
    AgentStatus,
    CallOffer,
    CallOutcome,
    CallRecord,
    CallRecording,
    PhoneLine,
)

__all__ = [
    "AgentStateChange",
    "AgentStatus",
    "AuditEntry",
    "Base",
    "CallOffer",
    "CallOutcome",
    "CallRecord",
    "CallRecording",
    "Department",
    "EventCounter",
    "EventRecord",
    "NumberChoice",
    "Patient",
    "PatientPhone",
    "PatientTerm",
    "PhoneLine",
    "Role",
    "RolePermission",
    "SavedView",
    "UserAccount",
    "UserRole",
    "WebSession",
]
