"""The SMS desk: everything that people who read and write messages use, in one place."""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime

from callcenter.administration.resources import Resource
from callcenter.messaging.batches.service import BatchService
from callcenter.messaging.conversations.service import ConversationService
from callcenter.messaging.conversations.unanswered import UnansweredWatch
from callcenter.messaging.incoming.inbox import Inbox
from callcenter.messaging.messages.composing import House
from callcenter.messaging.messages.figures import MessageFigures
from callcenter.messaging.messages.outgoing import OutgoingService
from callcenter.messaging.rules.desk import DeskRuleService
from callcenter.messaging.rules.opt_out_service import OptOutService
from storage.database import Database


class SmsDesk:
    """``inbox.received`` is the hook for texts that come in. ``templates`` and ``patients`` are the declared
    records of these names.
    """

    def __init__(
        self, database: Database, clock: IReactorTime, house: House, templates: Resource, patients: Resource
    ) -> None:
        self.inbox = Inbox(clock, house.hospital, house.time_zone)
        self.conversations = ConversationService(database, clock, house)
        self.outgoing = OutgoingService(database, clock, house, templates)
        self.batches = BatchService(database, clock, house, patients)
        self.rules = DeskRuleService(database, clock)
        self.figures = MessageFigures(database)
        self.opt_outs = OptOutService(database, clock, house)
        self._unanswered = UnansweredWatch(database, clock, house.time_zone)

    def start(self) -> None:
        """Conversations that were put off come back from now on, and somebody hears of those that nobody answers;
        what was being sent to many goes on.
        """
        self.conversations.start()
        self._unanswered.start()
        self.batches.maker.start()

    async def stop(self) -> None:
        """No more."""
        await self.batches.maker.stop()
        await self._unanswered.stop()
        await self.conversations.stop()
