"""Settings of lines as people send them, and what they are told of those that cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from callcenter.errors import InvalidError
from callcenter.telephony.line_options import INTERFACE_DRIVERS, kept, read_settings
from callcenter.text import translated
from hardware.settings import OPTIONS, DriverName, LineSettings
from web.catalogues import load_translations

GOOD: Mapping[str, Any] = {"name": "门诊一线", "driver": "hayes", "port": "/dev/ttyACM0"}


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ({"driver": "acme"}, "driver", "hayes, fsk"),
        ({"driver": "asterisk", "port": "main/PJSIP/1"}, "driver", "配置文件"),
        ({"driver": None}, "driver", "必填"),
        ({"port": "COM1"}, "port", "usb:VID:PID"),
        ({"port": "tcp://moxa"}, "port", "端口"),
        ({"port": "tcp://root:secret@moxa:4001"}, "port", "tcp://host:port"),
        ({"port": "/dev/ttyACM0\r\nATD110"}, "port", "可打印"),
        ({"port": "file:///etc/passwd"}, "port", "usb:VID:PID"),
        ({"name": "线" * 41}, "name", "40"),
        ({"name": "a\nb"}, "name", "可打印"),
        ({"name": "\u202egnp.exe"}, "name", "可打印"),
        ({"name": " "}, "name", "必填"),
        ({"name": 7}, "name", "文本"),
        ({"group": "科" * 61}, "group", "60"),
        ({"dial_prefix": "9;ATH"}, "dial_prefix", "0-9"),
        ({"baud": 57601}, "baud", "57600"),
        ({"baud": "fast"}, "baud", "整数"),
        ({"baud": 9600.5}, "baud", "整数"),
        ({"ring_timeout": 0}, "ring_timeout", "0.5"),
        ({"ring_timeout": 301}, "ring_timeout", "300"),
        ({"ring_timeout": "soon"}, "ring_timeout", "数字"),
        ({"ring_timeout": float("nan")}, "ring_timeout", ""),
        ({"profile": "acme"}, "profile", "conexant"),
        ({"trace": "perhaps"}, "trace", "是"),
        ({"trunk": True}, "trunk", "没有"),
        ({"driver": "fsk", "dial_prefix": "9"}, "dial_prefix", "没有"),
        ({"speed": 1}, "speed", "没有"),
    ],
)
def test_what_cannot_be_is_refused_by_field_in_the_persons_language(
    values: dict[str, Any], field: str, says: str
) -> None:
    given = {name: value for name, value in {**GOOD, **values}.items() if value is not None}
    with pytest.raises(InvalidError) as caught:
        read_settings(given)
    assert list(caught.value.fields) == [field]
    words = translated(load_translations("zh_CN").gettext, caught.value.fields[field])
    assert says in words
    assert words != caught.value.fields[field]


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(InvalidError) as caught:
        read_settings({"driver": "fsk", "port": "COM1", "dial_prefix": "9"})
    assert set(caught.value.fields) == {"name", "port", "dial_prefix"}


def test_what_is_kept_is_what_was_said() -> None:
    settings = read_settings({**GOOD, "baud": "9600", "ring_timeout": "8", "international_prefix": "00", "trace": "on"})
    assert kept(settings) == {**GOOD, "baud": 9600, "ring_timeout": 8.0, "trace": True}
    assert LineSettings.model_validate(kept(settings)) == settings


def test_every_option_is_a_setting_and_every_driver_has_its_own() -> None:
    assert set(OPTIONS) == set(DriverName)
    assert {name for names in OPTIONS.values() for name in names} <= set(LineSettings.model_fields)
    assert set(DriverName) - set(INTERFACE_DRIVERS) == {DriverName.ASTERISK, DriverName.LINE_HOST}
