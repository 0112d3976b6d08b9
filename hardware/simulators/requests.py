"""What a simulator can be asked over its control socket. All times in seconds of the telephone line's time."""

from __future__ import annotations

import enum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Seconds = Annotated[float, Field(ge=0, le=86_400)]


class CallerIdKind(enum.StrEnum):
    """What the exchange sends about the caller."""

    FULL = "full"
    NUMBER = "number"
    PRIVATE = "private"
    UNAVAILABLE = "unavailable"
    DAMAGED = "damaged"
    DTMF = "dtmf"
    """As tones, which only a voice modem hears."""
    NONE = "none"


class DialResult(enum.StrEnum):
    """How a dialled call comes out."""

    ANSWER = "answer"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    NO_CARRIER = "no_carrier"
    NO_DIAL_TONE = "no_dial_tone"


class RefusedError(Exception):
    """What was asked cannot be done, or not now; the message is fit for the person who asked."""


class Request(BaseModel):
    """Base of the requests. ``channel`` is which line of a device that has several."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: Annotated[int, Field(ge=1, le=16)] = 1


class CallRequest(Request):
    """Somebody calls. Unanswered, it rings ``rings`` times. ``answer_after`` is when a person lifts the handset
    beside the line; ``hangup_after`` is how long after any answer the caller hangs up, None for never.
    """

    command: Literal["call"]
    number: Annotated[str, Field(pattern=r"^[0-9A-Za-z*#+ ()-]{0,32}$")]
    name: Annotated[str, Field(max_length=32)] = ""
    charset: Literal["utf-8", "gbk"] = "utf-8"
    caller_id: CallerIdKind = CallerIdKind.FULL
    rings_before_id: Annotated[int, Field(ge=0, le=20)] = 1
    rings: Annotated[int, Field(ge=0, le=100)] = 8
    answer_after: Seconds | None = None
    hangup_after: Seconds | None = None
    digits: Annotated[str, Field(pattern=r"^[0-9A-D*#]{0,32}$")] = ""


class OutgoingRequest(Request):
    """How the next dialled call comes out ``after`` seconds; done when that call is over."""

    command: Literal["outgoing"]
    result: DialResult
    after: Seconds = 3.0
    hangup_after: Seconds | None = None


class RawRequest(Request):
    """The device says these bytes, given in hexadecimal: noise, floods, whatever."""

    command: Literal["raw"]
    data: Annotated[str, Field(pattern=r"^([0-9a-fA-F]{2})*$", max_length=200_000)]


class UnplugRequest(Request):
    """The device is pulled out."""

    command: Literal["unplug"]


class ReplugRequest(Request):
    """The device is plugged in again and appears under another name."""

    command: Literal["replug"]


class StatusRequest(Request):
    """Tell the state of device and line."""

    command: Literal["status"]


AnyRequest = CallRequest | OutgoingRequest | RawRequest | UnplugRequest | ReplugRequest | StatusRequest

parser: TypeAdapter[AnyRequest] = TypeAdapter(Annotated[AnyRequest, Field(discriminator="command")])
"""Reads a request from JSON; raises ``pydantic.ValidationError``."""
