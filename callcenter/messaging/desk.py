"""The SMS desk: everything that people who read and write messages use, in one place."""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime

from callcenter.administration.resources import Resource
from callcenter.messaging.composing import House
from callcenter.messaging.conversations import ConversationService
from callcenter.messaging.desk_rules import DeskRuleService
from callcenter.messaging.figures import MessageFigures
from callcenter.messaging.inbox import Inbox
from callcenter.messaging.opt_out_service import OptOutService
from callcenter.messaging.outgoing import OutgoingService
from storage.database import Database


class SmsDesk:
    """``inbox.received`` is the hook for texts that come in. ``templates`` is the declared record of that name."""

    def __init__(self, database: Database, clock: IReactorTime, house: House, templates: Resource) -> None:
        self.inbox = Inbox(clock, house.hospital, house.time_zone)
        self.conversations = ConversationService(database, clock, house)
        self.outgoing = OutgoingService(database, clock, house, templates)
        self.rules = DeskRuleService(database, clock)
        self.figures = MessageFigures(database)
        self.opt_outs = OptOutService(database, clock, house)

    def start(self) -> None:
        """Conversations that were put off come back from now on."""
        self.conversations.start()

    async def stop(self) -> None:
        """No more."""
        await self.conversations.stop()
