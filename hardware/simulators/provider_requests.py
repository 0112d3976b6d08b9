"""What a simulated HTTP provider can be asked over its control socket."""

from __future__ import annotations

import enum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from hardware.simulators.requests import ReplugRequest, Seconds, StatusRequest, UnplugRequest


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
    for sms.aspx with its words; ``status`` is of HTTP, and ``retry_after`` its header, in seconds.
    """

    command: Literal["answer"]
    manner: Manner = Manner.RIGHT
    code: str = ""
    status: Annotated[int, Field(ge=200, le=599)] = 200
    retry_after: Annotated[int, Field(ge=0)] | None = None
    delay: Seconds = 0.0
    count: Annotated[int, Field(ge=1)] | None = None
    fate: str = "DELIVRD"
    """What the receipt says; empty for none."""


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


ProviderRequest = AnswerRequest | ReplyRequest | CreditRequest | UnplugRequest | ReplugRequest | StatusRequest

provider_parser: TypeAdapter[ProviderRequest] = TypeAdapter(Annotated[ProviderRequest, Field(discriminator="command")])
"""Reads a request from JSON; raises ``pydantic.ValidationError``."""
