from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from twisted.internet import reactor

from hardware.asterisk_pbx import PbxSettings, pbx_directory
from hardware.drivers import LineSettings, SharedPorts, create_line_device, driver_names
from hardware.line_device import HardwareError
from hardware.pbx_port import PbxAddress
from hardware.port_address import TciAddress, tci_address, whozz_address
from protocols.ami.settings import AmiSettings

GOOD: dict[str, Any] = {"name": "门诊一线", "driver": "hayes", "port": "/dev/serial/by-id/usb-x"}


def test_the_least_that_is_needed() -> None:
    line = LineSettings.model_validate(GOOD)
    assert (line.profile, line.trace, line.group, line.numberless_alarm_after) == ("auto", False, "", 5)


@pytest.mark.parametrize(
    "port",
    ["/dev/ttyACM0", "/var/line1", "usb:0baf:0303", "usb:0BAF:0303:A1", "tcp://moxa:4001", "tcp://[::1]:4001"],
)
def test_stream_ports(port: str) -> None:
    assert LineSettings.model_validate(GOOD | {"port": port}).port == port


@pytest.mark.parametrize("port", ["/dev/hidraw0", "hid:04d9:a0c1", "hid:04D9:A0C1:A1"])
def test_hid_ports(port: str) -> None:
    assert LineSettings.model_validate(GOOD | {"driver": "tp_hid", "port": port}).port == port


@pytest.mark.parametrize("port", ["ws://127.0.0.1:8054/ws#1", "ws://[::1]:8054#1", "ws://agent-pc.lan:8054/#12"])
def test_ubox_ports(port: str) -> None:
    assert LineSettings.model_validate(GOOD | {"driver": "ubox", "port": port}).port == port


@pytest.mark.parametrize(
    ("driver", "port"),
    [
        ("tp_hid", "usb:04d9:a0c1"),
        ("tp_hid", "hid:4d9:a0c1"),
        ("hayes", "hid:04d9:a0c1"),
        ("fsk", "COM1"),
        ("ubox", "wss://127.0.0.1:8054/ws#1"),
        ("ubox", "ws://127.0.0.1:8054/ws"),
        ("ubox", "ws://127.0.0.1/ws#1"),
        ("ubox", "ws://127.0.0.1:65536/ws#1"),
        ("ubox", "ws://user:secret@127.0.0.1:8054/ws#1"),
        ("ubox", "ws://127.0.0.1:8054/ws#0"),
        ("ubox", "ws://127.0.0.1:8054/w s#1"),
        ("ubox", "/dev/ttyS0"),
        ("asterisk", "/dev/ttyS0"),
        ("asterisk", "PJSIP/8001"),
        ("hayes", "main/PJSIP/8001"),
    ],
)
def test_a_port_that_the_driver_cannot_open(driver: str, port: str) -> None:
    with pytest.raises(ValidationError, match="must be") as caught:
        LineSettings.model_validate(GOOD | {"driver": driver, "port": port})
    assert [error["loc"] for error in caught.value.errors()] == [("port",)]


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("driver", "acme", "'hayes', 'fsk'"),
        ("profile", "acme", "auto, usr, conexant, agere, generic"),
        ("baud", 57601, "57600, 115200"),
        ("port", "COM1", "usb:VID:PID"),
        ("port", "udp://0.0.0.0:3520", "tcp://host:port"),
        ("port", "tcp://moxa", "a port of 1 to 65535"),
        ("port", "tcp:moxa:4001", "a port of 1 to 65535"),
        ("port", "tcp://moxa:70000", "host and port"),
        ("port", "tcp://:4001", "tcp://host:port"),
        ("port", "tcp://moxa:4001/1", "nothing more"),
        ("port", "tcp://root@moxa:4001", "host name or address"),
        ("port", "tcp://mo xa:4001", "host name or address"),
        ("port", "tcp://[::1:4001", "host and port"),
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


EXAMPLES = {
    "hayes": "/dev/ttyACM0",
    "fsk": "/dev/ttyUSB0",
    "whozz": "udp://127.0.0.1:3520/*/01",
    "netcallerid": "tcp://moxa:4001",
    "tci": "/dev/ttyUSB1#02",
    "tp_hid": "hid:04d9:a0c1",
    "ubox": "ws://127.0.0.1:8054/ws#1",
    "asterisk": "main/PJSIP/8001",
}


