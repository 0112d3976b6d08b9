"""What can be set on one SMS gateway of any kind. Each kind adds its own in the module of its device."""

from __future__ import annotations

import enum

from pydantic import ConfigDict, Field

from hardware.strict_numbers import StrictNumbers


class GatewayKind(enum.StrEnum):
    """The families a gateway can be of."""

    CMPP2 = "cmpp2"
    CMPP3 = "cmpp3"
    SMPP = "smpp"
    GSM = "gsm"
    HTTP = "http"


class GatewaySettings(StrictNumbers):
    """What every kind has. ``rate`` is the most parts a second; ``window`` the most that wait for their answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=40)
    rate: float = Field(default=10.0, gt=0, le=20000)
    window: int = Field(default=16, ge=1, le=1000)
    trace: bool = False
