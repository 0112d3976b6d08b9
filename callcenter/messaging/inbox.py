"""A text that came in: its conversation, whose it is and who answers, what stops messages, what is answered by itself.

The number that a text says it comes from proves nothing: numbers are forged, lent and given to others. So a text alone
never shows, changes or cancels anything but the number's own opt-outs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.clock import utc_now
from callcenter.messaging.conversation_views import tell_conversation
from callcenter.messaging.desk_rules import DeskRules, load_desk_rules
from callcenter.messaging.filling import hospital_values
from callcenter.messaging.opt_outs import begin_by_word, is_stopped
from callcenter.messaging.placeholders import fill
from callcenter.messaging.queueing import IncomingText, MessageDraft, queue_message
from callcenter.messaging.rows import IN, OPEN, OUT
from callcenter.messaging.threads import note_words, route, settle_patient, thread_of
from callcenter.messaging.vocabulary import Purpose
from callcenter.messaging.words import is_opt_out, plain_word
from callcenter.numbers import NumberKind, normalise
from storage.models import AutoReply, Conversation, SmsMessage
from storage.models.base import NO

AUTOMATIC = "auto:"
"""How the source of what is answered by itself begins."""

_QUIETLY = {"synchronize_session": False}


@dataclass(frozen=True)
class Inbox:
    """``received`` is the hook of ``queueing``. ``hospital`` is its name, ``time_zone`` where its clock hangs."""

    clock: IReactorTime
    hospital: str
    time_zone: str

    def received(self, session: Session, text: IncomingText) -> None:
        """Put a text into its conversation, in the transaction that writes it down."""
        now = utc_now(self.clock)
        rules = load_desk_rules(session)
        conversation = thread_of(session, text.number, text.at)
        patient = settle_patient(session, conversation)
        stops = is_opt_out(text.text)
        conversation.state, conversation.snoozed_until = OPEN, None
        conversation.unread += 1
        conversation.gateway_id = text.gateway_id
        conversation.our_number = text.recipient[:30]
        if not stops:
            # Who says stop does not wait for an answer, but somebody should know.
            conversation.waiting_since = conversation.waiting_since or text.at
        route(session, conversation, patient)
        note_words(conversation, text.text, IN, text.at)
        session.flush()
        kept = {"conversation_id": conversation.id, "patient_id": conversation.patient_id}
        session.execute(
            update(SmsMessage).where(SmsMessage.id == text.message_id).values(kept), execution_options=_QUIETLY
        )
        if stops:
            begin_by_word(session, text.number, rules.opt_out_kind, text.message_id, now)
        else:
            self._answer(session, conversation, text, rules, now)
        tell_conversation(session, conversation)

    def _answer(
        self, session: Session, conversation: Conversation, text: IncomingText, rules: DeskRules, now: datetime
    ) -> None:
        """Answer by a keyword's reply, else by the one for when nobody is there; most texts are answered by people."""
        reply = self._reply_to(session, text.text, rules, now)
        if reply is None or not may_be_answered(session, conversation, text, rules, now):
            return
        words, gaps = fill(reply.text, hospital_values(self.hospital, self.time_zone, now))
        if gaps:
            return
        draft = MessageDraft(
            text.number, words, Purpose.REPLY, conversation_id=conversation.id, patient_id=conversation.patient_id,
            source=f"{AUTOMATIC}{text.message_id}",
        )  # fmt: skip
        queue_message(session, draft, now)
        # It is not somebody's answer: the patient still waits for one.
        note_words(conversation, words, OUT, now)

    def _reply_to(self, session: Session, text: str, rules: DeskRules, now: datetime) -> AutoReply | None:
        enabled = select(AutoReply).where(AutoReply.disabled == NO)
        if word := plain_word(text):
            found = session.scalar(enabled.where(AutoReply.keyword == word))
            if found is not None:
                return found
        if rules.is_staffed(now, self.time_zone):
            return None
        return session.scalars(enabled.where(AutoReply.keyword.is_(None)).order_by(AutoReply.id)).first()


def may_be_answered(
    session: Session, conversation: Conversation, text: IncomingText, rules: DeskRules, now: datetime
) -> bool:
    """Whether a number is answered by itself: people's numbers are, not lately, and never who wants no messages.

    Two machines that answer each other are held up by the time between: at most one answer in ``auto_reply_hours``.
    Service numbers are machines.
    """
    if normalise(text.number).kind is not NumberKind.MOBILE or is_stopped(session, text.number):
        return False
    lately = select(SmsMessage.id).where(
        SmsMessage.number == text.number,
        SmsMessage.created_at > now - timedelta(hours=rules.auto_reply_hours),
        SmsMessage.direction == OUT,
        SmsMessage.source.startswith(AUTOMATIC, autoescape=True),
    )
    return session.scalar(lately.limit(1)) is None
