"""What a simulated GSM modem can be asked over its control socket. All times in seconds of the network's time."""

from __future__ import annotations

import enum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from hardware.simulators.requests import RawRequest, ReplugRequest, Seconds, StatusRequest, UnplugRequest


class Behaviour(enum.StrEnum):
    """What the network does with a message."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    SILENT = "silent"
    """It never answers."""


class Sim(enum.StrEnum):
    """The SIM's state, as AT+CPIN? tells it."""

    READY = "READY"
    PIN = "SIM PIN"
    PUK = "SIM PUK"
    ABSENT = "absent"


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TextRequest(_Request):
    """Somebody writes. A long text comes in parts: ``backwards`` the last first, ``wide`` with a 16-bit reference."""

    command: Literal["text"]
    number: Annotated[str, Field(min_length=1, max_length=20)]
    text: Annotated[str, Field(max_length=2000)]
    backwards: bool = False
    wide: bool = False


class FateRequest(_Request):
    """What becomes of the next ``count`` messages, of all without it. ``error`` is of +CMS ERROR. ``report`` is the
    status in the report that follows ``report_after`` the answer, None for no report.
    """

    command: Literal["fate"]
    behaviour: Behaviour = Behaviour.ACCEPT
    error: Annotated[int, Field(ge=0, le=999)] = 500
    delay: Seconds = 2.0
    report: Annotated[int, Field(ge=0, le=255)] | None = 0
    report_after: Seconds = 5.0
    count: Annotated[int, Field(ge=1)] | None = None


class StateRequest(_Request):
    """The SIM, the network (``<stat>`` of AT+CREG) and the strength of the signal (of AT+CSQ). None leaves it."""

    command: Literal["state"]
    sim: Sim | None = None
    registration: Annotated[int, Field(ge=0, le=7)] | None = None
    signal: Annotated[int, Field(ge=0, le=99)] | None = None
    mute: bool | None = None
    """The modem takes everything and says nothing."""


GsmRequest = TextRequest | FateRequest | StateRequest | RawRequest | UnplugRequest | ReplugRequest | StatusRequest

gsm_parser: TypeAdapter[GsmRequest] = TypeAdapter(Annotated[GsmRequest, Field(discriminator="command")])
"""Reads a request from JSON; raises ``pydantic.ValidationError``."""
