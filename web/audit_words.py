"""The audit log as people read it: fields by their labels, ids by their names, codes by their words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from callcenter.administration.fields import Field, Kind
from callcenter.administration.references import DEPARTMENTS, LINES, USERS
from callcenter.administration.resource_service import ResourceService
from callcenter.messaging.fields import (
    CONVERSATION_FIELDS,
    MESSAGE_FIELDS,
    OPT_OUT_FIELDS,
    RULE_FIELDS,
    STOP_SCOPES,
    STOPPED,
)
from callcenter.messaging.gateways.settings import OPTION
from callcenter.recordings.fields import REASONS
from callcenter.servicedesk.complaints.fields import COMPLAINT_FIELDS
from callcenter.telephony.fields import AGENT_FIELDS, CALL_FIELDS, LINE_FIELDS, LISTENER_FIELDS
from callcenter.text import N_
from callcenter.worklist.fields import TASK_FIELDS
from web.call_sheet import outcome_words
from web.exchange import Exchange
from web.field_words import Reader
from web.forms import as_list
from web.gateway_setting_words import LABELS as SETTING_LABELS
from web.report_words import BY_WORDS, COUNTED
from web.words import (
    ALARM_KINDS,
    AUDIT_ACTIONS,
    AUDIT_SUBJECTS,
    RESOURCE_WORDS,
    SCOPES,
    permission_word,
    word_of,
    yes_no,
)

Entry = dict[str, Any]
Names = Mapping[str, Mapping[int, str]]

_STATE = Field("disabled", N_("Disabled"), Kind.FLAG)

_ASKED = (
    Field("since", N_("From"), Kind.MOMENT),
    Field("until", N_("To"), Kind.MOMENT),
    Field("searched", N_("With search words"), Kind.FLAG),
    Field("sort", N_("Sorted by")),
    Field("disabled", N_("Include disabled"), Kind.FLAG),
)
"""What an export of any list was limited to."""

# What the log tells of things that are no declared records, or beside their fields.
_FIELDS: Mapping[str, tuple[Field, ...]] = MappingProxyType(
    {
        "call": (
            *CALL_FIELDS,
            Field("recorded", N_("With recording"), Kind.FLAG),
            Field("recording", N_("Recording"), Kind.CHOICE, choices=REASONS),
            Field("open_missed", N_("Missed and not dealt with"), Kind.FLAG),
            Field("shortest", N_("Talk time from (s)")),
            Field("longest", N_("Talk time up to (s)")),
            Field("department_id", N_("Group"), Kind.REFERENCE, reference=DEPARTMENTS),
            Field("counted", N_("Counted as"), Kind.CHOICE, choices=tuple(COUNTED.items())),
            Field("hour", N_("Hour")),
            *LISTENER_FIELDS,
        ),
        "line": LINE_FIELDS,
        "agent": AGENT_FIELDS,
        "call_task": TASK_FIELDS,
        "complaint": COMPLAINT_FIELDS,
        "message": (
            *MESSAGE_FIELDS,
            Field("number", N_("Number")),
            Field("gateway_id", N_("Gateway")),
            Field("from_day", N_("From")),
            Field("to_day", N_("To")),
            Field("message_id", N_("SMS message")),
        ),
        "message_batch": MESSAGE_FIELDS,
        "conversation": CONVERSATION_FIELDS,
        "opt_out": OPT_OUT_FIELDS,
        "patient": (Field("confirmed", N_("Called anyway"), Kind.FLAG),),
        "alarm": (
            Field("kind", N_("Kind"), Kind.CHOICE, choices=tuple(ALARM_KINDS.items())),
            Field("line_id", N_("Line"), Kind.REFERENCE, reference=LINES),
            Field("handled", N_("Handling"), Kind.FLAG),
            Field("note", N_("What was done")),
        ),
        "gateway": (
            Field("name", N_("Name")),
            Field("kind", N_("Kind")),
            Field("prefixes", N_("Prefixes")),
            Field("purposes", N_("Purposes")),
            Field("priority", N_("Priority")),
            Field("cost", N_("Cost of a part")),
            Field("signature", N_("Signature")),
            Field("adds_signature", N_("Adds the signature itself"), Kind.FLAG),
            Field("counting", N_("Counting of parts")),
            Field("number", N_("Number that patients see")),
            Field("balance_low", N_("Warn below")),
            Field("in_service", N_("In service"), Kind.FLAG),
            Field("trace", N_("Trace"), Kind.FLAG),
            Field("secrets", N_("Secrets")),
            *(Field(f"{OPTION}{name}", label) for name, label in SETTING_LABELS.items()),
            Field("message_id", N_("SMS message")),
        ),
        "messaging_rules": (
            *RULE_FIELDS,
            Field("opt_out_kind", N_("What a stop word stops"), Kind.CHOICE, choices=STOPPED),
            Field("opt_out_scope", N_("Whose messages a stop word stops"), Kind.CHOICE, choices=STOP_SCOPES),
            Field("auto_reply_hours", N_("Hours between automatic replies to one number")),
            Field("answer_minutes", N_("Minutes without an answer until an alarm")),
            Field("staffed_from", N_("Staffed from")),
            Field("staffed_to", N_("Staffed until")),
            Field("days", N_("Days of the week")),
        ),
        "report": (
            Field("from_day", N_("From")),
            Field("to_day", N_("To")),
            Field("by", N_("Breakdown"), Kind.CHOICE, choices=tuple(BY_WORDS.items())),
            Field("department_id", N_("Group"), Kind.REFERENCE, reference=DEPARTMENTS),
            Field("line_id", N_("Line"), Kind.REFERENCE, reference=LINES),
            Field("agent_id", N_("Agent"), Kind.REFERENCE, reference=USERS),
        ),
        "audit": (
            Field("user_id", N_("User"), Kind.REFERENCE, reference=USERS),
            Field("action", N_("Action"), Kind.CHOICE, choices=tuple(AUDIT_ACTIONS.items())),
            Field("subject_type", N_("Subject"), Kind.CHOICE, choices=tuple(AUDIT_SUBJECTS.items())),
            Field("subject_id", N_("Number")),
        ),
    }
)

# The time of the entry says it.
_TOLD_ANYWAY = {"updated_at"}

_RESOURCES = MappingProxyType({"line": "lines", "agent": "users"})


@dataclass(frozen=True)
class Subject:
    """A kind of thing in the log: the records whose ids its entries carry, and its fields by name."""

    resource: str
    fields: Mapping[str, Field]


NOTHING = Subject("", {})


def subjects_of(exchange: Exchange) -> Mapping[str, Subject]:
    """Every kind of thing by its name in the log."""
    resources = {one.resource.singular: one.resource for one in _records(exchange).values()}
    found = {}
    for name in (*resources, *(name for name in _FIELDS if name not in resources)):
        resource = resources.get(name)
        declared = (_STATE, *(resource.fields if resource else ()), *_FIELDS.get(name, ()))
        found[name] = Subject(resource.name if resource else _RESOURCES.get(name, ""), {f.name: f for f in declared})
    return found


@dataclass(frozen=True)
class Value:
    """One value that an entry tells; ``part`` is the permission where the field has the permissions of a role."""

    name: str
    field: Field | None
    before: Any
    after: Any
    part: str = ""


async def readable(exchange: Exchange, entries: Sequence[Entry]) -> list[Entry]:
    """The entries with ``action_word``, ``subject_word``, ``subject_name`` and ``changes``: label, before, after."""
    subjects = subjects_of(exchange)
    found = [(entry, subject := _subject(entry, subjects), values_of(entry, subject.fields)) for entry in entries]
    names = await _names(exchange, found)
    outcomes = await outcome_words(exchange)
    teller = _Teller(exchange, names, outcomes)
    return [teller.entry(entry, subject, values) for entry, subject, values in found]


def _subject(entry: Entry, subjects: Mapping[str, Subject]) -> Subject:
    subject = subjects.get(entry["subject_type"], NOTHING)
    if entry["action"] != "export":
        return subject
    return Subject(subject.resource, {**subject.fields, **{one.name: one for one in _ASKED}})


async def readable_chunks(exchange: Exchange, chunks: AsyncIterator[Sequence[Entry]]) -> AsyncIterator[list[Entry]]:
    """The same for an export."""
    async for chunk in chunks:
        yield await readable(exchange, chunk)


def values_of(entry: Entry, fields: Mapping[str, Field]) -> list[Value]:
    """What the entry tells; the filters of an export and the permissions of a role one by one."""
    before, after = entry["before"] or {}, entry["after"] or {}
    names = [name for name in {**before, **after} if name not in _TOLD_ANYWAY]
    values = []
    for name in names:
        old, new, field = before.get(name), after.get(name), fields.get(name)
        if dict not in (type(old), type(new)):
            values.append(Value(name, field, old, new))
            continue
        old, new = old or {}, new or {}
        parts = [part for part in sorted({**old, **new}) if old.get(part) != new.get(part)]
        if field is not None and field.kind is Kind.GRANTS:
            values.extend(Value(name, field, old.get(part), new.get(part), part) for part in parts)
        else:
            values.extend(Value(part, fields.get(part), old.get(part), new.get(part)) for part in parts)
    return values


def _id(value: Any) -> int:
    """The id that ``value`` is, as a number or, in the filters of an export, as a text; 0 for anything else."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _records(exchange: Exchange) -> dict[str, ResourceService]:
    return {**exchange.services.resources, "patients": exchange.services.patients.records}


