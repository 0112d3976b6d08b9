"""Making, changing and removing lines in the database: checks, audit and event in the transaction of the change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.last_edit import last_edit
from callcenter.administration.principal import Principal
from callcenter.administration.writing import CHANGED_MEANWHILE, NOT_ACCEPTED
from callcenter.errors import ConflictError, InvalidError, NotFoundError
from callcenter.telephony.announce import announce_line, announce_removal
from callcenter.telephony.desks import people_at
from callcenter.telephony.line_context import LineContext
from callcenter.telephony.line_roll import Arranged, new_line
from callcenter.telephony.line_service import end_history
from callcenter.telephony.line_views import group_names
from callcenter.telephony.recovery import RecoveredLine, arrange, set_up
from callcenter.text import N_, Text
from storage.models import PhoneLine, UserAccount
from storage.models.base import NO

GONE = N_("This does not exist any more. Choose another.")


@dataclass(frozen=True)
class Deed:
    """Who does it, when, and what is known of the lines beside the database: ports and the numbers' area."""

    principal: Principal
    at: datetime
    area_code: str
    file_ports: Mapping[str, str]
    """Port → name of the line of the configuration file that has it."""


def make_line(session: Session, deed: Deed, settings: Mapping[str, Any]) -> RecoveredLine:
    """Write down a line of the interface. One that was removed and had this name goes on, with its calls."""
    arranged = Arranged.kept(settings)
    _check(session, deed, arranged, settings, None)
    record = session.scalar(select(PhoneLine).where(PhoneLine.name == arranged.name).with_for_update())
    line = record or new_line(session, arranged, deed.at, file_name="")
    line.file_name, line.settings = "", dict(settings)
    line.version += 1 if record else 0
    line.out_of_service = False
    made = set_up(session, line, arranged, deed.area_code, deed.at)
    _audit(session, deed, "create", line, None, settings)
    announce_line(session, line, made.context)
    return made


def change_line(
    session: Session,
    deed: Deed,
    line_id: int,
    version: int,
    before: Arranged,
    after: Arranged,
    settings: Mapping[str, Any] | None,
    capabilities: tuple[str, ...],
) -> LineContext:
    """Write down what is to be said of a line from now on. ``settings`` None: nothing beside the file.

    Raises ConflictError when it has another ``version`` by now.
    """
    line = locked(session, line_id)
    if line.version != version:
        raise ConflictError(CHANGED_MEANWHILE, line_id=line_id, **last_edit(session, "line", line_id))
    _check(session, deed, after, settings or {}, line, before)
    told_before = {**_told(before), **(line.settings or {})}
    if line.name != after.name:
        _take_along(session, line.name, after.name)
    line.settings, line.driver = dict(settings) if settings else None, after.driver
    line.version += 1
    context = arrange(session, line, after, deed.area_code)
    _audit(session, deed, "edit", line, told_before, {**_told(after), **(settings or {})})
    told = replace(context, capabilities=capabilities)
    # Whoever sat there hears that it is not so any more.
    announce_line(session, line, told, concerned=people_at(session, replace(context, bound_agent=before.bound_agent)))
    return context


def remove_line(session: Session, deed: Deed, context: LineContext, version: int) -> None:
    """Take a line of the interface away. It keeps its name, for its calls; nobody's own line is it any more."""
    line = locked(session, context.line_id)
    if line.version != version:
        raise ConflictError(CHANGED_MEANWHILE, line_id=line.id, **last_edit(session, "line", line.id))
    announce_removal(session, line, context)
    line.removed = True
    end_history(session, line.id, deed.at)
    line.version += 1
    _take_along(session, line.name, "")
    _audit(session, deed, "remove", line, line.settings, None)


def locked(session: Session, line_id: int) -> PhoneLine:
    """The line, so that nobody else changes it before this transaction is over; NotFoundError without it."""
    statement = select(PhoneLine).where(PhoneLine.id == line_id, PhoneLine.removed == NO)
    line = session.scalar(statement.with_for_update().execution_options(populate_existing=True))
    if line is None:
        raise NotFoundError(N_("There is no such line."), line_id=line_id)
    return line


def _told(arranged: Arranged) -> dict[str, str]:
    """What the log tells of name, group and seat; nothing of what is not said."""
    values = {"name": arranged.name, "group": arranged.group, "bound_agent": arranged.bound_agent}
    return {name: value for name, value in values.items() if value}


def _audit(
    session: Session,
    deed: Deed,
    action: str,
    line: PhoneLine,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> None:
    record_audit(session, deed.principal, action, "line", line.id, before, after, deed.at)


def _check(
    session: Session,
    deed: Deed,
    arranged: Arranged,
    settings: Mapping[str, Any],
    line: PhoneLine | None,
    before: Arranged | None = None,
) -> None:
    """Raise InvalidError for a name or port that another line has, a group or an agent that there is not.

    What a line had ``before`` it may keep.
    """
    wrong: dict[str, str] = {}
    kept = before or Arranged("", "")
    if arranged.name != kept.name and (message := _name_taken(session, arranged.name, line)):
        wrong["name"] = message
    if "port" in settings and (owner := _port_owner(session, deed, str(settings["port"]), line)):
        wrong["port"] = Text(N_("The line {name} has this port."), name=owner)
    if arranged.group not in ("", kept.group):
        wrong |= {} if arranged.group in group_names(session) else {"group": GONE}
    if arranged.bound_agent not in ("", kept.bound_agent):
        known = select(UserAccount.id).where(UserAccount.username == arranged.bound_agent, UserAccount.disabled == NO)
        wrong |= {} if session.scalar(known) else {"bound_agent": GONE}
    if wrong:
        raise InvalidError(NOT_ACCEPTED, wrong)


def _name_taken(session: Session, name: str, line: PhoneLine | None) -> str:
    own = 0 if line is None else line.id
    others = select(PhoneLine).where((PhoneLine.name == name) | (PhoneLine.file_name == name), PhoneLine.id != own)
    for other in session.scalars(others):
        if not other.removed or other.name != name:
            return N_("Another line has this name, here or in the configuration file.")
        if line is not None:
            return N_("A line that was removed had this name, and its calls keep it. Choose another.")
    return ""


def _port_owner(session: Session, deed: Deed, port: str, line: PhoneLine | None) -> str:
    """The other line that has ``port``, or empty. What is spelled otherwise is found out when it is opened."""
    if port in deed.file_ports:
        return deed.file_ports[port]
    own = 0 if line is None else line.id
    lines = select(PhoneLine).where(PhoneLine.removed == NO, PhoneLine.file_name.is_(None), PhoneLine.id != own)
    return next((one.name for one in session.scalars(lines) if (one.settings or {}).get("port") == port), "")


def _take_along(session: Session, name: str, to: str) -> None:
    """Whose own line was called ``name`` has the line called ``to``."""
    for user in session.scalars(select(UserAccount).where(UserAccount.bound_line == name)):
        user.bound_line = to
        user.version += 1
