"""What is named as a port opens devices and no other file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hardware.device_files import require_device, require_device_in_time
from hardware.hid_devices import open_hid
from hardware.port_check import require_usable_port
from hardware.serial_port import open_device
from hardware.settings import LineSettings
from hardware.supervisor import PortError
from protocols.sayings import Said, Saying, words_of


def saying_of(error: BaseException) -> Saying:
    words = words_of(error)
    assert isinstance(words, Said)
    return words.saying


@pytest.fixture
def terminal() -> str:
    ours, theirs = os.openpty()
    yield os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


def test_devices_and_links_to_them_may_be_opened(terminal: str, tmp_path: Path) -> None:
    link = tmp_path / "modem"
    link.symlink_to(terminal)
    for path in (terminal, str(link)):
        require_device_in_time(path)
        open_device(path, 9600).close()


def test_no_other_file_is_opened(tmp_path: Path) -> None:
    secret, pipe, link = tmp_path / "secret", tmp_path / "pipe", tmp_path / "link"
    secret.write_text("secret")
    os.mkfifo(pipe)
    link.symlink_to(secret)
    for path in (secret, pipe, link, tmp_path):
        for attempt in (require_device, require_device_in_time, lambda one: open_device(one, 9600), open_hid):
            with pytest.raises(PortError) as caught:
                attempt(str(path))
            assert saying_of(caught.value) is Saying.NO_DEVICE


def test_only_below_dev_a_device_may_be_missing(tmp_path: Path) -> None:
    require_device_in_time("/dev/serial/by-id/usb-none-such")
    for path in (str(tmp_path / "none"), "/dev/../none-such", "/devices/none", "//none-such/ttyS0"):
        with pytest.raises(PortError) as caught:
            require_device_in_time(path)
        assert saying_of(caught.value) is Saying.NOT_THERE
    dangling = tmp_path / "unplugged"
    dangling.symlink_to("/dev/none-such")
    require_device_in_time(str(dangling))


@pytest.mark.parametrize(
    ("driver", "port", "refused"),
    [
        ("hayes", "/etc/passwd", True),
        ("tci", "/etc/passwd#02", True),
        ("tp_hid", "/etc/passwd", True),
        ("hayes", "/dev/none-such", False),
        ("hayes", "usb:0baf:0303", False),
        ("hayes", "tcp://moxa:4001", False),
        ("whozz", "udp://0.0.0.0:3520/*/01", False),
        ("ubox", "ws://127.0.0.1:8054/ws#1", False),
    ],
)
def test_the_port_of_a_line(driver: str, port: str, *, refused: bool) -> None:
    settings = LineSettings(name="x", driver=driver, port=port)
    if not refused:
        require_usable_port(settings)
        return
    with pytest.raises(PortError):
        require_usable_port(settings)