def test_there_is_a_device_for_every_driver(tmp_path: Path) -> None:
    assert {*EXAMPLES, "line_host"} == set(driver_names())
    pbx = PbxSettings("main", PbxAddress("127.0.0.1"), AmiSettings("huifang", "s3cret"))
    shared = SharedPorts(reactor, pbx_directory([pbx], reactor))
    for driver, port in EXAMPLES.items():
        settings = LineSettings.model_validate(GOOD | {"driver": driver, "port": port})
        with pytest.raises(HardwareError):
            create_line_device(settings, reactor, tmp_path, shared).hang_up()
    with pytest.raises(HardwareError):
        create_line_device(LineSettings.model_validate(HOSTED), reactor, tmp_path, shared).hang_up()


HOSTED = {"name": "ward", "driver": "line_host", "host": "ward3", "line": "1"}


def test_a_line_of_a_line_host_is_named_by_host_and_line() -> None:
    line = LineSettings.model_validate({**HOSTED, "group": "a", "bound_agent": "b", "trace": True})
    assert (line.host, line.line, line.port) == ("ward3", "1", "ward3/1")


@pytest.mark.parametrize(
    ("changes", "where", "says"),
    [
        ({"host": "ward 3"}, ("host",), "must be the name of a line host"),
        ({"host": ""}, ("host",), "must be the name of a line host"),
        ({"line": ""}, ("line",), "must be the line's name at its host"),
        ({"line": "a\nb"}, ("line",), "must be the line's name at its host"),
        ({"port": "/dev/ttyACM0"}, (), "has port: with line_host this is set at the host"),
        ({"dial_prefix": "9,", "baud": 9600}, (), "has baud, dial_prefix: with line_host this is set at the host"),
        ({"driver": "hayes", "port": "/dev/ttyACM0"}, ("host",), "is for driver line_host only"),
    ],
)
def test_wrong_lines_of_a_line_host(changes: dict[str, object], where: tuple[str, ...], says: str) -> None:
    with pytest.raises(ValidationError, match=says) as caught:
        LineSettings.model_validate(HOSTED | changes)
    assert caught.value.errors()[0]["loc"] == where


@pytest.mark.parametrize(
    ("port", "says"),
    [
        ("/dev/ttyUSB0", "udp://ADDRESS:PORT/UNIT/LINE"),
        ("udp://0.0.0.0:3520", "udp://ADDRESS:PORT/UNIT/LINE"),
        ("udp://0.0.0.0/35193/01", "a port of 1 to 65535"),
        ("udp://0.0.0.0:3520/89-79/01", "decimal number"),
        ("udp://0.0.0.0:3520/35193/00", "LINE 01 to 99"),
        ("udp://box:3520/35193/01", "no names"),
        ("udp://0.0.0.0:3520/35193/01?from=box", "no names"),
        ("udp://0.0.0.0:3520/35193/01?by=1.2.3.4", "UNIT is a decimal number"),
    ],
)
def test_wrong_ports_of_an_ethernet_box(port: str, says: str) -> None:
    with pytest.raises(ValidationError, match=says) as caught:
        LineSettings.model_validate(GOOD | {"driver": "whozz", "port": port})
    assert caught.value.errors()[0]["loc"] == ("port",)


def test_ports_of_an_ethernet_box() -> None:
    address = whozz_address("udp://0.0.0.0:3520/35193/02?from=192.168.1.90,10.0.0.0/8")
    assert (str(address.udp), address.unit, address.line) == ("0.0.0.0:3520", 35193, 2)
    allowed = ["192.168.1.90", "10.1.2.3", "::ffff:10.1.2.3"]
    assert all(map(address.udp.allows, allowed))
    assert not any(map(address.udp.allows, ["192.168.1.91", "fe80::1%eth0", "::1"]))
    anybody = whozz_address("udp://:3520/*/1")
    assert (anybody.unit, str(anybody.udp)) == (None, "0.0.0.0:3520")
    assert anybody.udp.allows("fe80::1%eth0")


def test_ports_of_a_serial_box_with_several_lines() -> None:
    assert tci_address("/dev/ttyUSB0#02") == TciAddress("/dev/ttyUSB0", 2)
    assert tci_address("tcp://moxa:4001#12") == TciAddress("tcp://moxa:4001", 12)
    assert tci_address("usb:1a86:7523") == TciAddress("usb:1a86:7523", None)
    for wrong in ("/dev/ttyUSB0#", "/dev/ttyUSB0#0", "/dev/ttyUSB0#x", "COM1#1"):
        with pytest.raises(ValueError, match="must"):
            tci_address(wrong)
