"""What is known of messages and conversations, as fields: words for pages, exports and the audit log."""

from __future__ import annotations

from callcenter.administration.fields import Field, Kind
from callcenter.administration.references import DEPARTMENTS, PATIENTS, USERS
from callcenter.messaging.texts.templates import PURPOSES
from callcenter.text import N_

STATES = (
    ("queued", N_("Waiting")),
    ("sending", N_("Being sent")),
    ("accepted", N_("Accepted")),
    ("delivered", N_("Delivered")),
    ("failed", N_("Failed")),
    ("unknown", N_("Unconfirmed")),
    ("cancelled", N_("Cancelled")),
    ("expired", N_("Expired")),
    ("suppressed", N_("Not sent")),
    ("received", N_("Received")),
)
REASONS = (
    ("not_before", N_("is sent later")),
    ("quiet_hours", N_("waiting for sending hours")),
    ("daily_cap", N_("the number has its share of today")),
    ("opted_out", N_("the number wants no messages")),
    ("do_not_contact", N_("the patient does not want to be contacted")),
    ("bad_number", N_("no number that takes texts")),
    ("empty", N_("nothing is written in it")),
    ("too_long", N_("too long")),
    ("no_gateway", N_("no gateway is ready")),
    ("out_of_service", N_("the gateway that can carry it is out of service")),
    ("refused_later", N_("the gateway asked to try later")),
    ("refused", N_("refused")),
    ("gateway_refused", N_("the gateway does not take it")),
    ("unwritable", N_("has characters that cannot be sent")),
    ("unsent", N_("not written to the gateway yet")),
    ("not_delivered", N_("not delivered")),
    ("partly", N_("only parts of it went out")),
    ("no_answer", N_("the gateway did not answer")),
    ("interrupted", N_("interrupted while it was sent")),
    ("uncertain", N_("the gateway does not know")),
    ("resent", N_("sent again, no word came of the attempt before")),
    ("too_late", N_("too late")),
    ("by_person", N_("by a person")),
    ("paused", N_("held by a person")),
    ("incomplete", N_("parts of it never came")),
    ("overtaken", N_("a later text says how it stands")),
)
PART_STATES = (
    *STATES,
    ("unsent", N_("not written")),
    ("later", N_("refused for now")),
    ("refused", N_("refused")),
    ("elsewhere", N_("not by this gateway")),
    ("uncertain", N_("the gateway does not know")),
    ("given_up", N_("no confirmation")),
)
PURPOSE_WORDS = (*PURPOSES, ("test", N_("Test")), ("alarm", N_("Alarm")))
TALK_STATES = (("open", N_("Open")), ("snoozed", N_("Snoozed")), ("done", N_("Done")))
STOP_SCOPES = (
    ("hospital", N_("All of the hospital's")),
    ("signature", N_("Those with the signature of the number that was written to")),
)
STOPPED = (("care", N_("Care and reminders")), ("marketing", N_("Marketing")), ("all", N_("All messages")))

DIRECTIONS = (("in", N_("Incoming SMS")), ("out", N_("Outgoing SMS")))

MESSAGE_FIELDS = (
    Field("direction", N_("Direction"), Kind.CHOICE, choices=DIRECTIONS),
    Field("state", N_("State"), Kind.CHOICE, choices=STATES),
    Field("reason", N_("Reason"), Kind.CHOICE, choices=REASONS),
    Field("part", N_("Part"), Kind.CHOICE, choices=PART_STATES),
    Field("purpose", N_("Purpose"), Kind.CHOICE, choices=PURPOSE_WORDS),
    Field("conversation_id", N_("SMS conversation")),
    Field("patient_id", N_("Patient"), Kind.REFERENCE, reference=PATIENTS),
    Field("count", N_("Recipients")),
    Field("title", N_("Title")),
)
CONVERSATION_FIELDS = (
    Field("state", N_("State"), Kind.CHOICE, choices=TALK_STATES),
    Field("snoozed_until", N_("Snoozed until"), Kind.MOMENT),
    Field("assigned_to", N_("Answered by"), Kind.REFERENCE, reference=USERS),
    Field("department_id", N_("Department"), Kind.REFERENCE, reference=DEPARTMENTS),
    Field("patient_id", N_("Patient"), Kind.REFERENCE, reference=PATIENTS),
    Field("remember", N_("Remembered for this number"), Kind.FLAG),
)
OPT_OUT_FIELDS = (
    Field("kind", N_("Stopped"), Kind.CHOICE, choices=STOPPED),
    Field("note", N_("Note")),
    Field("ended_at", N_("Ended at"), Kind.MOMENT),
    Field("signature", N_("Signature")),
    Field("scope", N_("Whose messages a stop word stops"), Kind.CHOICE, choices=STOP_SCOPES),
)
RULE_FIELDS = (
    Field("closes", N_("Quiet hours begin")),
    Field("opens", N_("Quiet hours end")),
    Field("waiting", N_("Wait while it is quiet"), Kind.CHOICE, choices=PURPOSE_WORDS),
    Field("daily_cap", N_("Most to one number a day")),
    Field("capped", N_("Counted together"), Kind.CHOICE, choices=PURPOSE_WORDS),
    Field("expire_hours", N_("Given up after (hours)")),
    Field("late_minutes", N_("Wait for a receipt (minutes)")),
    Field("resent", N_("Sent once more without a receipt"), Kind.CHOICE, choices=PURPOSE_WORDS),
)
"""The rules of sending, in the order of their page."""
