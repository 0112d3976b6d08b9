"""Texts that came in: their conversations, whose they are and who answers, what stops messages.

The number that a text says it comes from proves nothing: numbers are forged, lent and given to others. So a text alone
never shows, changes or cancels anything but the number's own opt-outs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.principal import SYSTEM
from callcenter.clock import utc_now
from callcenter.events import ConversationUpdated
from callcenter.messaging.conversations.people import People, load_people
from callcenter.messaging.conversations.rows import IN, OPEN
from callcenter.messaging.conversations.scope import audience_of
from callcenter.messaging.conversations.talks import Talk, change_talks, talks_with
from callcenter.messaging.conversations.threads import give, note_words
from callcenter.messaging.conversations.views import conversation_view, opt_outs_of
from callcenter.messaging.incoming.automatic import AUTOMATIC, Answers
from callcenter.messaging.incoming.receiving import IncomingText, Place
from callcenter.messaging.incoming.words import is_opt_out
from callcenter.messaging.outbox.queueing import MessageDraft, queue_messages
from callcenter.messaging.rules.opt_outs import begin_opt_out
from callcenter.messaging.vocabulary import Purpose
from callcenter.telephony.announce import announce
from storage.models import SmsGateway
from storage.models.base import table_of

__all__ = ["AUTOMATIC", "Inbox"]

_GATEWAY = table_of(SmsGateway).c
_SIGNATURES = select(_GATEWAY.id, _GATEWAY.signature)


@dataclass(frozen=True)
class Inbox:
    """``received`` is the hook of ``receiving``. ``hospital`` is its name, ``time_zone`` where its clock hangs."""

    clock: IReactorTime
    hospital: str
    time_zone: str

    def received(self, session: Session, texts: Sequence[IncomingText]) -> Batch:
        """Put texts into their conversations, in the transaction that writes them down.

        What is read is read for all at once, and then each is judged in turn as if it had come alone. They end before
        a text to which the answer to an earlier one of them counts: that answer has to be written first.
        """
        now = utc_now(self.clock)
        begins: dict[str, datetime] = {}
        for text in texts:
            begins.setdefault(text.number, text.at)
        talks = talks_with(session, begins)
        stopped = opt_outs_of(session, begins)
        answers = Answers.load(session, texts, self.hospital, self.time_zone, now)
        batch = Batch(now, talks, load_people(session, talks.values()), stopped, answers)
        for text in texts:
            if text.number in batch.answered:
                break
            batch.take(text)
        return batch


@dataclass
class Batch:
    """Texts that are filed together: what was known before, by number, and what became of it."""

    now: datetime
    talks: dict[str, Talk]
    people: People
    stopped: dict[str, list[dict[str, Any]]]
    answers: Answers
    places: list[Place] = field(default_factory=list)
    answered: set[str] = field(default_factory=set)
    _touched: dict[str, Talk] = field(default_factory=dict)
    _stopping: dict[tuple[str, int], int] = field(default_factory=dict)
    """Number that wants no more, and gateway to which it says so → place of the text that says so first."""
    _answering: dict[int, tuple[Talk, str]] = field(default_factory=dict)
    """Place of a text → what is answered."""

    def take(self, text: IncomingText) -> None:
        """Put one text into its conversation."""
        talk = self._touched[text.number] = self.talks[text.number]
        patient = self.people.settle(talk)
        stops = is_opt_out(text.text)
        talk.state, talk.snoozed_until = OPEN, None
        talk.unread += 1
        talk.version += 1
        talk.gateway_id = text.gateway_id
        talk.our_number = text.recipient[:30]
        if not stops:
            # Who says stop does not wait for an answer, but somebody should know.
            talk.waiting_since = talk.waiting_since or text.at
        give(talk, patient, self.people.is_here)
        note_words(talk, text.text, IN, text.at)
        self._heed(text, talk, stops=stops)
        self.places.append(Place(talk.id, talk.patient_id))

    def _heed(self, text: IncomingText, talk: Talk, *, stops: bool) -> None:
        place = len(self.places)
        if stops:
            self._stopping.setdefault((text.number, text.gateway_id), place)
        elif not self._wants_none(text.number) and (words := self.answers.to(text)):
            self._answering[place] = talk, words
            self.answered.add(text.number)

    def _wants_none(self, number: str) -> bool:
        """Whether the number wants no messages of any kind or of some: nothing answers it by itself."""
        return number in self.stopped or any(number == one for one, _ in self._stopping)

    def written(self, session: Session, ids: Sequence[int]) -> None:
        """The texts are messages now: write down how the conversations stand, begin the opt-outs, answer, and tell."""
        change_talks(session, self._touched.values())
        self._begin_opt_outs(session, ids)
        if self._answering:
            self._answer(session, ids)
        self._tell(session)

    def _begin_opt_outs(self, session: Session, ids: Sequence[int]) -> None:
        rules = self.answers.rules
        signed: dict[int, str] = {}
        if self._stopping and rules.opt_out_scope == "signature":
            signed = {row.id: row.signature or "" for row in session.execute(_SIGNATURES)}
        for (number, gateway_id), place in self._stopping.items():
            # Whose texts bear no signature cannot tell the hospital's apart: all of them are meant.
            signature = signed.get(gateway_id, "")
            begin_opt_out(
                session, SYSTEM, number, rules.opt_out_kind, self.now, signature=signature, message_id=ids[place]
            )

    def _answer(self, session: Session, ids: Sequence[int]) -> None:
        """It is not somebody's answer: the patient still waits for one, and whoever gives it reads what was asked."""
        drafts = [
            MessageDraft(
                talk.number, words, Purpose.REPLY, conversation_id=talk.id, patient_id=talk.patient_id,
                source=f"{AUTOMATIC}{ids[place]}",
            )
            for place, (talk, words) in self._answering.items()
        ]  # fmt: skip
        queue_messages(session, drafts, self.now)

    def _tell(self, session: Session) -> None:
        """Tell each conversation once, as it stands after all of the texts."""
        stopped = self.stopped | opt_outs_of(session, {number for number, _ in self._stopping})
        people = self.people
        for talk in self._touched.values():
            patient = None if talk.patient_id is None else people.patients[talk.patient_id]
            view = conversation_view(
                talk,
                patient,
                people.users.get(talk.assigned_to or 0),
                people.departments.get(talk.department_id or 0),
                stopped.get(talk.number, ()),
                len(people.sharing.get(talk.number, ())),
            )
            announce(session, ConversationUpdated(str(talk.id), view, audience_of(talk, patient)))
