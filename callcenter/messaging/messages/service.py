"""Messages as a service: lists, one with its history, cancelling, sending again, figures."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.administration.resources import chosen_sort
from callcenter.clock import iso, utc_now
from callcenter.errors import ConflictError
from callcenter.messaging.announce import announce_moved
from callcenter.messaging.conversations.unheard import answered_again
from callcenter.messaging.messages.listing import (
    DEFAULT_SORT,
    EVERYTHING,
    SORTS,
    MessageFilter,
    find_message,
    list_messages,
    with_numbers,
)
from callcenter.messaging.messages.one_message import SENT_AGAIN, resend_source, show_message
from callcenter.messaging.messages.sending import purpose_in
from callcenter.messaging.messages.totals import load_totals, require_days
from callcenter.messaging.messages.views import MessageView, load_messages, message_view
from callcenter.messaging.outbox.attempts import MESSAGE
from callcenter.messaging.outbox.cancelling import cancel_queued
from callcenter.messaging.outbox.queueing import MessageDraft, queue_message
from callcenter.messaging.texts.kept_templates import kept_template
from callcenter.messaging.vocabulary import MessageState, Purpose
from callcenter.text import N_
from storage.database import Database
from storage.models import SmsMessage
from storage.queries.paging import Page

MOST_PER_PAGE = 200
_EXPORTED_AT_ONCE = 200


class Messages:
    """Limited to the data scope; what is out of reach is ``NotFoundError``."""

    def __init__(self, database: Database, clock: IReactorTime, time_zone: str) -> None:
        self._database = database
        self._clock = clock
        self._time_zone = time_zone

    async def list(
        self,
        principal: Principal,
        wanted: MessageFilter = EVERYTHING,
        limit: int = 50,
        cursor: str | None = None,
        sort: str = "",
    ) -> Page[MessageView]:
        """A page, newest first unless ``sort`` is ``created_at``. Needs ``messages.view``. Raises InvalidError."""
        principal.require("messages.view")
        limit = min(max(limit, 1), MOST_PER_PAGE)
        return await self._database.read(list_messages, principal, "messages.view", wanted, limit, cursor, sort)

    async def get(self, principal: Principal, message_id: int) -> MessageView:
        """One message with all that is known of it, see ``show_message``. Needs ``messages.view``."""
        principal.require("messages.view")
        return await self._database.read(show_message, principal, message_id)

    async def recent(self, principal: Principal, limit: int = 50) -> Sequence[MessageView]:
        """The newest messages in reach, for a page that begins to listen."""
        return (await self.list(principal, EVERYTHING, limit)).items

    async def export(
        self, principal: Principal, wanted: MessageFilter = EVERYTHING, sort: str = ""
    ) -> AsyncIterator[Sequence[MessageView]]:
        """The whole list in chunks; audited before the first. Needs ``messages.export``."""
        principal.require("messages.export")
        chosen_sort(sort, DEFAULT_SORT, SORTS)
        now = utc_now(self._clock)
        told = {name: _plain(value) for name, value in vars(wanted).items() if value not in (None, "")}
        await self._database.run(record_audit, principal, "export", "message", "", None, told, now)
        bounded = replace(wanted, until=min(wanted.until or now, now))
        cursor = None

        def read_some(session: Session, cursor: str | None) -> Page[MessageView]:
            page = list_messages(session, principal, "messages.export", bounded, _EXPORTED_AT_ONCE, cursor, sort)
            return with_numbers(session, page)

        while True:
            page = await self._database.read(read_some, cursor)
            yield page.items
            if (cursor := page.next) is None:
                return

    async def cancel(self, principal: Principal, message_id: int) -> MessageView:
        """Take a message out of the queue. Needs ``messages.manage``; ConflictError once it is being sent or over."""
        principal.require("messages.manage")
        return await self._database.run(_cancel, principal, message_id, utc_now(self._clock))

    async def resend(self, principal: Principal, message_id: int, *, confirmed: bool = False) -> MessageView:
        """Queue the text of a message that did not arrive once more, as a new message, by the rules; the new one.

        Needs ``messages.send``. One whose fate is unknown may have arrived: ConflictError with ``doubt`` unless it is
        ``confirmed`` that it may come twice.
        """
        principal.require("messages.send")
        return await self._database.run(_resend, principal, message_id, confirmed, utc_now(self._clock))

    async def totals(self, principal: Principal, first: date, last: date) -> Sequence[dict[str, Any]]:
        """See ``load_totals``; at most 31 days. Needs ``messages.view``."""
        principal.require("messages.view")
        require_days(first, last)
        return await self._database.read(load_totals, principal, first, last, self._time_zone)

    async def export_totals(self, principal: Principal, first: date, last: date) -> AsyncIterator[Sequence[Any]]:
        """The same, to be written as a file; audited. Needs ``messages.view`` and ``messages.export``."""
        principal.require("messages.export")
        found = await self.totals(principal, first, last)
        told = {"from_day": first.isoformat(), "to_day": last.isoformat()}
        await self._database.run(record_audit, principal, "export", "message", "", None, told, utc_now(self._clock))
        yield found


def _cancel(session: Session, principal: Principal, message_id: int, now: datetime) -> MessageView:
    row = find_message(session, principal, "messages.manage", message_id)
    if not cancel_queued(session, now, SmsMessage.id == message_id):
        present = load_messages(session, [message_id])[0]
        raise ConflictError(
            N_("Only a message that waits can be cancelled; this one does not any more."),
            current=message_view(present),
        )
    record_audit(session, principal, "cancel", "message", message_id, None, None, now)
    announce_moved(session, [(message_id, row.batch_id)])
    return message_view(load_messages(session, [message_id])[0])


def _resend(session: Session, principal: Principal, message_id: int, confirmed: bool, now: datetime) -> MessageView:
    find_message(session, principal, "messages.send", message_id)
    locked = select(MESSAGE).where(MESSAGE.c.id == message_id).with_for_update()
    row = session.execute(locked).one()
    if row.direction != "out" or row.state not in SENT_AGAIN:
        raise ConflictError(N_("This message needs no sending again."), message_id=message_id)
    if row.state == MessageState.UNKNOWN.value:
        if not confirmed:
            raise ConflictError(N_("This message may have arrived. Sending it again may bring it twice."), doubt=True)
        # Two copies are enough: ours does not follow by itself any more.
        session.execute(update(MESSAGE).where(MESSAGE.c.id == message_id).values(next_at=None))
    purpose = Purpose(row.purpose)
    draft = MessageDraft(
        row.number,
        row.text,
        # An answer is one as long as somebody waits for it.
        purpose_in(session, row.conversation_id, now) if purpose is Purpose.REPLY else purpose,
        conversation_id=row.conversation_id,
        patient_id=row.patient_id,
        # What tries a gateway tries no other.
        gateway_id=row.gateway_id if purpose is Purpose.TEST else None,
        source=resend_source(message_id, row.version),
        created_by=principal.user_id,
        answers_to=row.answers_to,
        template=kept_template(row.template_id, row.template_name),
    )
    made = queue_message(session, draft, now)
    answered_again(session, row.conversation_id, row.answers_to)
    record_audit(session, principal, "resend", "message", message_id, None, {"message_id": made}, now)
    return message_view(load_messages(session, [made])[0])


def _plain(value: Any) -> Any:
    return iso(value) if type(value) is datetime else value
