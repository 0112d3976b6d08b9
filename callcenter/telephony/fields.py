"""What people call the values of calls, lines and agents, declared as records declare theirs.

Pages, exports and the audit log read them from here.
"""

from __future__ import annotations

from callcenter.administration.fields import Field, Kind
from callcenter.administration.references import LINES, PATIENTS, USERS
from callcenter.text import N_

CALL_FIELDS = (
    Field("direction", N_("Direction"), Kind.CHOICE, choices=(("in", N_("Incoming")), ("out", N_("Outgoing")))),
    Field("state", N_("State"), Kind.CHOICE, choices=(
        ("ringing", N_("Ringing")),
        ("dialling", N_("Dialling")),
        ("talking", N_("In conversation")),
        ("ended", N_("Ended")),
    )),
    Field("number", N_("Phone number"), sensitive=True),
    Field("number_absent", N_("Why there is no number"), Kind.CHOICE, choices=(
        ("private", N_("Number withheld")),
        ("unavailable", N_("Number not available")),
    )),
    Field("certainty", N_("Certainty of the answer"), Kind.CHOICE, choices=(
        ("sure", N_("certain")),
        ("presumed", N_("presumed")),
    )),
    Field("end_reason", N_("How it ended"), Kind.CHOICE, choices=(
        ("hung_up", N_("Hung up here")),
        ("far_end", N_("The other side hung up")),
        ("abandoned", N_("Caller gave up")),
        ("elsewhere", N_("Answered at another telephone")),
        ("handset", N_("Ended at the handset")),
        ("transferred", N_("Transferred")),
        ("busy", N_("Busy")),
        ("no_answer", N_("No answer")),
        ("no_dial_tone", N_("No dial tone")),
        ("failed", N_("The line could not dial")),
        ("unknown", N_("End not seen")),
    )),
    Field("parties", N_("Who is on the call"), Kind.CHOICE, choices=(
        ("held", N_("on hold")),
        ("calling", N_("on hold, somebody else is called")),
        ("consulting", N_("on hold, somebody else is consulted")),
        ("conference", N_("conference")),
    )),
    Field("transfer", N_("Transfer"), Kind.CHOICE, choices=(
        ("blind", N_("without asking")),
        ("attended", N_("after asking")),
    )),
    Field("wrap_up", N_("Wrap-up"), Kind.CHOICE, choices=(
        ("open", N_("Unfinished")),
        ("done", N_("Completed")),
    )),
    Field("outcome", N_("Outcome")),
    Field("notes", N_("Notes"), Kind.LONG_TEXT),
    Field("call_back_at", N_("Call back at"), Kind.MOMENT),
    Field("patient_id", N_("Patient"), Kind.REFERENCE, reference=PATIENTS),
    Field("agent_id", N_("Agent"), Kind.REFERENCE, reference=USERS),
    Field("line_id", N_("Line"), Kind.REFERENCE, reference=LINES),
    Field("missed", N_("Missed"), Kind.FLAG),
    Field("missed_handled_at", N_("Missed call dealt with"), Kind.MOMENT),
    Field("remember", N_("Remembered for this number"), Kind.FLAG),
)  # fmt: skip

LISTENER_FIELDS = (
    Field("listener_id", N_("Who listened"), Kind.REFERENCE, reference=USERS),
    Field("mode", N_("How"), Kind.CHOICE, choices=(
        ("listen", N_("Listen in")),
        ("whisper", N_("Whisper to the agent")),
        ("barge", N_("Join the conversation")),
    )),
    Field("why", N_("Why"), Kind.CHOICE, choices=(
        ("disabled", N_("the account is disabled")),
        ("signed-out", N_("signed in nowhere any more")),
        ("no-right", N_("the right to it was taken away")),
    )),
)  # fmt: skip

LINE_FIELDS = (
    Field("state", N_("State"), Kind.CHOICE, choices=(
        ("idle", N_("Idle")),
        ("ringing", N_("Ringing")),
        ("dialling", N_("Dialling")),
        ("talking", N_("In conversation")),
        ("lost", N_("Line lost")),
        ("out_of_service", N_("Out of service")),
    )),
    Field("name", N_("Name")),
    Field("driver", N_("Device"), Kind.CHOICE, choices=(
        ("hayes", N_("Voice modem")),
        ("fsk", N_("FSK caller-id receiver")),
        ("whozz", N_("Whozz Calling box on Ethernet")),
        ("netcallerid", N_("NetCallerID box")),
        ("tci", N_("TCI or Whozz Calling box on a serial port")),
        ("tp_hid", N_("TP phone box on USB")),
        ("ubox", N_("UBOX phone box")),
        ("asterisk", N_("Asterisk PBX")),
    )),
    Field("port", N_("Port")),
    Field("group", N_("Group")),
    Field("bound_agent", N_("Seat")),
    Field("profile", N_("Chip of the modem")),
    Field("baud", N_("Speed of the port")),
    Field("ring_timeout", N_("Ringing stops after (s)")),
    Field("numberless_alarm_after", N_("Alarm after calls without a number")),
    Field("dial_prefix", N_("Outside line")),
    Field("international_prefix", N_("In place of +")),
    Field("headset", N_("Headset at the seat")),
    Field("trace", N_("Raw trace in a file"), Kind.FLAG),
    Field("out_of_service", N_("Out of service"), Kind.FLAG),
    Field("reason", N_("Reason")),
)  # fmt: skip

AGENT_FIELDS = (
    Field("state", N_("State"), Kind.CHOICE, choices=(
        ("offline", N_("Offline")),
        ("available", N_("Available")),
        ("ringing", N_("Ringing")),
        ("talking", N_("In conversation")),
        ("wrap_up", N_("Wrap-up")),
        ("away", N_("Away")),
    )),
)  # fmt: skip
