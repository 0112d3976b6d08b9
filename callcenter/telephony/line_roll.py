"""Which lines there are: those of the configuration file with what the interface says otherwise, then its own.

The file decides what its lines are; name, group and seat that were set in the interface stand above the file's, until
they are set to the same again. A line of the interface whose name a section of the file has becomes the file's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.telephony.effects import LineStateName
from callcenter.telephony.line_options import ARRANGED
from callcenter.telephony.line_service import end_history
from storage.models import PhoneLine


class LineEntry(Protocol):
    """What telephony reads of a line's configuration."""

    @property
    def name(self) -> str:
        """What people call the line; ties it to its record."""
        ...

    @property
    def driver(self) -> str:
        """The device family."""
        ...

    @property
    def port(self) -> str:
        """Where the device is."""
        ...

    @property
    def group(self) -> str:
        """Whose calls these are: the name of a department, or empty for everybody's."""
        ...

    @property
    def bound_agent(self) -> str:
        """User name of the agent at whose desk the line is, or empty."""
        ...


@dataclass(frozen=True)
class Arranged:
    """What a line is called, which group's calls it brings, and whose desk it is on: what holds, whoever said it."""

    name: str
    driver: str
    group: str = ""
    bound_agent: str = ""

    @staticmethod
    def of(entry: LineEntry, said: Mapping[str, Any] | None) -> Arranged:
        """The line of the file with what the interface has ``said`` of it."""
        stands = Arranged(entry.name, str(entry.driver), entry.group, entry.bound_agent)
        return replace(stands, **{name: value for name, value in (said or {}).items() if name in ARRANGED})

    @staticmethod
    def kept(settings: Mapping[str, Any]) -> Arranged:
        """The line of the interface with these settings."""
        texts = {name: str(settings.get(name, "")) for name in ARRANGED}
        return Arranged(driver=str(settings["driver"]), **texts)


def call_the_roll(session: Session, entries: Sequence[LineEntry], at: datetime) -> list[tuple[PhoneLine, Arranged]]:
    """Every line with its record: those of the file in its order, then those of the interface. Others are removed."""
    records = list(session.scalars(select(PhoneLine).order_by(PhoneLine.id)))
    sections = {entry.name for entry in entries}
    found = {entry.name: _record_of(entry.name, records, sections) for entry in entries}
    for name, record in found.items():
        if record is not None:
            _belongs_to(record, name, sections)
    of_file = []
    for entry in entries:
        arranged = Arranged.of(entry, None if (known := found[entry.name]) is None else known.settings)
        of_file.append((known, arranged))
    _give_names(session, of_file)
    present = [(record or new_line(session, arranged, at), arranged) for record, arranged in of_file]
    named = {record.id for record, _ in present}
    own = [one for one in records if one.id not in named and not one.file_name and not one.removed and one.settings]
    for gone in records:
        if gone.id not in named and gone not in own and not gone.removed:
            gone.removed = True
            end_history(session, gone.id, at)
    return [*present, *((record, Arranged.kept(record.settings or {})) for record in own)]


def _record_of(name: str, records: Sequence[PhoneLine], sections: set[str]) -> PhoneLine | None:
    """The record of the section ``name``: its own, else that of a line that was called so and is no other section's."""
    own = next((one for one in records if one.file_name == name), None)
    return own or next((one for one in records if one.name == name and one.file_name not in sections), None)


def _belongs_to(record: PhoneLine, section: str, sections: set[str]) -> None:
    """The record is the section's from now on. A name that another section has is not the interface's to give."""
    if record.file_name != section:
        record.file_name, record.settings = section, None
    elif record.settings and record.settings.get("name", section) in sections - {section}:
        record.settings = {name: value for name, value in record.settings.items() if name != "name"}


def _give_names(session: Session, lines: Sequence[tuple[PhoneLine | None, Arranged]]) -> None:
    """Names are unique at every moment: those that change are first let go."""
    changing = [(record, to.name) for record, to in lines if record is not None and record.name != to.name]
    for record, _ in changing:
        record.name = f"\N{HORIZONTAL ELLIPSIS}{record.id}"
    session.flush()
    for record, name in changing:
        record.name = name
    session.flush()


def new_line(session: Session, arranged: Arranged, at: datetime, file_name: str | None = None) -> PhoneLine:
    """A record for a line that had none; ``file_name`` None stands for the line's own name."""
    line = PhoneLine(
        name=arranged.name,
        driver=arranged.driver,
        state=LineStateName.LOST.value,
        since=at,
        file_name=arranged.name if file_name is None else file_name,
    )
    line.out_of_service = False
    session.add(line)
    session.flush()
    return line
