"""Shapes of lines as they are set up and tried."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from web.api.models import Line
from web.parsing import Input

Value = Annotated[str, Field(max_length=300)]
Number = Annotated[str, Field(max_length=40)] | int | float


class LineChange(Input):
    """What is to be set on a line; null is the default. Which driver has which setting: ``GET /lines/drivers``.

    The values are checked like those of the configuration file, and what is wrong is said by field.
    """

    name: Value | None = None
    group: Value | None = None
    bound_agent: Value | None = None
    driver: Value | None = None
    port: Annotated[str, Field(max_length=1000)] | None = None
    profile: Value | None = None
    baud: Number | None = None
    ring_timeout: Number | None = None
    numberless_alarm_after: Number | None = None
    dial_prefix: Value | None = None
    international_prefix: Value | None = None
    headset: Annotated[str, Field(max_length=1000)] | None = None
    trace: bool | None = None

    @property
    def said(self) -> dict[str, Any]:
        """What was sent, whatever it is."""
        return self.model_dump(include=self.model_fields_set - {"version"})


class LineEdit(LineChange):
    """A change; ``version`` is that of the line that was changed."""

    version: int


class LineVersion(Input):
    """The version of the line that is meant."""

    version: int


class Entries(Input):
    """From where on: after the entry of that number."""

    after: Annotated[int, Field(ge=0)] = 0


class FileLine(BaseModel):
    """What the configuration file says of name, group and seat."""

    name: str
    group: str
    bound_agent: str


class Setup(Line):
    """A line with how it is set up.

    ``source`` says where it is: in the ``file`` or in the ``interface``. ``settings`` are those that were set in the
    interface and are not the defaults. ``desks`` are the people whose own line it is.
    """

    source: Literal["file", "interface"]
    port: str
    settings: dict[str, Any]
    bound_agent: str
    bound_name: str
    desks: list[str]
    file: FileLine | None
    version: int


class Setups(BaseModel):
    """Every line."""

    items: list[Setup]


class Driver(BaseModel):
    """A device family, with the names of what can be set on its lines beside what every line has."""

    driver: str
    label: str
    options: list[str]


class Drivers(BaseModel):
    """The device families of lines that can be added."""

    items: list[Driver]


class Device(BaseModel):
    """A device that is plugged in; ``port`` is what to set, ``driver`` what it might be, empty where nobody knows."""

    bus: Literal["serial", "hid"]
    port: str
    path: str
    description: str
    might_be: str
    driver: str


class Devices(BaseModel):
    """What is plugged in, and what could not be looked at."""

    items: list[Device]
    problems: list[str]


class TrialStep(BaseModel):
    """One step of the check list; ``at`` is null while it is to come."""

    step: Literal["port", "ready", "ring", "caller_id", "picked_up", "hung_up", "stopped"]
    at: str | None
    detail: dict[str, Any]


class TrialEntry(BaseModel):
    """What went over the port. ``hidden``: it may hold a number that the reader may not see."""

    n: int
    at: str
    way: Literal["received", "sent", "opened", "closed"]
    size: int
    hex: str
    text: str
    hidden: bool


class Trial(BaseModel):
    """A test of a line. ``last`` is the number of its newest entry; ``missed`` entries are not among those told."""

    line_id: int
    running: bool
    end: Literal["", "time", "stopped"]
    began_at: str | None
    ends_at: str | None
    steps: list[TrialStep]
    entries: list[TrialEntry]
    missed: int
    last: int
