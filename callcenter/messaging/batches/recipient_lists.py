"""Lists of numbers and record numbers that people upload or paste to write to: read, looked up, and kept some days.

A list comes in parts, each a few thousand whole lines, so that no request is large and none holds a thread for long.
The first cell of a line counts. A number that takes texts is a number; anything else may be a record number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.errors import ConflictError, InvalidError, NotFoundError
from callcenter.messaging.batches.reach import BULK, bulk_reach
from callcenter.messaging.mobiles import takes_texts
from callcenter.number_plan import HOME_CODE, MOBILE
from callcenter.numbers import normalise
from callcenter.text import N_, Text
from storage.chunks import chunks
from storage.models import NumberChoice, Patient, PatientPhone, SmsList, SmsListPart
from storage.models.base import NO, table_of

MOST_BYTES = 128 * 1024
"""Of one part."""
MOST_LINES = 200_000
"""Of a whole list."""
MOST_PARTS = 64
"""Of a whole list: the page sends 4 MB in some forty."""
MOST_SHOWN = 200
"""Lines that mean nobody are counted all, and so many told: a list that is none at all would have nothing else."""
KEPT = timedelta(days=7)
_CELLS = re.compile(r"[,;\t，；]")
_RECORD_NUMBER = re.compile(r"[\w./-]{1,40}")
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How .xlsx and .xls begin."""
_PART, _PHONE, _PATIENT = map(table_of, (SmsListPart, PatientPhone, Patient))


class LineProblem(StrEnum):
    """Why a line means nobody."""

    UNREADABLE = "unreadable"
    """Neither a number that takes texts nor anything like a record number."""
    UNKNOWN = "unknown"
    """On no record in reach."""


@dataclass(frozen=True)
class ReadPart:
    """``lines`` of a part, blank ones too; members as they are kept; ``problems`` are [line from 1, why]."""

    lines: int
    members: list[Any]
    problems: list[tuple[int, str]]


@dataclass(frozen=True)
class _Sums:
    """What a list comes to as far as a part, kept with it, so that no part is read again: ``wrong`` lines mean nobody,
    of which ``shown`` has the first.
    """

    lines: int = 0
    count: int = 0
    wrong: int = 0
    shown: Sequence[Sequence[Any]] = ()

    def with_part(self, part: ReadPart) -> _Sums:
        """With the part that follows."""
        more = [[self.lines + line, why] for line, why in part.problems[: MOST_SHOWN - len(self.shown)]]
        return _Sums(
            self.lines + part.lines,
            self.count + len(part.members),
            self.wrong + len(part.problems),
            [*self.shown, *more],
        )

    def view(self, list_id: int) -> dict[str, Any]:
        """As it is told."""
        shown = [{"line": line, "why": why} for line, why in self.shown]
        return {"id": list_id, "lines": self.lines, "count": self.count, "wrong": self.wrong, "problems": shown}


