"""What people call the values of complaints; pages, exports and the audit log read them from here."""

from __future__ import annotations

from callcenter.administration.fields import Field, Kind
from callcenter.administration.references import DEPARTMENTS, PATIENTS, USERS
from callcenter.text import N_

COMPLAINT_FIELDS = (
    Field("kind", N_("Kind"), Kind.CHOICE, choices=(
        ("complaint", N_("Complaint")),
        ("suggestion", N_("Suggestion")),
        ("praise", N_("Praise")),
    )),
    Field("channel", N_("Channel"), Kind.CHOICE, choices=(
        ("call", N_("By phone")),
        ("box", N_("Suggestion box")),
        ("letter", N_("By letter")),
        ("visit", N_("In person")),
        ("web", N_("Website")),
        ("email", N_("E-mail")),
        ("sms", N_("SMS")),
    )),
    Field("severity", N_("Severity"), Kind.CHOICE, choices=(
        ("1", N_("serious")),
        ("2", N_("ordinary")),
        ("3", N_("minor")),
    )),
    Field("state", N_("State"), Kind.CHOICE, choices=(
        ("open", N_("Not taken on")),
        ("in_hand", N_("In progress")),
        ("settled", N_("Settled")),
        ("unsettled", N_("Not settled yet")),
    )),
    Field("outcome", N_("Result"), Kind.CHOICE, choices=(
        ("upheld", N_("Justified")),
        ("partly", N_("Partly justified")),
        ("not_upheld", N_("Not justified")),
        ("adopted", N_("Adopted")),
        ("passed_on", N_("Passed on")),
        ("withdrawn", N_("Withdrawn")),
    )),
    Field("step", N_("Step"), Kind.CHOICE, choices=(
        ("filed", N_("Filed")),
        ("changed", N_("Details changed")),
        ("taken", N_("Taken on")),
        ("assigned", N_("Assigned")),
        ("note", N_("Note")),
        ("settled", N_("Settled")),
        ("reopened", N_("Reopened")),
        ("told", N_("Patient told")),
    )),
    Field("overdue", N_("Overdue"), Kind.FLAG),
    Field("text", N_("What was reported"), Kind.LONG_TEXT),
    Field("patient_id", N_("Patient"), Kind.REFERENCE, reference=PATIENTS),
    Field("call_id", N_("Call")),
    Field("caller_name", N_("Reported by")),
    Field("number", N_("Phone number")),
    Field("department_id", N_("About which department"), Kind.REFERENCE, reference=DEPARTMENTS),
    Field("about_id", N_("About staff member"), Kind.REFERENCE, reference=USERS),
    Field("handler_id", N_("Handled by"), Kind.REFERENCE, reference=USERS),
    Field("due_at", N_("Settle by"), Kind.MOMENT),
    Field("findings", N_("Findings"), Kind.LONG_TEXT),
    Field("reward", N_("Reward")),
    Field("penalty", N_("Penalty")),
    Field("told_at", N_("Patient told at"), Kind.MOMENT),
    Field("note", N_("Note")),
)  # fmt: skip
