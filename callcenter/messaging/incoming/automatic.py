"""What is answered by itself: a keyword by its reply, anything by the reply for when nobody is there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from callcenter.messaging.conversations.rows import OUT
from callcenter.messaging.incoming.receiving import IncomingText
from callcenter.messaging.incoming.words import plain_word
from callcenter.messaging.rules.desk import DeskRules, load_desk_rules
from callcenter.messaging.texts.filling import hospital_values
from callcenter.messaging.texts.placeholders import fill
from callcenter.numbers import NumberKind, normalise
from storage.chunks import chunks
from storage.models import AutoReply, SmsMessage
from storage.models.base import NO, table_of

AUTOMATIC = "auto:"
"""How the source of what is answered by itself begins."""

_REPLY, _MESSAGE = table_of(AutoReply).c, table_of(SmsMessage).c
_ENABLED = select(_REPLY.keyword, _REPLY.text).where(_REPLY.disabled == NO).order_by(_REPLY.id.desc())
_LATELY = (
    select(_MESSAGE.number)
    .where(
        _MESSAGE.number.in_(bindparam("numbers", expanding=True)),
        _MESSAGE.created_at > bindparam("since", type_=_MESSAGE.created_at.type),
        _MESSAGE.direction == OUT,
        _MESSAGE.source.startswith(AUTOMATIC, autoescape=True),
    )
    .distinct()
)


@dataclass(frozen=True)
class Answers:
    """The ``rules`` and the enabled replies of now. ``words`` is keyword → answer, its placeholders filled; under None
    stands the one for when nobody is there, if nobody is. ``lately`` were answered not long ago.
    """

    rules: DeskRules
    words: dict[str | None, str]
    lately: Collection[str]

    @classmethod
    def load(
        cls, session: Session, texts: Sequence[IncomingText], hospital: str, time_zone: str, now: datetime
    ) -> Answers:
        """What may be answered to ``texts``."""
        rules = load_desk_rules(session)
        values = hospital_values(hospital, time_zone, now)
        words: dict[str | None, str] = {}
        for keyword, text in session.execute(_ENABLED):
            filled, gaps = fill(text, values)
            # With a gap in it nothing is said; nor is what would be said without the keyword.
            words[keyword] = "" if gaps else filled
        if rules.is_staffed(now, time_zone):
            words.pop(None, None)
        numbers = sorted({text.number for text in texts if _found(words, text.text)})
        since = now - timedelta(hours=rules.auto_reply_hours)
        lately: set[str] = set()
        for chunk in chunks(numbers):
            lately.update(session.scalars(_LATELY, {"numbers": chunk, "since": since}))
        return cls(rules, words, lately)

    def to(self, text: IncomingText) -> str:
        """What is answered to ``text`` if its number takes everything; empty for nothing, as most are.

        People's numbers are answered, and not lately. Two machines that answer each other are held up by the time
        between: at most one answer in ``auto_reply_hours``. Service numbers are machines.
        """
        words = _found(self.words, text.text)
        if not words or text.number in self.lately or normalise(text.number).kind is not NumberKind.MOBILE:
            return ""
        return words


def _found(words: dict[str | None, str], text: str) -> str:
    if not words:
        return ""
    word = plain_word(text)
    return words[word] if word and word in words else words.get(None, "")