def decode_lines(content: bytes) -> list[str]:
    """The lines of a text in UTF-8 or GBK (GB 18030, which has all of it). Raises ``InvalidError`` for others."""
    if len(content) > MOST_BYTES:
        raise _wrong(
            Text(N_("A part of a list has at most {limit} KiB. Send it in several."), limit=MOST_BYTES // 1024)
        )
    if content.startswith(_WORKBOOKS):
        raise _wrong(N_("This is a workbook. Save it as CSV or text, one number a line, and choose that."))
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            return lines[:-1] if lines and not lines[-1] else lines
    raise _wrong(N_("This is no text in UTF-8 or GBK."))


def read_part(session: Session, principal: Principal, content: bytes, area_code: str) -> ReadPart:
    """Look up whom the lines mean, of the patients in reach. Changes nothing."""
    lines = decode_lines(content)
    wanted = [_first_cell(line) for line in lines]
    numbers = {cell: _number(cell, area_code) for cell in wanted if cell}
    by_number = _by_number(session, principal, sorted({number for number in numbers.values() if number}))
    records = sorted(cell for cell, number in numbers.items() if not number and _RECORD_NUMBER.fullmatch(cell))
    by_record = _by_record(session, principal, records)
    members: list[Any] = []
    problems: list[tuple[int, str]] = []
    for place, cell in enumerate(wanted, 1):
        number = numbers.get(cell, "")
        if number in by_number:
            members.append([by_number[number], number])
        elif cell in by_record:
            members.append(by_record[cell])
        elif cell:
            known_form = bool(number) or bool(_RECORD_NUMBER.fullmatch(cell))
            why = LineProblem.UNKNOWN if known_form else LineProblem.UNREADABLE
            problems.append((place, why.value))
    return ReadPart(len(lines), members, problems)


def store_part(
    session: Session, principal: Principal, list_id: int | None, place: int, part: ReadPart, now: datetime
) -> dict[str, Any]:
    """Add ``part`` as number ``place`` (from 0) to a list, or to a new one; what it comes to that far. Twice is once.

    Raises ``ConflictError`` for parts out of order, ``InvalidError`` for a list that would be too long.
    """
    principal.require(BULK)
    if list_id is None:
        row = SmsList(created_at=now, created_by=principal.user_id)
        session.add(row)
        session.flush()
        list_id = row.id
    else:
        owned = select(SmsList).where(SmsList.id == list_id, SmsList.created_by == principal.user_id)
        if session.scalar(owned.with_for_update()) is None:
            raise NotFoundError(N_("There is no such list any more. Upload it again."))
    if place >= MOST_PARTS:
        raise _wrong(Text(N_("A list has at most {most} parts."), most=MOST_PARTS))
    kept = select(_PART.c.place, _PART.c.problems).where(
        _PART.c.list_id == list_id, _PART.c.place.in_([place - 1, place])
    )
    sums: dict[int, _Sums] = {key: _Sums(**told) for key, told in session.execute(kept)}
    if place and place - 1 not in sums:
        raise ConflictError(N_("The parts of a list are sent in their order."))
    if place in sums:
        return sums[place].view(list_id)
    whole = sums.get(place - 1, _Sums()).with_part(part)
    if whole.lines > MOST_LINES:
        raise _wrong(Text(N_("A list has at most {most} lines."), most=MOST_LINES))
    session.add(
        SmsListPart(list_id=list_id, place=place, lines=part.lines, members=part.members, problems=asdict(whole))
    )
    session.flush()
    return whole.view(list_id)


def forget_lists(session: Session, now: datetime) -> None:
    """Drop what was uploaded some days ago; what was sent from it has its own."""
    old = list(session.scalars(select(SmsList.id).where(SmsList.created_at < now - KEPT).limit(50)))
    for model, column in ((SmsListPart, SmsListPart.list_id), (SmsList, SmsList.id)):
        session.execute(delete(model).where(column.in_(old)), execution_options={"synchronize_session": False})


def _first_cell(line: str) -> str:
    return _CELLS.split(line, maxsplit=1)[0].strip().strip('"').strip()


def _number(cell: str, area_code: str) -> str:
    """The canonical number, if it is one that takes texts. Most are plain mobiles, which need no long look."""
    if MOBILE.fullmatch(cell):
        return f"+{HOME_CODE}{cell}"
    canonical = normalise(cell, area_code).number if any(sign.isdecimal() for sign in cell) else ""
    return canonical if canonical and takes_texts(canonical) else ""


def _by_number(session: Session, principal: Principal, numbers: Sequence[str]) -> Mapping[str, int]:
    """Number → its patient: of several the one whom somebody said to remember, else the first."""
    found: dict[str, int] = {}
    for chunk in chunks(numbers):
        chosen = select(NumberChoice.number, NumberChoice.patient_id).where(NumberChoice.number.in_(chunk))
        remembered = {number: key for number, key in session.execute(chosen)}  # noqa: C416 - rows are no pairs to mypy
        owners = (
            select(_PHONE.c.number, _PHONE.c.patient_id)
            .join(_PATIENT, _PATIENT.c.id == _PHONE.c.patient_id)
            .where(_PHONE.c.number.in_(chunk), _PATIENT.c.disabled == NO, bulk_reach(principal))
            .order_by(_PHONE.c.number, _PHONE.c.patient_id)
        )
        for number, key in session.execute(owners):
            if number not in found or remembered.get(number) == key:
                found[number] = key
    return found


def _by_record(session: Session, principal: Principal, records: Sequence[str]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for chunk in chunks(records):
        statement = select(_PATIENT.c.record_number, _PATIENT.c.id).where(
            _PATIENT.c.record_number.in_(chunk), _PATIENT.c.disabled == NO, bulk_reach(principal)
        )
        found |= {number: key for number, key in session.execute(statement)}  # noqa: C416 - rows are no pairs to mypy
    return found


def _wrong(message: Text | str) -> InvalidError:
    return InvalidError(message, {"content": message})
