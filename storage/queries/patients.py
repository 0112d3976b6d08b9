"""Finding patients: by words through ``patient_term``, and by a caller's number.

A word finds the terms that begin with it in one range of the primary key ``(term, patient_id)``; no LIKE, so nothing
in a word is a wildcard. A patient with several such terms counts at the smallest of them, so he appears once, on one
page. The patients come in the order of these terms.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, delete, false, func, insert, or_, select
from sqlalchemy.orm import Session, aliased

from storage.models.base import NO, table_of
from storage.models.crm import NumberChoice, Patient, PatientPhone, PatientTerm
from storage.prepared import Prepared
from storage.queries.paging import Page, decode_cursor, encode_cursor
from storage.queries.terms import terms_for, words_of

WINDOW = 3_000
"""Terms looked at by one statement at most, so that no search holds a thread for long."""
MOST_WINDOWS = 2
"""Windows looked at for one page; a page may come back short, with a cursor, when hardly any term qualifies."""
FEW = 1_000
"""A scope with no more patients than this is searched from its patients, a larger one from the terms."""

_LAST = chr(0x10FFFF)
_Place = tuple[str, int]


@dataclass(frozen=True)
class Scope:
    """Which patients may be found. ``reach`` must be answered by an index (department, doctor); None is everybody."""

    reach: ColumnElement[bool] | None = None
    also: Sequence[ColumnElement[bool]] = ()
    disabled: bool = False

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """All of it, as conditions on Patient."""
        reach = [] if self.reach is None else [self.reach]
        return [*reach, *self.also, *([] if self.disabled else [Patient.disabled == NO])]


EVERYBODY = Scope()


def index_terms(session: Session, patient_id: int, name: str, record_number: str, numbers: Iterable[str]) -> None:
    """Write the terms of a patient anew; called whenever name, record number or phones change."""
    wanted = terms_for(name, record_number, numbers)
    mine = PatientTerm.patient_id == patient_id
    present = set(session.scalars(select(PatientTerm.term).where(mine)))
    gone, new = present - wanted, wanted - present
    if gone:
        session.execute(
            delete(PatientTerm).where(mine, PatientTerm.term.in_(sorted(gone))),
            execution_options={"synchronize_session": False},
        )
    if new:
        session.execute(insert(PatientTerm), [{"term": term, "patient_id": patient_id} for term in sorted(new)])


def search_patient_ids(
    session: Session, query: str, *, limit: int, cursor: str | None = None, scope: Scope = EVERYBODY
) -> Page[int]:
    """The ids of patients for whom each word of ``query`` begins one of their terms, ``limit`` to a page.

    An empty query finds nobody. Raises ValueError for a broken cursor.
    """
    after = None if cursor is None else _place(decode_cursor(cursor, (str, int)))
    words = words_of(query)
    if not words:
        return Page([], None)
    if scope.reach is not None and _few(session, scope):
        found = [_place(row) for row in session.execute(_from_patients(words, scope, after, limit))]
        reached = None
    else:
        found, reached = _from_terms(session, _rarest_first(session, words), scope, after, limit)
    end = found[limit - 1] if len(found) > limit else reached
    return Page([patient_id for _, patient_id in found[:limit]], None if end is None else encode_cursor(end))


def _place(values: Sequence[object]) -> _Place:
    term, patient_id = values
    return str(term), int(str(patient_id))


def _few(session: Session, scope: Scope) -> bool:
    assert scope.reach is not None  # noqa: S101
    some = select(Patient.id).where(scope.reach).limit(FEW + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) <= FEW


def _rarest_first(session: Session, words: list[str]) -> list[str]:
    """The word with the fewest terms leads, as far as a short look at each can tell."""
    if len(words) == 1:
        return words
    return sorted(words, key=lambda word: session.scalar(_counted(word)) or 0)


def _counted(word: str) -> Select[int]:
    some = select(PatientTerm.patient_id).where(_begins(PatientTerm, word)).limit(WINDOW * MOST_WINDOWS).subquery()
    return select(func.count()).select_from(some)


def _begins(terms: type[PatientTerm], word: str) -> ColumnElement[bool]:
    """The range of terms that begin with ``word``: up to, and without, the next word that does not."""
    return and_(terms.term >= word, terms.term < _successor(word))


def _successor(word: str) -> str:
    """The smallest text above all that begin with ``word``, in the order of code points."""
    stem = word.rstrip(_LAST)
    last = ord(stem[-1]) + 1
    return stem[:-1] + chr(0xE000 if last == 0xD800 else last)


def _between(word: str, after: _Place | None, end: _Place | None) -> list[ColumnElement[bool]]:
    """The terms that begin with ``word``, after one place and not after another.

    One bound on each side, for SQLite starts at the bound that is written first, be it the wider one.
    """
    term, patient_id = PatientTerm.term, PatientTerm.patient_id
    if after is None or after[0] < word:
        bounds = [term >= word]
    else:
        bounds = [term >= after[0], or_(term > after[0], patient_id > after[1])]
    if end is None:
        return [*bounds, term < _successor(word)]
    return [*bounds, term <= end[0], or_(term < end[0], patient_id <= end[1])]


def _has(patient_id: ColumnElement[int], word: str) -> ColumnElement[bool]:
    """Whether a patient has a term that begins with ``word``.

    Asked as a value for each candidate: from EXISTS PostgreSQL makes a join with all that have such a term.
    """
    other = aliased(PatientTerm)
    smallest = select(func.min(other.term)).where(other.patient_id == patient_id, _begins(other, word))
    return smallest.correlate_except(other).scalar_subquery().is_not(None)


def has_words(query: str) -> list[ColumnElement[bool]]:
    """That each word of ``query`` begins a term of the patient: for who takes all of them. Without a word nobody is."""
    return [_has(Patient.id.expression, word) for word in words_of(query)] or [false()]


def _from_terms(
    session: Session, words: list[str], scope: Scope, after: _Place | None, limit: int
) -> tuple[list[_Place], _Place | None]:
    """Walk the terms of the first word, window by window. Gives the places found and where the walk was broken off."""
    found: list[_Place] = []
    for _ in range(MOST_WINDOWS):
        end = _window_end(session, words[0], after)
        statement = _window(words, scope, after, end).limit(limit + 1 - len(found))
        found.extend(_place(row) for row in session.execute(statement))
        if end is None or len(found) > limit:
            return found, None
        after = end
    return found, after


def _window_end(session: Session, word: str, after: _Place | None) -> _Place | None:
    """The place of the last term of a window; None when the terms end before it is full."""
    walk = select(PatientTerm.term, PatientTerm.patient_id).where(*_between(word, after, None))
    row = session.execute(walk.order_by(PatientTerm.term, PatientTerm.patient_id).offset(WINDOW - 1).limit(1)).first()
    return None if row is None else _place(row)


def _window(words: list[str], scope: Scope, after: _Place | None, end: _Place | None) -> Select[str, int]:
    first, smaller = PatientTerm, aliased(PatientTerm)
    earlier = select(smaller.term).where(
        smaller.patient_id == first.patient_id, smaller.term >= words[0], smaller.term < first.term
    )
    allowed = select(Patient.id).where(Patient.id == first.patient_id, *scope.conditions)
    statement = select(first.term, first.patient_id).where(
        *_between(words[0], after, end),
        ~earlier.correlate(first).exists(),
        *(_has(first.patient_id.expression, word) for word in words[1:]),
        allowed.correlate(first).exists(),
    )
    return statement.order_by(first.term, first.patient_id)


def _from_patients(words: list[str], scope: Scope, after: _Place | None, limit: int) -> Select[str, int]:
    """For a small scope: each of its patients, with the smallest matching term."""
    smallest = func.min(PatientTerm.term)
    statement = (
        select(smallest, PatientTerm.patient_id)
        .join(Patient, Patient.id == PatientTerm.patient_id)
        .where(*scope.conditions, _begins(PatientTerm, words[0]))
        .where(*(_has(Patient.id.expression, word) for word in words[1:]))
        .group_by(PatientTerm.patient_id)
    )
    if after is not None:
        term, patient_id = after
        statement = statement.having(or_(smallest > term, and_(smallest == term, PatientTerm.patient_id > patient_id)))
    return statement.order_by(smallest, PatientTerm.patient_id).limit(limit + 1)


# Made once, and of tables rather than of records: this is on the way from the ring to the pop.
_PHONE, _PATIENT, _CHOICE = (table_of(record).c for record in (PatientPhone, Patient, NumberChoice))
_WITH_NUMBER = (
    select(_PHONE.patient_id)
    .join(table_of(Patient), _PATIENT.id == _PHONE.patient_id)
    .where(_PHONE.number == bindparam("number"), _PATIENT.disabled == NO)
    .order_by(_PHONE.patient_id)
    .limit(bindparam("most", type_=Integer))
)
_WITH_NUMBER_ANYWHERE = Prepared(_WITH_NUMBER)
_HOW_MANY = Prepared(
    select(func.count())
    .select_from(table_of(PatientPhone).join(table_of(Patient), _PATIENT.id == _PHONE.patient_id))
    .where(_PHONE.number == bindparam("number"), _PATIENT.disabled == NO)
)
_CHOSEN = Prepared(select(_CHOICE.patient_id).where(_CHOICE.number == bindparam("number")))


@dataclass(frozen=True)
class NumberMatch:
    """Who has a number: the enabled patients' ids in order, and the one of them that an agent said to remember."""

    patient_ids: list[int]
    remembered: int | None


