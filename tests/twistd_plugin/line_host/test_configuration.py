"""linehost.toml: what it gives, and what its errors say."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.config_errors import ConfigurationError
from twistd_plugin.line_host.configuration import HostConfiguration, parse

FILE = Path("/etc/huifang/linehost.toml")
SERVER = '[server]\nurl = "wss://calls.example.org"\ntoken = "ward3.x"\n'
LINE = '[[lines]]\nname = "1"\ndriver = "hayes"\nport = "/dev/ttyACM0"\n'


def read(text: str) -> HostConfiguration:
    return parse(text, FILE, {"TOKEN": "ward3.secret"})


def problem(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    return str(caught.value).splitlines()[0]


def test_a_server_and_a_line_are_enough() -> None:
    settings = read(SERVER.replace('"ward3.x"', '{ env = "TOKEN" }') + LINE).settings
    assert settings.server.url == "wss://calls.example.org/line-host"
    assert settings.server.token.get_secret_value() == "ward3.secret"
    assert "secret" not in repr(settings)
    assert str(settings.memory) == "/etc/huifang/var/line-host.db"
    assert [line.name for line in settings.lines] == ["1"]


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("wss://calls.example.org:8443/", "wss://calls.example.org:8443/line-host"),
        ("wss://calls.example.org/call/line-host", "wss://calls.example.org/call/line-host"),
        ("ws://127.0.0.1:8080", "ws://127.0.0.1:8080/line-host"),
        ("ws://[::1]:8080", "ws://[::1]:8080/line-host"),
        ("ws://localhost", "ws://localhost/line-host"),
    ],
)
def test_addresses(url: str, taken: str) -> None:
    assert read(SERVER.replace("wss://calls.example.org", url) + LINE).settings.server.url == taken


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (LINE, f"{FILE}: server: is missing. The call center."),
        (SERVER, f"{FILE}: lines: is missing. One [[lines]] for each phone line, 1 to 64."),
        ("lines = []\n" + SERVER, f"{FILE}:1: lines: there must be 1 to 64 [[lines]]"),
        (
            SERVER.replace("wss:", "ws:") + LINE,
            f'{FILE}:2: server.url: "ws://calls.example.org" must begin with wss://',
        ),
        (SERVER.replace("wss:", "https:") + LINE, f'{FILE}:2: server.url: "https://calls.example.org" must be wss://'),
        (SERVER.replace(".org", ".org:x") + LINE, f'{FILE}:2: server.url: "wss://calls.example.org:x" is no address'),
        (SERVER.replace("//", "//a@") + LINE, f'{FILE}:2: server.url: "wss://a@calls.example.org" must be wss://'),
        (SERVER.replace('"ward3.x"', '"a\\nb"') + LINE, f"{FILE}:3: server.token: must be one word"),
        (SERVER + 'authorities = "none.pem"\n' + LINE, f'{FILE}:4: server.authorities: "none.pem" the file'),
        (SERVER + LINE + 'group = "x"\n', f'{FILE}:8: lines[1].group: "x" is set in the server\'s callcenter.toml'),
        (SERVER + LINE + LINE, f'{FILE}:9: lines[2].name: "1" is taken by line 1 of the file'),
        (SERVER + LINE.replace("hayes", "hays"), f'{FILE}:6: lines[1].driver: "hays" is not allowed; must be'),
        (
            SERVER + LINE.replace("hayes", "asterisk").replace("/dev/ttyACM0", "main/PJSIP/1"),
            f'{FILE}:6: lines[1].driver: "asterisk" is not for a line host: a PBX is reached from the server itself',
        ),
        (SERVER + LINE + "[web]\nport = 1\n", f"{FILE}:8: web: is not a setting; Allowed here: lines, logging, server"),
    ],
)
def test_an_error_names_file_line_key_and_what_is_allowed(text: str, expected: str) -> None:
    assert problem(text).startswith(expected)
