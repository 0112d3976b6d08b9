"""The words of messages: what they are for, where they stand, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType


class Purpose(StrEnum):
    """What a message is for. It decides when it may be sent, who can refuse it, and whether a doubt is sent again."""

    REPLY = "reply"
    """An answer to somebody who wrote."""
    REMINDER = "reminder"
    """Of an appointment, a visit, a medicine."""
    CARE = "care"
    """Follow-up, education, satisfaction, greetings."""
    MARKETING = "marketing"
    NOTICE = "notice"
    """About something the person did: enrolled, complained, asked."""
    TEST = "test"
    """An administrator tries a gateway."""
    ALARM = "alarm"
    """Something is wrong in the house, and somebody on duty has to know: to the hospital's own people only."""


def purposes_of(names: Iterable[str]) -> tuple[Purpose, ...]:
    """Purposes by name; what is no purpose any more is left out."""
    known = {purpose.value for purpose in Purpose}
    return tuple(Purpose(name) for name in names if name in known)


OF_THE_HOUSE = frozenset({Purpose.TEST, Purpose.ALARM})
"""To the hospital's own people: nobody writes them by hand, and no gateway has to be set up for them."""


class MessageState(StrEnum):
    """Where a message stands. An incoming one is received and stays so."""

    QUEUED = "queued"
    SENDING = "sending"
    """Written down as handed to a gateway; no answer yet."""
    ACCEPTED = "accepted"
    """The gateway answers for it."""
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """It may have gone out or not."""
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    SUPPRESSED = "suppressed"
    """A rule forbids it."""
    RECEIVED = "received"


SENT_STAGE = "sent"
"""The stage, by which indexes find messages, of what is sending or accepted. Other states are stages themselves."""
UNDER_WAY = frozenset({MessageState.SENDING, MessageState.ACCEPTED})

NOT_ARRIVED = frozenset({MessageState.FAILED, MessageState.CANCELLED, MessageState.EXPIRED, MessageState.SUPPRESSED})
"""States of what was given up, for all that is known."""
OVER = NOT_ARRIVED | {MessageState.DELIVERED}
"""States that end a message. Only a receipt that it was delivered after all still changes one: ``failed``."""


class PartState(StrEnum):
    """Where one part of one attempt stands."""

    SENDING = "sending"
    UNSENT = "unsent"
    """Not a byte of it was written."""
    LATER = "later"
    """Refused for now: the same part may be sent again."""
    REFUSED = "refused"
    """Refused for good."""
    ELSEWHERE = "elsewhere"
    """Refused by this gateway: another may take it."""
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"
    """A receipt says so."""
    UNKNOWN = "unknown"
    UNCERTAIN = "uncertain"
    """A receipt says that the gateway itself does not know."""
    GIVEN_UP = "given_up"
    """Was unknown for so long that it is sent again; a late receipt still counts."""


NOT_OUT = frozenset({PartState.UNSENT, PartState.LATER, PartState.REFUSED, PartState.ELSEWHERE})
"""Of a part in one of these nothing reaches anybody by this attempt."""


class BatchState(StrEnum):
    """Where the making of a batch stands."""

    PREPARING = "preparing"
    PAUSED = "paused"
    DONE = "done"
    """All messages are made; each has a state of its own."""
    CANCELLED = "cancelled"


class Reason(StrEnum):
    """Why a message is in its state, or what it waits for while it is queued."""

    NOT_BEFORE = "not_before"
    QUIET_HOURS = "quiet_hours"
    DAILY_CAP = "daily_cap"
    OPTED_OUT = "opted_out"
    DO_NOT_CONTACT = "do_not_contact"
    BAD_NUMBER = "bad_number"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    NO_GATEWAY = "no_gateway"
    """No gateway that may take it is ready."""
    OUT_OF_SERVICE = "out_of_service"
    """Those that may take it are out of service."""
    REFUSED_LATER = "refused_later"
    """The gateway is full or slow; it is tried again."""
    REFUSED = "refused"
    GATEWAY_REFUSED = "gateway_refused"
    UNWRITABLE = "unwritable"
    """No gateway that may take it can write all its characters; ``TOO_LONG``: none takes so many."""
    UNSENT = "unsent"
    NOT_DELIVERED = "not_delivered"
    """A receipt says so."""
    PARTLY = "partly"
    """Some parts went out and others never will."""
    NO_ANSWER = "no_answer"
    INTERRUPTED = "interrupted"
    """The daemon ended while it was being sent."""
    UNCERTAIN = "uncertain"
    RESENT = "resent"
    """No word came of the attempt before, so it is sent again."""
    TOO_LATE = "too_late"
    BY_PERSON = "by_person"
    PAUSED = "paused"
    """Its batch is paused."""
    OVERTAKEN = "overtaken"
    """A later text says how it stands now."""
    INCOMPLETE = "incomplete"
    """Parts of an incoming text are missing."""


FOR_A_GATEWAY = frozenset({Reason.NO_GATEWAY, Reason.OUT_OF_SERVICE, Reason.GATEWAY_REFUSED})
"""What is put off for these is looked at again and again: when it goes nobody knows."""

PRIORITIES: Mapping[Purpose, int] = MappingProxyType(
    {
        Purpose.REPLY: 1,
        Purpose.TEST: 1,
        Purpose.ALARM: 1,
        Purpose.NOTICE: 2,
        Purpose.REMINDER: 2,
        Purpose.CARE: 3,
        Purpose.MARKETING: 4,
    }
)
"""Who goes first; 1 to 5."""
LOWEST_PRIORITY = 5

OPT_OUTS: Mapping[Purpose, tuple[str, ...]] = MappingProxyType(
    {
        Purpose.REMINDER: ("all", "care"),
        Purpose.CARE: ("all", "care"),
        Purpose.MARKETING: ("all", "marketing"),
        Purpose.NOTICE: ("all",),
        Purpose.REPLY: (),
        Purpose.TEST: (),
        Purpose.ALARM: (),
    }
)
"""The kinds of opt-out that stop a purpose. Who wrote to us is answered."""

UNWANTED_BY_DO_NOT_CONTACT = (Purpose.REMINDER, Purpose.CARE, Purpose.MARKETING)
"""What a patient who is not to be contacted is not sent."""

TO_MANY = UNWANTED_BY_DO_NOT_CONTACT
"""What may be written to many at once: what a person can be spared, and hours and cap hold back by default. A notice,
which nothing but an opt-out of everything stops, is about what one person did.
"""
