"""What can be set on one line."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import (
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from hardware.hid_devices import hid_address
from hardware.port_address import stream_address, tci_address, whozz_address
from hardware.strict_numbers import StrictNumbers
from hardware.ubox_address import ubox_address
from protocols.ami.settings import parse_port
from protocols.dial_strings import checked_prefix
from protocols.hayes.profiles import AUTO, profile_names
from protocols.sayings import Said, Saying


class DriverName(enum.StrEnum):
    """The device families a line can be of."""

    HAYES = "hayes"
    FSK = "fsk"
    WHOZZ = "whozz"
    NETCALLERID = "netcallerid"
    TCI = "tci"
    TP_HID = "tp_hid"
    UBOX = "ubox"
    ASTERISK = "asterisk"
    LINE_HOST = "line_host"


_HOST_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_OF_A_HOSTED_LINE = frozenset({"name", "driver", "host", "line", "group", "bound_agent", "trace"})


def host_name(text: str) -> str:
    """``text`` itself if a line host may be called so; else ``ValueError``."""
    if not _HOST_NAME.fullmatch(text):
        raise ValueError("must be the name of a line host: 1 to 40 letters, digits, _ and -")
    return text


_PORTS: Mapping[DriverName, Callable[[str], object]] = {
    DriverName.HAYES: stream_address,
    DriverName.FSK: stream_address,
    DriverName.WHOZZ: whozz_address,
    DriverName.NETCALLERID: stream_address,
    DriverName.TCI: tci_address,
    DriverName.TP_HID: hid_address,
    DriverName.UBOX: ubox_address,
    DriverName.ASTERISK: parse_port,
}
"""Reads the ``port`` setting of each driver; raises ``ValueError`` for one that the driver cannot use.

That of a line host's line follows from other settings.
"""

_CALLS = ("dial_prefix", "international_prefix")
OPTIONS: Mapping[DriverName, tuple[str, ...]] = {
    DriverName.HAYES: ("profile", "baud", "ring_timeout", "numberless_alarm_after", *_CALLS, "headset"),
    DriverName.FSK: ("baud", "ring_timeout"),
    DriverName.WHOZZ: ("ring_timeout",),
    DriverName.NETCALLERID: ("baud", "ring_timeout"),
    DriverName.TCI: ("baud", "ring_timeout"),
    DriverName.TP_HID: ("ring_timeout", "numberless_alarm_after", *_CALLS, "headset"),
    DriverName.UBOX: ("ring_timeout", "numberless_alarm_after", *_CALLS, "headset"),
    DriverName.ASTERISK: ("trunk", *_CALLS),
    DriverName.LINE_HOST: ("host", "line"),
}
"""Which settings mean something to each driver, beside those that every line has."""

_LONGEST_NAME = 40
_LONGEST_PORT = 255
STANDARD_BAUD_RATES = (300, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400)


class LineSettings(StrictNumbers):
    """One ``[[lines]]`` section. Times are in seconds. None means what the driver finds right."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=_LONGEST_NAME)]
    """What people call the line."""
    driver: DriverName
    port: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=_LONGEST_PORT)]
    """Where the device is. Each driver takes some kinds: see ``hardware.port_address``, ``hid_devices.hid_address``,
    ``ubox_port.ubox_address`` and ``protocols.ami.settings.parse_port``.
    """
    profile: str = AUTO
    baud: int | None = None
    ring_timeout: Annotated[float, Field(ge=0.5, le=300)] | None = None
    """No ring for this long means that ringing stopped. Modem: 6, a box that tells only of callers: 30."""
    numberless_alarm_after: Annotated[int, Field(ge=1, le=1000)] = 5
    dial_prefix: str = ""
    international_prefix: str = "00"
    host: Annotated[str, Field(validate_default=True)] = ""
    """Line host: its name. ``port`` then follows from ``host`` and ``line``."""
    line: Annotated[str, Field(validate_default=True)] = ""
    """Line host: what it calls the line."""
    trunk: bool = False
    """Asterisk: callers come in on this endpoint; otherwise it is an agent's telephone."""
    headset: Annotated[str, StringConstraints(strip_whitespace=True, max_length=_LONGEST_PORT)] = ""
    """Where the headset at the line's seat is, see ``hid_devices.hid_address``; empty for none."""
    group: str = ""
    bound_agent: str = ""
    trace: bool = False

    @model_validator(mode="before")
    @classmethod
    def _where_hosted(cls, given: Any) -> Any:
        if not isinstance(given, dict) or given.get("driver") != DriverName.LINE_HOST.value:
            return given
        if foreign := sorted(given.keys() & cls.model_fields.keys() - _OF_A_HOSTED_LINE):
            raise ValueError(f"has {', '.join(foreign)}: with line_host this is set at the host of the line")
        return {**given, "port": f"{given.get('host', '')}/{given.get('line', '')}"[:_LONGEST_PORT]}

    @field_validator("name")
    @classmethod
    def _printable(cls, name: str) -> str:
        if not name.isprintable():
            raise ValueError(Said(Saying.PRINTABLE))
        return name

    @field_validator("port")
    @classmethod
    def _port(cls, port: str, info: ValidationInfo) -> str:
        if info.data.get("driver") is DriverName.LINE_HOST:
            return port
        if not port.isprintable():
            raise ValueError(Said(Saying.PRINTABLE))
        # A wrong driver is reported by itself.
        read = _PORTS.get(info.data["driver"]) if "driver" in info.data else None
        if read is not None:
            read(port)
        return port

    @field_validator("headset")
    @classmethod
    def _headset(cls, headset: str, info: ValidationInfo) -> str:
        if headset and "headset" not in OPTIONS.get(info.data.get("driver", DriverName.HAYES), ("headset",)):
            raise ValueError(Said(Saying.NO_HEADSET_HERE))
        if headset:
            hid_address(headset)
        return headset

    @field_validator("host", "line")
    @classmethod
    def _hosted(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("driver") is not DriverName.LINE_HOST:
            if value:
                raise ValueError("is for driver line_host only")
            return value
        if info.field_name == "host":
            return host_name(value)
        if not 1 <= len(value) <= _LONGEST_NAME or not value.isprintable():
            raise ValueError("must be the line's name at its host: 1 to 40 printable characters")
        return value

    @field_validator("profile")
    @classmethod
    def _profile(cls, profile: str) -> str:
        if profile not in profile_names():
            raise ValueError(Said(Saying.ONE_OF, choices=", ".join(profile_names())))
        return profile

    @field_validator("baud")
    @classmethod
    def _baud(cls, baud: int | None) -> int | None:
        if baud is not None and baud not in STANDARD_BAUD_RATES:
            raise ValueError(Said(Saying.ONE_OF, choices=", ".join(map(str, STANDARD_BAUD_RATES))))
        return baud

    @field_validator("dial_prefix", "international_prefix")
    @classmethod
    def _prefix(cls, prefix: str) -> str:
        return checked_prefix(prefix)
