"""The kinds of alarms there are, and those that something raises today."""

from __future__ import annotations

from enum import StrEnum


class AlarmKind(StrEnum):
    """What is wrong. A kind's subject is the id of what it is about."""

    LINE_LOST = "line_lost"
    """A line's device is gone. Subject: the line. Ends when the line is back or taken out of service."""
    NUMBERLESS = "numberless"
    """Calls come without a number on a line that can tell it. Subject: the line. Ends with the next caller id."""
    GATEWAY_DOWN = "gateway_down"
    """A gateway for messages is out of reach. Subject: the gateway."""
    GATEWAY_PASSED_OVER = "gateway_passed_over"
    """A gateway is there and takes no messages, and others take over. Subject: the gateway. Ends when it takes one."""
    GATEWAY_FULL = "gateway_full"
    """A gateway has no place for what comes in: replies do not arrive. Subject: the gateway. Ends when it has some."""
    QUEUE_STUCK = "queue_stuck"
    """Messages wait although they are due. Subject: the queue."""
    BALANCE_LOW = "balance_low"
    """A gateway's account pays for few messages still. Subject: the gateway."""
    SENDING_HALTED = "sending_halted"
    """A sending to many was paused by itself. Subject: the batch. Ends when it is continued or cancelled."""
    UNANSWERED = "unanswered"
    """A patient's text waits for an answer for too long. Subject: the inbox. Ends when nobody does any more."""

    CALLER_LEFT = "caller_left"
    """Nobody of ours can end the hold of a caller any more. Subject: the line. Over when somebody has dealt with it."""


GRAVE = frozenset({AlarmKind.LINE_LOST, AlarmKind.GATEWAY_DOWN})
"""Nothing goes in or out until it is dealt with; shown in another colour and shape."""

ONCE = frozenset({AlarmKind.CALLER_LEFT})
"""What happened and is not seen to be over: it is when it is dealt with."""


class Change(StrEnum):
    """What happened to an alarm; told outside under these names."""

    OPENED = "opened"
    CLEARED = "cleared"
    HANDLED = "handled"
