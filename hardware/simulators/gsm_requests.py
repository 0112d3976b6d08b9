"""What a simulated GSM modem can be asked over its control socket. All times in seconds of the network's time."""

from __future__ import annotations

import enum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from hardware.simulators import smsc_requests
from hardware.simulators.requests import (
    RawRequest,
    RefusedError,
    ReplugRequest,
    Seconds,
    StatusRequest,
    UnplugRequest,
)
from hardware.simulators.smsc_requests import Behaviour, DropRequest, MessagesRequest, Treatment, TreatRequest

_USUAL_ERROR, _CONGESTION = 21, 42
"""Of +CMS ERROR: the network's "short message transfer rejected" and "congestion" (3GPP TS 24.011 annex E-2)."""
_REPORTS = {"DELIVRD": 0x00, "ACCEPTD": 0x01, "REJECTD": 0x42, "UNDELIV": 0x43, "EXPIRED": 0x46, "DELETED": 0x48}
"""TP-Status of what a receipt can say (3GPP TS 23.040 section 9.2.3.15)."""


class Sim(enum.StrEnum):
    """The SIM's state, as AT+CPIN? tells it."""

    READY = "READY"
    PIN = "SIM PIN"
    PUK = "SIM PUK"
    ABSENT = "absent"


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TextRequest(smsc_requests.TextRequest):
    """Somebody writes, as to every gateway, but whose number may be a name. A SIM has one number: no ``recipient``."""

    number: Annotated[str, Field(min_length=1, max_length=20)]
    recipient: None = None


class FateRequest(_Request):
    """What becomes of the next ``count`` messages, of all without it. ``error`` is of +CMS ERROR. ``report`` is the
    status in the report that follows ``report_after`` the answer, ``copies`` times, None for no report.
    """

    command: Literal["fate"]
    behaviour: Behaviour = Behaviour.ACCEPT
    error: Annotated[int, Field(ge=0, le=999)] = 500
    delay: Seconds = 2.0
    report: Annotated[int, Field(ge=0, le=255)] | None = 0
    report_after: Seconds = 5.0
    copies: Annotated[int, Field(ge=1, le=10)] = 1
    count: Annotated[int, Field(ge=1)] | None = None


class StateRequest(_Request):
    """The SIM, the network (``<stat>`` of AT+CREG) and the strength of the signal (of AT+CSQ). None leaves it."""

    command: Literal["state"]
    sim: Sim | None = None
    registration: Annotated[int, Field(ge=0, le=7)] | None = None
    signal: Annotated[int, Field(ge=0, le=99)] | None = None
    mute: bool | None = None
    """The modem takes everything and says nothing."""


class StoreRequest(_Request):
    """Something lies in the storage ``count`` times: ``tpdu``, hexadecimal, which need not be a PDU; as what came in,
    or as what somebody has ``sent``, which programs that read what came in leave there.
    """

    command: Literal["store"]
    tpdu: Annotated[str, Field(pattern=r"^([0-9A-Fa-f]{2}){1,164}$")]
    sent: bool = False
    count: Annotated[int, Field(ge=1, le=1000)] = 1


def fate_of(behaviour: Behaviour, treatment: Treatment) -> FateRequest:
    """What ``treatment`` is to a GSM network, where a message is treated by ``behaviour``. Raises ``RefusedError``."""
    if treatment.receipt is not None and treatment.receipt not in _REPORTS:
        raise RefusedError(f"a GSM network reports no {treatment.receipt}; it reports {', '.join(_REPORTS)}")
    if treatment.code is not None and not 0 <= treatment.code <= 999:
        raise RefusedError("an error of a GSM modem is from 0 to 999")
    if treatment.shuffled:
        raise RefusedError("a GSM network reports in the order in which messages arrive: it shuffles nothing")
    throttled = behaviour is Behaviour.THROTTLE
    return FateRequest(
        command="fate",
        behaviour=Behaviour.REFUSE if throttled else behaviour,
        error=_CONGESTION if throttled else _USUAL_ERROR if treatment.code is None else treatment.code,
        delay=treatment.delay,
        report=None if treatment.receipt is None else _REPORTS[treatment.receipt],
        report_after=treatment.receipt_after,
        copies=treatment.copies,
    )


GsmRequest = (
    TreatRequest
    | TextRequest
    | DropRequest
    | MessagesRequest
    | FateRequest
    | StateRequest
    | StoreRequest
    | RawRequest
    | UnplugRequest
    | ReplugRequest
    | StatusRequest
)

gsm_parser: TypeAdapter[GsmRequest] = TypeAdapter(Annotated[GsmRequest, Field(discriminator="command")])
"""Reads a request from JSON; raises ``pydantic.ValidationError``."""
