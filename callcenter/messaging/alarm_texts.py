"""Alarms as SMS to whoever is on duty: short, in the hospital's language, and without a word that people wrote."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.alarms.channels import Message
from callcenter.alarms.kinds import AlarmKind, Change
from callcenter.alarms.outbox import GIVEN_UP_AFTER
from callcenter.alarms.texts import text_sources
from callcenter.messaging.announce import announce_messages
from callcenter.messaging.outbox.cancelling import cancel_queued
from callcenter.messaging.outbox.queueing import MessageDraft, queue_messages
from callcenter.messaging.vocabulary import MessageState, Purpose, Reason
from callcenter.text import N_, translated
from protocols.sayings import said_again
from storage.chunks import chunks
from storage.models import AlarmDelivery, SmsMessage

LONGEST_REASON = 60
_LONGEST_NAME = 20

_CHANGES: Mapping[str, str] = MappingProxyType(
    {
        Change.OPENED: N_("Alarm {time}: {what}"),
        Change.CLEARED: N_("Over {time}: {what}"),
        Change.HANDLED: N_("Dealt with {time}: {what}"),
    }
)
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        AlarmKind.LINE_LOST: N_("{line}: line lost. {reason}"),
        AlarmKind.NUMBERLESS: N_("{line}: calls come without numbers."),
        AlarmKind.GATEWAY_DOWN: N_("{gateway}: SMS gateway down. {reason}"),
        AlarmKind.GATEWAY_PASSED_OVER: N_("{gateway}: SMS gateway takes no messages. {reason}"),
        AlarmKind.GATEWAY_FULL: N_("{gateway}: storage for incoming SMS full, replies may not arrive."),
        AlarmKind.QUEUE_STUCK: N_("SMS messages are due and nobody takes them. {reason}"),
        AlarmKind.SENDING_HALTED: N_("SMS to many No. {number} was paused by itself; somebody has to look at it."),
        AlarmKind.UNANSWERED: N_("A patient has been waiting too long for an answer by SMS."),
        AlarmKind.CALLER_LEFT: N_("{line}: a caller was left on hold."),
        AlarmKind.BALANCE_LOW: N_("{gateway}: {count} messages left on the account."),
    }
)


class AlarmTexts:
    """An ``AlarmQueue``: one text for each of ``numbers`` and each change of an alarm.

    What of the same alarm has not left yet is overtaken by it. It waits for a gateway for as long as other messages
    of alarms are tried, and no longer. ``say`` is gettext in the hospital's language.
    """

    def __init__(self, name: str, numbers: Sequence[str], say: Callable[[str], str], time_zone: str) -> None:
        self._name = name
        self._numbers = numbers
        self._say = say
        self._zone = ZoneInfo(time_zone)

    def put(self, session: Session, message: Message, at: datetime) -> None:
        """See ``AlarmQueue``."""
        self._overtake(session, message, at)
        words = alarm_words(message.payload, self._say, self._zone)
        expires = at + GIVEN_UP_AFTER
        sources = text_sources(message.delivery, len(self._numbers))
        drafts = [
            MessageDraft(number, words, Purpose.ALARM, source=source, expires_at=expires)
            for number, source in zip(self._numbers, sources, strict=True)
        ]
        queue_messages(session, drafts, at)

    def _overtake(self, session: Session, message: Message, at: datetime) -> None:
        earlier = select(AlarmDelivery.id).where(
            AlarmDelivery.alarm_id == message.payload["alarm"]["id"],
            AlarmDelivery.target == self._name,
            AlarmDelivery.id < message.delivery,
        )
        sources = [source for key in session.scalars(earlier) for source in text_sources(key)]
        for chunk in chunks(sources):
            mine = SmsMessage.source.in_(chunk)
            waiting = SmsMessage.state == MessageState.QUEUED.value
            # In the order in which whoever sends or settles holds them.
            held = select(SmsMessage.id).where(mine, waiting).order_by(SmsMessage.id).with_for_update()
            ids = list(session.scalars(held))
            if ids:
                cancel_queued(session, at, SmsMessage.id.in_(ids), reason=Reason.OVERTAKEN)
                announce_messages(session, ids)


def alarm_words(payload: Mapping[str, Any], say: Callable[[str], str], zone: ZoneInfo) -> str:
    """What is read of a change of an alarm. ``payload`` is what webhooks are sent.

    The reason stands there only where the program alone says it: words of devices and gateways, and addresses of the
    network inside, are not for outside.
    """
    alarm = payload["alarm"]
    change = str(payload["event"]).removeprefix("alarm.")
    names = {
        "line": _line_name((alarm["line"] or {}).get("name", ""), say),
        "gateway": str((alarm["gateway"] or {}).get("name", ""))[:_LONGEST_NAME],
        # What was written down to be told before there was such a thing has none.
        "number": alarm.get("batch_id"),
        "count": "?" if alarm["balance"] is None else alarm["balance"],
        "reason": _reason(alarm, say) if change == Change.OPENED else "",
    }
    what = say(_WORDS[alarm["kind"]]).format(**names).strip()
    moment = datetime.fromisoformat(str(payload["at"])).astimezone(zone)
    return say(_CHANGES[change]).format(time=f"{moment:%m-%d %H:%M}", what=what)


def _reason(alarm: Mapping[str, Any], say: Callable[[str], str]) -> str:
    said = alarm["reason_said"]
    if not said or said.get("values"):
        return ""
    words = translated(say, said_again(said))
    return words if len(words) <= LONGEST_REASON else words[: LONGEST_REASON - 1] + "…"


def _line_name(name: str, say: Callable[[str], str]) -> str:
    return say(N_("Line {name}")).format(name=name) if name.isdigit() else name[:_LONGEST_NAME]
