"""What the work list is told when it is built."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from callcenter.worklist.rules import Hours

ClockTime = Annotated[str, StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]


class CallTaskSettings(BaseModel):
    """``earliest`` and ``latest`` are times of day such as 08:00; ``latest`` may be 24:00."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    earliest: Annotated[ClockTime, Field(description="No patient is called from the list before, such as 08:00.")] = (
        "08:00"
    )
    latest: Annotated[ClockTime, Field(description="Nor at this time and after it, up to 24:00.")] = "20:00"
    lease_minutes: Annotated[
        int, Field(ge=1, le=240, description="How long a task that is shown is kept for its agent, 1 to 240.")
    ] = 15
    skip_minutes: Annotated[
        int, Field(ge=1, le=1440, description="After how long a task that was skipped comes again, 1 to 1440.")
    ] = 30

    @model_validator(mode="after")
    def _some_time_between(self) -> CallTaskSettings:
        if self.earliest >= self.latest:
            raise ValueError("has no time between earliest and latest")
        return self

    def hours(self, time_zone: str) -> Hours:
        """The hours in the hospital's zone."""
        return Hours(_minutes(self.earliest), _minutes(self.latest), ZoneInfo(time_zone))

    @property
    def lease(self) -> timedelta:
        """How long a claim lasts."""
        return timedelta(minutes=self.lease_minutes)

    @property
    def skip(self) -> timedelta:
        """How long a skipped task stays away."""
        return timedelta(minutes=self.skip_minutes)


def _minutes(clock_time: str) -> int:
    hours, minutes = clock_time.split(":")
    return int(hours) * 60 + int(minutes)