async def _names(exchange: Exchange, found: Sequence[tuple[Entry, Subject, Sequence[Value]]]) -> Names:
    """Name of a resource → id → name, of everything that is referred to and that the reader may see. Outcomes have no
    numbers for keys, and are told by words of their own.
    """
    wanted: dict[str, set[int]] = defaultdict(set)
    for entry, subject, values in found:
        wanted[subject.resource].add(_id(entry["subject_id"]))
        for value in values:
            if value.field is not None and value.field.reference is not None:
                ids = {_id(one) for one in (*as_list(value.before), *as_list(value.after))}
                wanted[value.field.reference.resource] |= ids - {0}
    principal = exchange.principal
    names: dict[str, Mapping[int, str]] = {
        name: await service.names(principal, wanted[name])
        for name, service in _records(exchange).items()
        if service.resource.key_column.type.python_type is int
    }
    if wanted["lines"] and principal.may("lines.view"):
        names["lines"] = await exchange.services.telephony.lines.names(principal, wanted["lines"])
    return names


class _Teller:
    """Puts entries into words."""

    def __init__(self, exchange: Exchange, names: Names, outcomes: Mapping[str, str]) -> None:
        self._say = exchange.translate
        self._names = names
        self._outcomes = outcomes
        self._reader = Reader(exchange, self._named)

    def entry(self, entry: Entry, subject: Subject, values: Sequence[Value]) -> Entry:
        """The entry with its words."""
        return {
            **entry,
            "action_word": word_of(AUDIT_ACTIONS, entry["action"], self._say),
            "subject_word": word_of(AUDIT_SUBJECTS, entry["subject_type"], self._say),
            "subject_name": self._subject_name(entry["subject_id"], subject.resource),
            "changes": [self._change(value, subject.fields) for value in values],
        }

    def _subject_name(self, key: str, resource: str) -> str:
        if resource == "outcomes":
            return self._outcomes.get(key, "")
        return self._names.get(resource, {}).get(_id(key), "")

    def _named(self, field: Field, key: Any) -> str:
        names = self._names.get(field.reference.resource, {}) if field.reference is not None else {}
        return names.get(_id(key)) or str(key)

    def _change(self, value: Value, fields: Mapping[str, Field]) -> Entry:
        return {
            "label": self._label(value),
            "before": self._text(value, value.before, fields),
            "after": self._text(value, value.after, fields),
        }

    def _label(self, value: Value) -> str:
        if value.part:
            resource = value.part.partition(".")[0]
            return f"{word_of(RESOURCE_WORDS, resource, self._say)}: {permission_word(value.part, self._say)}"
        return self._say(value.field.label) if value.field is not None else value.name.replace("_", " ")

    def _text(self, value: Value, given: Any, fields: Mapping[str, Field]) -> str:
        if given in (None, "", [], {}):
            return ""
        if type(given) is bool:
            return yes_no(given, self._say)
        if value.part:
            return word_of(SCOPES, given, self._say)
        if value.name == "outcome":
            return self._outcomes.get(given, given)
        if value.name == "sort":
            return self._order(given, fields)
        if value.field is None:
            return str(given)
        return self._reader.text(value.field, given)

    def _order(self, sort: str, fields: Mapping[str, Field]) -> str:
        name = sort.removeprefix("-")
        label = self._say(fields[name].label) if name in fields else name
        return f"{label} {'↓' if sort.startswith('-') else '↑'}"
