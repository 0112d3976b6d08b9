"""When a patient waits for an answer. Wallboard, console, inbox and API mean this and nothing else by it.

A patient has written and has no answer (``answering``), and nobody has said that it is done or put it off. Whether
somebody looked at it does not matter. Who says stop waits for nothing. An answer that does not arrive is none
(``unheard``).
"""

from __future__ import annotations

from sqlalchemy import ColumnElement

from callcenter.messaging.conversations.rows import OPEN
from callcenter.messaging.conversations.talks import Talk
from storage.models import Conversation


def is_waiting(talk: Conversation | Talk) -> bool:
    """Whether somebody waits for an answer in it."""
    return talk.state == OPEN and talk.waiting_since is not None


def waiting() -> list[ColumnElement[bool]]:
    """The same as conditions."""
    return [Conversation.state == OPEN, Conversation.waiting_since.is_not(None)]
