"""What a text to many would come to, counted before it is sent: by one statement, however many are chosen.

The rules are those by which each chunk is made (``recipients``); they are asked again when it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, exists, literal, select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.administration.reading import check_query, select_keys
from callcenter.administration.resources import Resource, read_list_query
from callcenter.messaging.batches.choices import Choice, Member, load_members, members_in
from callcenter.messaging.batches.quotes import Quotes
from callcenter.messaging.batches.reach import bulk_reach
from callcenter.messaging.batches.recipients import OBSTACLES, BatchDraft, Obstacle, name_left_out
from callcenter.messaging.batches.tally import Looked, Tally
from callcenter.messaging.batches.times import judge_all
from callcenter.messaging.mobiles import THAT_TAKE_TEXTS
from callcenter.messaging.texts.filling import patient_values
from callcenter.messaging.texts.placeholders import fill
from callcenter.messaging.texts.quoting import load_tariff
from callcenter.messaging.vocabulary import OPT_OUTS, UNWANTED_BY_DO_NOT_CONTACT
from callcenter.placeholders import pieces, put_in
from storage.models import Department, Patient, PatientPhone, SmsOptOut, UserAccount
from storage.models.base import NO, table_of

SAMPLES = 5

_PATIENT, _PHONE, _OUT, _DEPARTMENT, _DOCTOR = map(
    table_of, (Patient, PatientPhone, SmsOptOut, Department, UserAccount)
)
_VALUES = {
    "patient.name": _PATIENT.c.name,
    "department": _DEPARTMENT.c.name,
    "doctor.name": _DOCTOR.c.display_name,
}
"""Placeholder → its value; empty or nothing where there is none."""


def count_recipients(
    session: Session,
    principal: Principal,
    draft: BatchDraft,
    choice: Choice,
    patients: Resource,
    common: Mapping[str, str],
    now: datetime,
) -> dict[str, Any]:
    """How many get it, who do not and why, the first texts, when they go, in how many parts at what cost."""
    tally = Tally()
    # Each as often as it stands there: so often it is read.
    used = [name for _, name in pieces(draft.text) if name in _VALUES]
    quotes = Quotes(load_tariff(session), draft.purpose, put_in(draft.text, {**common, **dict.fromkeys(used, "")}))
    for looked in _look(session, principal, draft, choice, patients, used, quotes):
        tally.add(looked)
    times = judge_all(session, draft, tally, now)
    tally.close()
    return {
        "count": len(tally.fit),
        **times.view,
        "left_out": sum(tally.reasons.values()),
        "reasons": {str(one): tally.reasons[one.value] for one in Obstacle if tally.reasons[one.value]},
        "refused": name_left_out(session, principal, [(key, why) for why, keys in tally.shown.items() for key in keys]),
        "sample": _sample(session, draft, common, tally),
        **quotes.priced(tally),
    }


def _look(
    session: Session,
    principal: Principal,
    draft: BatchDraft,
    choice: Choice,
    patients: Resource,
    used: Sequence[str],
    quotes: Quotes,
) -> Iterator[Looked]:
    """Everybody who was chosen, once."""
    reach = bulk_reach(principal)
    if choice.fields is not None:
        query = read_list_query(choice.fields)
        check_query(patients, query)
        chosen = select_keys(patients, principal, query)
        yield from _first_of_each(session, _statement(draft, used).where(_PATIENT.c.id.in_(chosen), reach), quotes)
        return
    everybody = _PATIENT.c.disabled == NO, reach
    for page in load_members(session, principal, choice, patients):
        members = members_in(page)
        ids = sorted({one.patient_id for one in members})
        statement = _statement(draft, used).where(_PATIENT.c.id.in_(ids), *everybody)
        yield from _of_members(session, statement, members, quotes)


def _statement(draft: BatchDraft, used: Sequence[str]) -> Select[Any]:
    """Each patient with each number that takes texts, in the order of the record; with one row where there is none."""
    stops = exists().where(
        _OUT.c.number == _PHONE.c.number, _OUT.c.ended_at.is_(None), _OUT.c.signature.is_(None),
        _OUT.c.kind.in_(OPT_OUTS[draft.purpose]),
    )  # fmt: skip
    phones = and_(_PHONE.c.patient_id == _PATIENT.c.id, THAT_TAKE_TEXTS)
    source = _PATIENT.outerjoin(_PHONE, phones)
    if "department" in used:
        source = source.outerjoin(_DEPARTMENT, _DEPARTMENT.c.id == _PATIENT.c.department_id)
    if "doctor.name" in used:
        source = source.outerjoin(_DOCTOR, _DOCTOR.c.id == _PATIENT.c.doctor_id)
    values = [_VALUES[name] for name in used]
    return (
        select(
            _PATIENT.c.id, _PHONE.c.number, _PATIENT.c.do_not_call,
            case((stops, literal(1)), else_=literal(0)).label("stopped"),
            literal(draft.purpose in UNWANTED_BY_DO_NOT_CONTACT).label("unwanted"), *values,
        )
        .select_from(source)
        .order_by(_PATIENT.c.id, _PHONE.c.position, _PHONE.c.id)
    )  # fmt: skip


def _first_of_each(session: Session, statement: Select[Any], quotes: Quotes) -> Iterator[Looked]:
    last = 0
    for row in session.execute(statement.execution_options(yield_per=2000)):
        if row[0] != last:
            last = row[0]
            yield _looked(row, quotes)


def _of_members(
    session: Session, statement: Select[Any], members: Sequence[Member], quotes: Quotes
) -> Iterator[Looked]:
    rows: dict[int, list[Any]] = defaultdict(list)
    for row in session.execute(statement):
        rows[row[0]].append(row)
    for member in members:
        own = [row for row in rows[member.patient_id] if member.number in ("", row[1])]
        if own:
            yield _looked(own[0], quotes)
        else:
            why = Obstacle.NO_MOBILE if rows[member.patient_id] else Obstacle.NOT_FOUND
            yield member.patient_id, "", why.value, 0, ""


def _looked(row: Any, quotes: Quotes) -> Looked:
    key, number, refuses, stopped, unwanted, *values = row
    if not number:
        return key, "", Obstacle.NO_MOBILE.value, 0, ""
    if not all(values):
        return key, number, Obstacle.UNFILLED.value, 0, ""
    filled = "".join(values)
    length, unusual = len(filled), quotes.unusual(filled)
    why = ""
    if hopeless := quotes.hopeless_for(number, length, unusual):
        why = OBSTACLES[hopeless].value
    elif stopped:
        why = Obstacle.OPTED_OUT.value
    elif refuses and unwanted:
        why = Obstacle.DO_NOT_CONTACT.value
    return key, number, why, length, unusual


def _sample(session: Session, draft: BatchDraft, common: Mapping[str, str], tally: Tally) -> list[dict[str, str]]:
    """What the first of them read."""
    ids = [looked[0] for looked, _ in zip(tally.fit.values(), range(SAMPLES), strict=False)]
    values = patient_values(session, ids)
    return [
        {"name": values[key]["patient.name"], "text": fill(draft.text, {**common, **values[key]})[0]} for key in ids
    ]
