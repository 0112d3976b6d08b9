"""What a simulated HTTP provider can be asked over its control socket."""

from __future__ import annotations

import enum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from hardware.simulators.requests import RefusedError, ReplugRequest, Seconds, StatusRequest, UnplugRequest
from hardware.simulators.smsc_requests import (
    Behaviour,
    DropRequest,
    MessagesRequest,
    TextRequest,
    Treatment,
    TreatRequest,
)

_TOO_MANY_REQUESTS = 429


class Manner(enum.StrEnum):
    """How the provider answers to a message."""

    RIGHT = "right"
    HTML = "html"
    SILENT = "silent"
    CLOSE = "close"
    """It takes the message and closes the connection."""
    ENDLESS = "endless"
    REDIRECT = "redirect"
    GIBBERISH = "gibberish"
    """Bytes of no charset."""


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AnswerRequest(_Request):
    """How the next ``count`` messages are answered, all without it. ``code`` refuses with one of the provider's codes,
    for sms.aspx with its words; ``refuses`` with a usual one of the page. ``status`` is of HTTP, and ``retry_after``
    its header, in seconds.
    """

    command: Literal["answer"]
    manner: Manner = Manner.RIGHT
    code: str = ""
    refuses: bool = False
    status: Annotated[int, Field(ge=200, le=599)] = 200
    retry_after: Annotated[int, Field(ge=0)] | None = None
    delay: Seconds = 0.0
    count: Annotated[int, Field(ge=1)] | None = None
    fate: str = "DELIVRD"
    """What the receipt says, ``receipt_after`` the message, ``copies`` times; empty for none."""
    receipt_after: Seconds = 0.0
    copies: Annotated[int, Field(ge=1, le=10)] = 1


class ReplyRequest(_Request):
    """Somebody writes."""

    command: Literal["reply"]
    number: Annotated[str, Field(pattern=r"^\+?\d{3,20}$")]
    text: Annotated[str, Field(max_length=2000)]
    extension: Annotated[str, Field(pattern=r"^\d{0,10}$")] = ""


class CreditRequest(_Request):
    """How many messages the account pays for."""

    command: Literal["credit"]
    messages: Annotated[int, Field(ge=0)]


def answer_of(behaviour: Behaviour, treatment: Treatment) -> AnswerRequest:
    """What ``treatment`` is to a provider, where a message is treated by ``behaviour``. Raises ``RefusedError``."""
    if treatment.shuffled:
        raise RefusedError("a provider keeps receipts until they are fetched, in their order: it shuffles nothing")
    answer = AnswerRequest(
        command="answer",
        delay=treatment.delay,
        fate=treatment.receipt or "",
        receipt_after=treatment.receipt_after,
        copies=treatment.copies,
    )
    match behaviour:
        case Behaviour.ACCEPT:
            how: dict[str, object] = {}
        case Behaviour.REFUSE:
            how = {"refuses": True, "code": "" if treatment.code is None else str(treatment.code)}
        case Behaviour.THROTTLE:
            how = {"refuses": True, "status": _TOO_MANY_REQUESTS}
        case Behaviour.SILENT:
            how = {"refuses": True, "manner": Manner.SILENT}
    return answer.model_copy(update=how)


def reply_of(text: TextRequest, number: str) -> ReplyRequest:
    """What a text is to a provider whose account has ``number``, which extensions follow. Raises ``RefusedError``."""
    if text.backwards or text.wide:
        raise RefusedError("a provider hands replies over whole: they have no parts that could be backwards or wide")
    recipient = number if text.recipient is None else text.recipient
    if not recipient.startswith(number):
        raise RefusedError(f"the account's number is {number}: what patients write to begins with it")
    return ReplyRequest(
        command="reply", number=text.number, text=text.text, extension=recipient.removeprefix(number)[:10]
    )


ProviderRequest = (
    TreatRequest
    | TextRequest
    | DropRequest
    | MessagesRequest
    | AnswerRequest
    | ReplyRequest
    | CreditRequest
    | UnplugRequest
    | ReplugRequest
    | StatusRequest
)

provider_parser: TypeAdapter[ProviderRequest] = TypeAdapter(Annotated[ProviderRequest, Field(discriminator="command")])
"""Reads a request from JSON; raises ``pydantic.ValidationError``."""