def match_number(
    session: Session, number: str, most: int = 50, reach: ColumnElement[bool] | None = None
) -> NumberMatch:
    """The patients with the canonical ``number``, at most ``most`` of them; with ``reach`` those of them in it."""
    if not number:
        return NumberMatch([], None)
    values = {"number": number, "most": most}
    if reach is None:
        found = [row[0] for row in _WITH_NUMBER_ANYWHERE.all(session, values)]
    else:
        found = list(session.scalars(_WITH_NUMBER.where(reach), values))
    # Of one who has it alone there is nothing to remember; but whoever sees one may see only one of several.
    several = len(found) > 1 or (found and reach is not None)
    chosen = _CHOSEN.scalar(session, {"number": number}) if several else None
    return NumberMatch(found, chosen if chosen in found else None)


def count_sharing(session: Session, number: str) -> int:
    """How many enabled patients have the canonical ``number``; nobody has the empty one."""
    return _HOW_MANY.scalar(session, {"number": number}) or 0 if number else 0


def remember_choice(session: Session, number: str, patient_id: int, user_id: int | None, at: datetime) -> None:
    """From now on ``number`` means ``patient_id``, because ``user_id`` said so at ``at``."""
    choice = session.get(NumberChoice, number)
    if choice is None:
        session.add(NumberChoice(number=number, patient_id=patient_id, chosen_by=user_id, chosen_at=at))
    else:
        choice.patient_id, choice.chosen_by, choice.chosen_at = patient_id, user_id, at
    session.flush()
