"""Conversations as a service: what the people who answer patients look at and do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.audit import record_audit
from callcenter.administration.disclosure import RecentViews
from callcenter.administration.principal import Principal
from callcenter.clock import utc_now
from callcenter.crm.cards import load_match
from callcenter.messaging.conversations.handling import (
    assign,
    choose_patient,
    finish,
    mark_read,
    reopen,
    snooze,
    wake_snoozed,
)
from callcenter.messaging.conversations.listing import (
    ConversationFilter,
    conversations_to_know,
    count_waiting,
    get_conversation,
    list_conversations,
)
from callcenter.messaging.conversations.owners import find_owners
from callcenter.messaging.conversations.reading import conversation_messages
from callcenter.messaging.conversations.scope import VIEW
from callcenter.messaging.conversations.views import ConversationView
from callcenter.messaging.messages.composing import House
from callcenter.messaging.messages.sending import Typed, send_reply
from callcenter.messaging.messages.views import MessageView
from callcenter.messaging.outbox.cancelling import cancel_reply
from callcenter.tasks import Periodic
from storage.database import Database
from storage.queries.paging import Page

_WAKE_SECONDS = 30.0
_SUBJECT = "conversation"
ANY = ConversationFilter()


class ConversationService:
    """Everything is limited to what the principal's data scope reaches; out of reach is ``NotFoundError``.

    Reading what a patient wrote is audited, once an hour for each person and conversation.
    """

    def __init__(self, database: Database, clock: IReactorTime, house: House) -> None:
        self._database = database
        self._clock = clock
        self._house = house
        self._views = RecentViews()
        self._waking = Periodic(clock, _WAKE_SECONDS, self.wake)

    def start(self) -> None:
        """From now on what was put off comes back in time."""
        self._waking.start()

    async def stop(self) -> None:
        """No more."""
        await self._waking.stop()

    async def wake(self) -> None:
        """Open the conversations that were put off until now."""
        while await self._database.run(wake_snoozed, self._now):
            pass

    # Looking; needs ``conversations.view``.

    async def list(
        self, principal: Principal, wanted: ConversationFilter = ANY, limit: int = 50, cursor: str | None = None
    ) -> Page[ConversationView]:
        """A page of conversations, newest words first."""
        return await self._database.read(list_conversations, principal, wanted, limit, cursor)

    async def get(self, principal: Principal, conversation_id: int) -> ConversationView:
        """One conversation, without what is said in it."""
        return await self._database.read(get_conversation, principal, conversation_id)

    async def messages(
        self, principal: Principal, conversation_id: int, limit: int = 50, cursor: str | None = None
    ) -> Page[MessageView]:
        """What was said, newest first."""
        page = await self._database.read(conversation_messages, principal, conversation_id, limit, cursor)
        now = self._now
        if self._views.is_due(principal, _SUBJECT, conversation_id, now):
            await self._database.run(_log_view, principal, conversation_id, now)
            self._views.logged(principal, _SUBJECT, conversation_id, now)
        return page

    async def candidates(self, principal: Principal, conversation_id: int) -> dict[str, Any]:
        """Who has the number, as far as in reach, and whom somebody said to take. Needs ``patients.view`` too."""
        return await self._database.read(_candidates, principal, conversation_id)

    async def to_know(self, principal: Principal) -> Sequence[ConversationView]:
        """Those in which somebody waits for an answer, and those with unread texts: what a page's snapshot holds."""
        return await self._database.read(conversations_to_know, principal)

    async def counts(self, principal: Principal) -> dict[str, int]:
        """In how many somebody waits for an answer, by box."""
        return await self._database.read(count_waiting, principal)

    async def owners(self, principal: Principal, conversation_id: int | None, query: str = "") -> dict[str, Any]:
        """To whom one can be given, the first few by ``query``. Needs ``conversations.assign``."""
        return await self._database.read(find_owners, principal, conversation_id, query)

    # Doing; needs ``conversations.reply`` unless something else is said.

    async def mark_read(
        self, principal: Principal, conversation_id: int, last_message: int | None = None
    ) -> ConversationView:
        """Somebody has read it up to ``last_message``. Needs ``conversations.view``."""
        return await self._database.run(mark_read, principal, conversation_id, last_message, self._now)

    async def assign(
        self, principal: Principal, conversation_id: int, user_id: int | None, department_id: int | None
    ) -> ConversationView:
        """Give it away; needs ``conversations.assign`` unless to oneself."""
        return await self._database.run(assign, principal, conversation_id, user_id, department_id, self._now)

    async def snooze(self, principal: Principal, conversation_id: int, until: datetime) -> ConversationView:
        """Put it off until then."""
        return await self._database.run(snooze, principal, conversation_id, until, self._now)

    async def finish(self, principal: Principal, conversation_id: int) -> ConversationView:
        """Nothing is left to do."""
        return await self._database.run(finish, principal, conversation_id, self._now)

    async def reopen(self, principal: Principal, conversation_id: int) -> ConversationView:
        """It is to be dealt with after all."""
        return await self._database.run(reopen, principal, conversation_id, self._now)

    async def choose_patient(
        self, principal: Principal, conversation_id: int, patient_id: int | None, remember: bool = False
    ) -> ConversationView:
        """Say whose it is."""
        return await self._database.run(choose_patient, principal, conversation_id, patient_id, remember, self._now)

    async def reply(self, principal: Principal, conversation_id: int, typed: Typed) -> MessageView:
        """Write back, now or later."""
        return await self._database.run(send_reply, principal, conversation_id, typed, self._house, self._now)

    async def cancel(self, principal: Principal, conversation_id: int, message_id: int) -> MessageView:
        """Take back what one wrote oneself, as long as it waits."""
        return await self._database.run(cancel_reply, principal, conversation_id, message_id, self._now)

    @property
    def _now(self) -> datetime:
        return utc_now(self._clock)


def _candidates(session: Session, principal: Principal, conversation_id: int) -> dict[str, Any]:
    return load_match(session, principal, get_conversation(session, principal, conversation_id)["number"])


def _log_view(session: Session, principal: Principal, conversation_id: int, at: datetime) -> None:
    principal.require(VIEW)
    record_audit(session, principal, "read-messages", "conversation", conversation_id, None, None, at)
