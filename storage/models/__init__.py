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
from storage.models.complaints import Complaint, ComplaintStep
from storage.models.conversations import Conversation, SmsOptOut
from storage.models.crm import NumberChoice, Patient, PatientPhone, PatientTerm
from storage.models.events import EventCounter, EventRecord
from storage.models.leases import Lease
from storage.models.message_texts import AutoReply, MessageTemplate, MessagingRules, Phrase
from storage.models.messaging import (
    SmsArrival,
    SmsAttempt,
    SmsBatch,
    SmsBatchPage,
    SmsGateway,
    SmsList,
    SmsListPart,
    SmsMessage,
    SmsReceipt,
)
from storage.models.talking import Article, CallScript
from storage.models.telephony import (
    AgentGroup,
    AgentSkill,
    AgentStateSpan,
    AgentStatus,
    CallListener,
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
    "AutoReply",
    "Base",
    "CallListener",
    "CallOffer",
    "CallOutcome",
    "CallRecord",
    "CallRecording",
    "CallScript",
    "CallTask",
    "Complaint",
    "ComplaintStep",
    "Conversation",
    "Department",
    "EventCounter",
    "EventRecord",
    "GroupMember",
    "Heartbeat",
    "Lease",
    "LineHost",
    "LineServiceSpan",
    "MessageTemplate",
    "MessagingRules",
    "NumberChoice",
    "Patient",
    "PatientPhone",
    "PatientTerm",
    "PhoneLine",
    "Phrase",
    "Role",
    "RolePermission",
    "SavedView",
    "Skill",
    "SmsArrival",
    "SmsAttempt",
    "SmsBatch",
    "SmsBatchPage",
    "SmsGateway",
    "SmsList",
    "SmsListPart",
    "SmsMessage",
    "SmsOptOut",
    "SmsReceipt",
    "UserAccount",
    "UserRole",
    "WebSession",
]
