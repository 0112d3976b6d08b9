from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from hardware.drivers import LineSettings, driver_names

GOOD: dict[str, Any] = {"name": "门诊一线", "driver": "hayes", "port": "/dev/serial/by-id/usb-x"}


def test_the_least_that_is_needed() -> None:
    line = LineSettings.model_validate(GOOD)
    assert (line.profile, line.trace, line.group, line.numberless_alarm_after) == ("auto", False, "", 5)


@pytest.mark.parametrize("port", ["/dev/ttyACM0", "/tmp/x", "usb:0baf:0303", "usb:0BAF:0303:A1"])  # noqa: S108
def test_ports(port: str) -> None:
    assert LineSettings.model_validate(GOOD | {"port": port}).port == port


@pytest.mark.parametrize(
    ("driver", "port"),
    [("asterisk", "/dev/ttyS0"), ("asterisk", "PJSIP/8001"), ("hayes", "main/PJSIP/8001"), ("fsk", "COM1")],
)
def test_a_port_that_the_driver_cannot_use(driver: str, port: str) -> None:
    with pytest.raises(ValidationError, match="must be") as caught:
        LineSettings.model_validate(GOOD | {"driver": driver, "port": port})
    assert [error["loc"] for error in caught.value.errors()] == [("port",)]


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("driver", "acme", "'hayes', 'fsk' or 'asterisk'"),
        ("profile", "acme", "auto, usr, conexant, agere, generic"),
        ("baud", 57601, "57600, 115200"),
        ("port", "COM1", "usb:VID:PID"),
        ("port", "/dev/t\nty", "printable|usb:VID"),
        ("name", "", "at least 1"),
        ("name", "a\nb", "printable"),
        ("ring_timeout", 0, "greater than or equal to 0.5"),
        ("numberless_alarm_after", 0, "greater than or equal to 1"),
        ("dial_prefix", "9;", "0-9"),
        ("speed", 1, "not permitted"),
    ],
)
def test_wrong_values_name_the_key_and_what_is_allowed(key: str, value: object, says: str) -> None:
    with pytest.raises(ValidationError, match=says) as caught:
        LineSettings.model_validate(GOOD | {key: value})
    assert caught.value.errors()[0]["loc"] == (key,)


def test_driver_names() -> None:
    assert driver_names() == ["hayes", "fsk", "asterisk"]
