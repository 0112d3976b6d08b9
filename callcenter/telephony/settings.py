"""What telephony is told when it is built: the hospital's part and the figures' part of the configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from callcenter.worklist.settings import CallTaskSettings


class WallboardTargets(BaseModel):
    """What each figure is measured against. Shares are 0 to 1, times in seconds."""

    model_config = ConfigDict(frozen=True)

    service_level: Annotated[float, Field(ge=0, le=1)] = 0.8
    average_speed_of_answer: Annotated[float, Field(gt=0)] = 20.0
    abandoned: Annotated[float, Field(ge=0, le=1)] = 0.05
    longest_wait: Annotated[float, Field(gt=0)] = 60.0
    average_handling_time: Annotated[float | None, Field(gt=0)] = None
    occupancy: Annotated[float | None, Field(gt=0, le=1)] = None


class TelephonySettings(BaseModel):
    """Times are in seconds. ``area_code`` completes local numbers; ``time_zone`` decides where a day begins."""

    model_config = ConfigDict(frozen=True)

    time_zone: str = "Asia/Shanghai"
    area_code: str = ""
    service_level_seconds: Annotated[int, Field(ge=1)] = 20
    short_abandon_seconds: Annotated[int, Field(ge=0)] = 5
    late_claim_hours: Annotated[int, Field(ge=0)] = 24
    """For how long after its beginning somebody can say that they spoke on a call that nobody took."""
    targets: WallboardTargets = WallboardTargets()
    call_tasks: CallTaskSettings = CallTaskSettings()
    offline_after_seconds: Annotated[float, Field(ge=0)] = 30.0
    """An agent whose last page closed is offline after this long: enough for a reload or a short loss of network."""
    drain_seconds: Annotated[float, Field(gt=0)] = 10.0
    """How long stopping waits for what is still to be written."""
