"""What every simulated SMS gateway can be asked over its control socket, whatever it speaks. Times in seconds.

What one of them cannot do it refuses by ``RefusedError``.
"""

from __future__ import annotations

import enum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from hardware.simulators.requests import RawRequest, Seconds, StatusRequest

STANDARD_NUMBER = "1069"
"""To which patients write if nothing else is said."""


class Behaviour(enum.StrEnum):
    """What becomes of a message that is submitted."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    THROTTLE = "throttle"
    SILENT = "silent"
    """It is never answered."""


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Treatment(_Request):
    """How messages are treated. ``code`` is what a refusal says: a result of CMPP, a status of SMPP, an error
    of a modem (+CMS ERROR), a provider's code; None for a usual one. With ``receipt``, a word such as
    ``DELIVRD``, a receipt follows ``receipt_after`` the answer, ``copies`` times; receipts that are due together come
    in any order if ``shuffled``. More than ``limit`` a second are throttled.
    """

    behaviour: Behaviour = Behaviour.ACCEPT
    code: Annotated[int, Field(ge=-9999, le=9999)] | None = None
    delay: Seconds = 0.0
    receipt: Annotated[str, Field(pattern=r"^[A-Z0-9:]{1,7}$")] | None = "DELIVRD"
    receipt_after: Seconds = 0.5
    copies: Annotated[int, Field(ge=1, le=10)] = 1
    shuffled: bool = False
    limit: Annotated[float, Field(gt=0)] | None = None


class TreatRequest(Treatment):
    """From now on messages are treated so."""

    command: Literal["treat"]


class TextRequest(_Request):
    """A patient writes, ``copies`` times. ``recipient`` is to whom, None for the gateway's number. A long text comes in
    parts: ``backwards`` the last first, ``wide`` with a 16-bit reference.
    """

    command: Literal["text"]
    number: Annotated[str, Field(pattern=r"^\+?[0-9]{1,20}$")]
    text: Annotated[str, Field(max_length=2000)]
    recipient: Annotated[str, Field(pattern=r"^[0-9]{0,20}$")] | None = None
    backwards: bool = False
    wide: bool = False
    copies: Annotated[int, Field(ge=1, le=10)] = 1


class DropRequest(_Request):
    """Connections are cut: those of now, and later ones after each ``after`` PDUs or requests; 0 ends that."""

    command: Literal["drop"]
    after: Annotated[int, Field(ge=0)] = 0


class MessagesRequest(_Request):
    """Tell the last messages that were taken, as far as they are kept."""

    command: Literal["messages"]
    last: Annotated[int, Field(ge=1, le=1_000_000)] = 100


CommonRequest = TreatRequest | TextRequest | DropRequest | MessagesRequest | StatusRequest
"""What all can be asked."""
SmscRequest = CommonRequest | RawRequest

smsc_requests: TypeAdapter[SmscRequest] = TypeAdapter(Annotated[SmscRequest, Field(discriminator="command")])
"""Reads a request from JSON; raises ``pydantic.ValidationError``."""
