"""Alarms as a service: those that wait for somebody, all that there were, and handling one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.administration.reach import reach_clause
from callcenter.administration.resources import chosen_sort
from callcenter.alarms.records import AlarmView, alarm_view, mark_handled
from callcenter.alarms.texts import load_texts
from callcenter.clock import iso, utc_now
from callcenter.errors import ConflictError, InvalidError, NotFoundError
from callcenter.paging import page_of
from callcenter.text import N_, Text
from protocols.text import clean_text
from storage.database import Database
from storage.models import Alarm, AlarmDelivery, UserAccount
from storage.queries.paging import Page, Stretch

DEFAULT_SORT = "-opened_at"
SORTS = ("opened_at",)
MOST_PER_PAGE = 200
LONGEST_NOTE = 500
_MOST_OPEN = 200
_EXPORTED_AT_ONCE = 200


@dataclass(frozen=True)
class AlarmFilter:
    """Which alarms; what is empty does not matter. ``since`` and ``until`` (exclusive) bound the opening, aware."""

    kind: str = ""
    line_id: int | None = None
    handled: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


EVERYTHING = AlarmFilter()


class AlarmService:
    """Limited to the data scope: a department's alarms are those of its lines and of what its people
    sent. Out of reach is ``NotFoundError``."""

    def __init__(self, database: Database, clock: IReactorTime) -> None:
        self._database = database
        self._clock = clock

    async def open_for(self, principal: Principal) -> Sequence[AlarmView]:
        """The alarms that nobody has handled, newest first. Needs ``alarms.view``."""
        return await self._database.read(_load_open, principal)

    async def list(
        self,
        principal: Principal,
        wanted: AlarmFilter = EVERYTHING,
        limit: int = 50,
        cursor: str | None = None,
        sort: str = "",
    ) -> Page[AlarmView]:
        """A page of alarms with ``deliveries``, newest first unless ``sort`` is ``opened_at``. Needs ``alarms.view``.

        Raises InvalidError for a broken cursor or an unknown order.
        """
        limit = min(max(limit, 1), MOST_PER_PAGE)
        return await self._database.read(_load_page, principal, "alarms.view", wanted, limit, cursor, sort)

    async def export(
        self, principal: Principal, wanted: AlarmFilter = EVERYTHING, sort: str = ""
    ) -> AsyncIterator[Sequence[AlarmView]]:
        """The whole list in chunks; audited before the first. Needs ``alarms.export``."""
        principal.require("alarms.export")
        chosen_sort(sort, DEFAULT_SORT, SORTS)
        now = utc_now(self._clock)
        told = {name: _plain(value) for name, value in vars(wanted).items() if value not in (None, "")}
        await self._database.run(record_audit, principal, "export", "alarm", "", None, told, now)
        bounded = replace(wanted, until=min(wanted.until or now, now))
        cursor = None
        while True:
            page = await self._database.read(
                _load_page, principal, "alarms.export", bounded, _EXPORTED_AT_ONCE, cursor, sort
            )
            yield page.items
            if (cursor := page.next) is None:
                return

    async def handle(self, principal: Principal, alarm_id: int, note: str) -> AlarmView:
        """Say what was done about an alarm, which takes it off the screens. Needs ``alarms.handle``.

        Raises InvalidError without a note, ConflictError when somebody was faster.
        """
        return await self._database.run(_handle, principal, alarm_id, note, utc_now(self._clock))


def _plain(value: Any) -> Any:
    return iso(value) if type(value) is datetime else value


def _statement(principal: Principal, permission: str) -> Select[Alarm, str]:
    reach = reach_clause(principal, permission, Alarm.handled_by, Alarm.department_id)
    named = select(Alarm, UserAccount.display_name).outerjoin(UserAccount, UserAccount.id == Alarm.handled_by)
    return named.where(reach)


def _load_open(session: Session, principal: Principal) -> list[AlarmView]:
    waiting = _statement(principal, "alarms.view").where(Alarm.live_key.is_not(None), Alarm.handled_at.is_(None))
    rows = session.execute(waiting.order_by(Alarm.opened_at.desc(), Alarm.id.desc()).limit(_MOST_OPEN))
    return [alarm_view(alarm, name) for alarm, name in rows]


def _load_page(
    session: Session,
    principal: Principal,
    permission: str,
    wanted: AlarmFilter,
    limit: int,
    cursor: str | None,
    sort: str,
) -> Page[AlarmView]:
    statement = _statement(principal, permission).where(*_conditions(wanted))
    _, descending = chosen_sort(sort, DEFAULT_SORT, SORTS)
    order = [Stretch([Alarm.opened_at, Alarm.id], descending)]
    page = page_of(
        lambda part: session.execute(part).all(),
        statement,
        order,
        limit,
        cursor,
        lambda row, name: getattr(row[0], name),
    )
    deliveries = _deliveries(session, [alarm.id for alarm, _ in page.items])
    views = [alarm_view(alarm, name) | {"deliveries": deliveries.get(alarm.id, [])} for alarm, name in page.items]
    return Page(views, page.next)


def _conditions(wanted: AlarmFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.kind:
        conditions.append(Alarm.kind == wanted.kind)
    if wanted.line_id is not None:
        conditions.append(Alarm.line_id == wanted.line_id)
    if wanted.handled is not None:
        conditions.append(Alarm.handled_at.is_not(None) if wanted.handled else Alarm.handled_at.is_(None))
    if wanted.since is not None:
        conditions.append(Alarm.opened_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(Alarm.opened_at < wanted.until)
    return conditions


def _deliveries(session: Session, alarm_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Alarm id → what was or is to be sent out of it, in order."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    if not alarm_ids:
        return found
    statement = select(AlarmDelivery).where(AlarmDelivery.alarm_id.in_(alarm_ids)).order_by(AlarmDelivery.id)
    rows = session.scalars(statement).all()
    # A place that took it answered with a status; what has none was handed to the SMS centre.
    texts = load_texts(session, [row.id for row in rows if row.state == "sent" and row.answer is None])
    for row in rows:
        found[row.alarm_id].append(
            {
                "id": row.id,
                "target": row.target,
                "event": row.event,
                "state": row.state,
                "attempts": row.attempts,
                "problem": row.problem,
                "answer": row.answer,
                "created_at": iso(row.created_at),
                "finished_at": iso(row.finished_at),
                "texts": texts.get(row.id, []),
            }
        )
    return found


def _handle(session: Session, principal: Principal, alarm_id: int, note: str, at: datetime) -> AlarmView:
    reach = reach_clause(principal, "alarms.handle", Alarm.handled_by, Alarm.department_id)
    alarm = session.scalar(select(Alarm).where(Alarm.id == alarm_id, reach).with_for_update())
    if alarm is None:
        raise NotFoundError(N_("There is no such alarm."), alarm_id=alarm_id)
    if alarm.handled_at is not None:
        who = session.scalar(select(UserAccount.display_name).where(UserAccount.id == alarm.handled_by)) or ""
        raise ConflictError(Text(N_("{name} has dealt with this alarm already."), name=who), alarm_id=alarm_id)
    text = clean_text(note, LONGEST_NOTE + 1)
    if not text or len(text) > LONGEST_NOTE:
        message = Text(N_("Say in 1 to {most} characters what was done."), most=LONGEST_NOTE)
        raise InvalidError(message, {"note": message})
    view = mark_handled(session, alarm, principal.user_id, text, at)
    record_audit(session, principal, "handle-alarm", "alarm", alarm_id, None, {"note": text}, at)
    return view
