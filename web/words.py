"""Words of the interface for codes that services use; a test holds that none is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from callcenter.administration.fields import Field
from callcenter.crm.patient_resource import PATIENT_FIELDS
from callcenter.messaging.fields import CONVERSATION_FIELDS, MESSAGE_FIELDS, OPT_OUT_FIELDS
from callcenter.recordings.fields import RECORDING_FIELDS
from callcenter.servicedesk.complaints.fields import COMPLAINT_FIELDS
from callcenter.telephony.fields import AGENT_FIELDS, CALL_FIELDS, LINE_FIELDS
from callcenter.text import N_
from callcenter.worklist.fields import TASK_FIELDS

Codes = Mapping[str, Mapping[str, str]]
"""Name of a value → code → word."""


def codes_of(fields: Iterable[Field]) -> Codes:
    """The words of every field with choices."""
    return MappingProxyType({one.name: MappingProxyType(dict(one.choices)) for one in fields if one.choices})


CODES: Mapping[str, Codes] = MappingProxyType(
    {
        "patient": codes_of(PATIENT_FIELDS),
        "call": codes_of(CALL_FIELDS),
        "line": codes_of(LINE_FIELDS),
        "agent": codes_of(AGENT_FIELDS),
        "recording": codes_of(RECORDING_FIELDS),
        "call_task": codes_of(TASK_FIELDS),
        "complaint": codes_of(COMPLAINT_FIELDS),
        "message": codes_of(MESSAGE_FIELDS),
        "conversation": codes_of(CONVERSATION_FIELDS),
        "opt_out": codes_of(OPT_OUT_FIELDS),
    }
)
"""What the codes in all these mean; templates find them as ``words`` in their language."""


def word_of(words: Mapping[str, str], code: str, say: Callable[[str], str]) -> str:
    """What ``code`` means, in the language of ``say``; a code that is not known stands for itself."""
    return say(words[code]) if code in words else code


def yes_no(value: object, say: Callable[[str], str]) -> str:
    """The word for a flag."""
    return say(N_("yes") if value else N_("no"))


SCOPES: Mapping[str, str] = MappingProxyType({"own": N_("own"), "department": N_("own department"), "all": N_("all")})

RESOURCE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "patients": N_("Patients"),
        "calls": N_("Calls"),
        "call_tasks": N_("Call tasks"),
        "recordings": N_("Recordings"),
        "conversations": N_("SMS conversations"),
        "messages": N_("SMS messages"),
        "templates": N_("Message templates"),
        "phrases": N_("Phrases"),
        "auto_replies": N_("Automatic replies"),
        "opt_outs": N_("SMS opt-outs"),
        "messaging_rules": N_("SMS rules"),
        "gateways": N_("SMS gateways"),
        "lines": N_("Lines"),
        "agents": N_("Agents"),
        "wallboard": N_("Wallboard"),
        "alarms": N_("Alarms"),
        "reports": N_("Reports"),
        "outcomes": N_("Call outcomes"),
        "scripts": N_("Call scripts"),
        "articles": N_("Knowledge base"),
        "complaints": N_("Complaints"),
        "departments": N_("Departments"),
        "groups": N_("Agent groups"),
        "skills": N_("Skills"),
        "users": N_("Users"),
        "roles": N_("Roles"),
        "audit": N_("Audit log"),
    }
)

ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "view": N_("View"),
        "create": N_("Create"),
        "edit": N_("Change"),
        "disable": N_("Disable and enable"),
        "export": N_("Export"),
        "unmask": N_("See phone and id numbers in full"),
        "handle": N_("Take and wrap up"),
        "dial": N_("Dial"),
        "transfer": N_("Transfer, consult and confer"),
        "listen": N_("Listen in"),
        "whisper": N_("Whisper to the agent"),
        "barge": N_("Join the conversation"),
        "play": N_("Listen to"),
        "delete": N_("Delete"),
        "control": N_("Control"),
        "test": N_("Test, with the raw trace"),
        "manage": N_("Set up and assign"),
        "work": N_("Work on tasks"),
        "reply": N_("Write back"),
        "assign": N_("Assign to others"),
        "send": N_("Send"),
        "bulk": N_("Send to many"),
        # Not what it is for calls.
        "alarms.handle": N_("Handle alarms"),
        "complaints.create": N_("Record"),
        "complaints.handle": N_("Handle and close"),
        "lines.manage": N_("Add, remove, set the device"),
        "messages.manage": N_("Take out of the queue"),
    }
)


def permission_word(permission: str, say: Callable[[str], str]) -> str:
    """What ``permission`` lets one do with its resource, in the language of ``say``."""
    return word_of(ACTIONS, permission if permission in ACTIONS else permission.partition(".")[2], say)


NEW: Mapping[str, str] = MappingProxyType(
    {
        "users": N_("New user"),
        "roles": N_("New role"),
        "departments": N_("New department"),
        "groups": N_("New agent group"),
        "skills": N_("New skill"),
        "outcomes": N_("New call outcome"),
        "templates": N_("New message template"),
        "phrases": N_("New phrase"),
        "auto_replies": N_("New automatic reply"),
        "scripts": N_("New call script"),
        "articles": N_("New article"),
        "patients": N_("New patient"),
    }
)

EMPTY: Mapping[str, str] = MappingProxyType(
    {
        "users": N_("There are no users here yet. Make one for each person who signs in."),
        "roles": N_("There are no roles here yet. A role says what the people who have it may do."),
        "departments": N_("There are no departments here yet. Patients and people belong to departments."),
        "groups": N_("There are no groups of agents here yet. A group shares the calls of its lines by its own rule."),
        "skills": N_("There are no skills here yet. A group may ask for one, so that only who has it is rung."),
        "outcomes": N_("There are no call outcomes here yet. Agents choose one when a call is over."),
        "templates": N_(
            "There are no message templates here yet. Whoever writes to patients chooses one and edits it."
        ),
        "phrases": N_("There are no phrases here yet. A phrase is a piece of text that is put into a reply."),
        "auto_replies": N_(
            "There are no automatic replies here yet. One answers a keyword, one what comes when nobody is there."
        ),
        "scripts": N_(
            "There are no call scripts here yet. A script is what an agent says first, shown beside the call."
        ),
        "articles": N_(
            "There are no articles here yet. Agents find them beside the call by title, content or initials."
        ),
        "patients": N_("There are no patients here yet. Make one, or let the calls bring them."),
    }
)

AUDIT_ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "create": N_("created"),
        "edit": N_("changed"),
        "disable": N_("disabled"),
        "enable": N_("enabled"),
        "view": N_("looked at numbers"),
        "unmask": N_("revealed numbers"),
        "export": N_("exported"),
        "sign-in": N_("signed in"),
        "sign-in-failed": N_("failed to sign in"),
        "sign-out": N_("signed out"),
        "sign-out-everywhere": N_("signed out everywhere"),
        "change-password": N_("changed the password"),
        "claim": N_("took the call"),
        "claim-late": N_("said afterwards to have taken the call"),
        "take-back-claim": N_("took back to have taken the call"),
        "hang-up": N_("hung up"),
        "hold": N_("put the call on hold"),
        "resume": N_("took the call back"),
        "transfer": N_("transferred the call"),
        "consult": N_("consulted somebody during the call"),
        "complete-transfer": N_("handed the call over"),
        "conference": N_("started a conference"),
        "listen": N_("listened in on the call"),
        "whisper": N_("whispered to the agent during the call"),
        "barge": N_("joined the conversation"),
        "cut-off-listener": N_("ended somebody’s listening"),
        "play-recording": N_("listened to the recording"),
        "delete-recording": N_("deleted the recording"),
        "wrap-up": N_("wrapped up"),
        "attach-patient": N_("attached a patient"),
        "handle-missed": N_("dealt with a missed call"),
        "call-back": N_("said whether the call-back is done"),
        "dial-do-not-call": N_("called in spite of “do not call”"),
        "give-token": N_("issued a new token"),
        "revoke-token": N_("revoked the token"),
        "create-tasks": N_("created call tasks"),
        "skip": N_("skipped"),
        "assign": N_("handed over"),
        "reschedule": N_("rescheduled"),
        "cancel": N_("cancelled"),
        "set-service": N_("took out of service or back"),
        "remove": N_("removed"),
        "test": N_("began a test"),
        "force-state": N_("moved the agent"),
        "handle-alarm": N_("dealt with an alarm"),
        "read-messages": N_("read the messages"),
        "set-state": N_("snoozed, closed or reopened"),
        "send-message": N_("sent a message"),
        "send-batch": N_("sent to many"),
        "pause-batch": N_("held what had not left"),
        "continue-batch": N_("let go what was held"),
        "cancel-batch": N_("cancelled what had not left"),
        "opt-out": N_("stopped messages"),
        "end-opt-out": N_("allowed messages again"),
        "resend": N_("sent again"),
        "take": N_("took on"),
        "note": N_("wrote down a step"),
        "settle": N_("settled"),
        "reopen": N_("reopened"),
        "tell-result": N_("told the patient the result"),
    }
)

AUDIT_SUBJECTS: Mapping[str, str] = MappingProxyType(
    {
        "user": N_("User"),
        "role": N_("Role"),
        "department": N_("Department"),
        "group": N_("Agent group"),
        "skill": N_("Skill"),
        "outcome": N_("Call outcome"),
        "patient": N_("Patient"),
        "call": N_("Call"),
        "call_task": N_("Call task"),
        "complaint": N_("Complaint"),
        "conversation": N_("SMS conversation"),
        "message": N_("SMS message"),
        "message_batch": N_("SMS to many"),
        "template": N_("Message template"),
        "phrase": N_("Phrase"),
        "auto_reply": N_("Automatic reply"),
        "opt_out": N_("SMS opt-out"),
        "line": N_("Line"),
        "agent": N_("Agent"),
        "line_host": N_("Line host"),
        "alarm": N_("Alarm"),
        "gateway": N_("SMS gateway"),
        "messaging_rules": N_("SMS rules"),
        "report": N_("Report"),
        "audit": N_("Audit log"),
    }
)

MESSAGE_DIRECTIONS = CODES["message"]["direction"]
MESSAGE_STATES = CODES["message"]["state"]
MESSAGE_REASONS = CODES["message"]["reason"]
PURPOSES = CODES["message"]["purpose"]

ALARM_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "line_lost": N_("Line lost"),
        "numberless": N_("Calls without numbers"),
        "gateway_down": N_("Gateway down"),
        "gateway_passed_over": N_("Gateway takes nothing"),
        "gateway_full": N_("SMS storage full"),
        "queue_stuck": N_("Messages stuck"),
        "balance_low": N_("SMS balance low"),
        "sending_halted": N_("Sending paused by itself"),
        "unanswered": N_("SMS unanswered"),
        "caller_left": N_("Caller left on hold"),
    }
)
