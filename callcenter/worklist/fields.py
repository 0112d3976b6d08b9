"""What people call the values of call tasks; pages, exports and the audit log read them from here."""

from __future__ import annotations

from callcenter.administration.fields import Field, Kind
from callcenter.administration.references import DEPARTMENTS, PATIENTS, USERS
from callcenter.text import N_

PRIORITIES = (("1", N_("urgent")), ("2", N_("normal")), ("3", N_("can wait")))

TASK_FIELDS = (
    Field("purpose", N_("What it is about")),
    Field("state", N_("State"), Kind.CHOICE, choices=(
        ("open", N_("To be called")),
        ("claimed", N_("Being worked on")),
        ("done", N_("Done")),
        ("given_up", N_("Given up")),
        ("cancelled", N_("Cancelled")),
        ("expired", N_("Expired")),
        ("active", N_("Not done yet")),
    )),
    Field("reason", N_("Reason"), Kind.CHOICE, choices=(
        ("do_not_call", N_("The patient asked not to be called")),
        ("no_number", N_("There is no number")),
        ("attempts", N_("All attempts used")),
        ("outcome", N_("Call outcome")),
        ("too_late", N_("Its time is over")),
        ("skipped", N_("Skipped")),
    )),
    Field("why", N_("Why not"), Kind.CHOICE, choices=(
        ("do_not_call", N_("The patient asked not to be called")),
        ("no_number", N_("There is no number")),
        ("has_task", N_("Has an open task already")),
        ("not_found", N_("Not found, or out of your reach")),
    )),
    Field("note", N_("Note")),
    Field("agent_id", N_("Agent"), Kind.REFERENCE, reference=USERS),
    Field("department_id", N_("Department"), Kind.REFERENCE, reference=DEPARTMENTS),
    Field("patient_id", N_("Patient"), Kind.REFERENCE, reference=PATIENTS),
    Field("priority", N_("Priority"), Kind.CHOICE, choices=PRIORITIES),
    Field("next_at", N_("Next call"), Kind.MOMENT),
    Field("due_until", N_("Not later than"), Kind.MOMENT),
    Field("kind", N_("Kind")),
    Field("source", N_("Source")),
    Field("count", N_("How many")),
)  # fmt: skip
