"""The configuration file: what it gives, and what its errors say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from callcenter.alarms.kinds import AlarmKind
from callcenter.config import Configuration, ConfigurationError, load, parse
from hardware.settings import DriverName

FILE = Path("/etc/huifang/callcenter.toml")


def read(text: str, environment: Mapping[str, str] | None = None) -> Configuration:
    return parse(text, FILE, environment or {})


def problems(text: str, environment: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read(text, environment)
    return str(caught.value).splitlines()


def test_an_empty_file_is_a_working_configuration() -> None:
    settings = read("").settings
    assert settings.database_url == "sqlite:////etc/huifang/var/huifang.db"
    assert settings.trace_folder == Path("/etc/huifang/var/traces")
    assert settings.web.port == 8080
    assert str(settings.web.interface) == "127.0.0.1"
    assert settings.lines == ()


def test_a_line_needs_name_driver_and_port_only() -> None:
    settings = read('[[lines]]\nname = "1"\ndriver = "hayes"\nport = "/dev/ttyACM0"\nprofile = "auto"\n').settings
    (line,) = settings.lines
    assert (line.name, line.driver, line.port, line.profile) == ("1", DriverName.HAYES, "/dev/ttyACM0", "auto")


def test_relative_paths_count_from_the_file_and_the_database_from_the_data_folder() -> None:
    settings = read('[var]\nfolder = "data"\n[database]\npath = "calls.db"\n').settings
    assert settings.var.folder == Path("/etc/huifang/data")
    assert settings.database_url == "sqlite:////etc/huifang/data/calls.db"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[web]\nport = 99999\n", f"{FILE}:2: web.port: 99999 is not allowed: should be less than or equal to 65535."),
        ('[web]\nport = "http"\n', f'{FILE}:2: web.port: "http" is not allowed: should be a valid integer'),
        ("[web]\n\nprot = 1\n", f'{FILE}:3: web.prot: is not a setting; did you mean "port"? Allowed here: interface,'),
        ("[webb]\n", f'{FILE}:1: webb: is not a setting; did you mean "web"? Allowed here: alarm_texts,'),
        ('[hospital]\ntime_zone = "Mars/Base"\n', f'{FILE}:2: hospital.time_zone: "Mars/Base" is not a known time'),
        ('[hospital]\nlanguage = "de"\n', f'{FILE}:2: hospital.language: "de" is not allowed; must be'),
        ('[hospital]\narea_code = "571"\n', f'{FILE}:2: hospital.area_code: "571" is not allowed'),
        ('[web]\npublic_url = "calls.example.org"\n', f'{FILE}:2: web.public_url: "calls.example.org" must be http://'),
        ('[web]\ninterface = "localhost"\n', f'{FILE}:2: web.interface: "localhost" is not allowed'),
        ('[web]\ntrusted_proxies = ["10.0.0.1", "x"]\n', f'{FILE}:2: web.trusted_proxies[2]: "x" is not allowed'),
        ("[web]\nsockets_per_user = 0\n", f"{FILE}:2: web.sockets_per_user: 0 is not allowed: should be greater"),
        ("[web]\nsession_idle_hours = 200\n", f"{FILE}:2: web.session_idle_hours: 200 is not allowed: should be less"),
        ("[web.sign_in]\nfree_failures = 1\n", f"{FILE}:2: web.sign_in.free_failures: 1 is not allowed: should be "),
        ("[web.sign_in]\nfirst_pause_seconds = 300\nlongest_pause_minutes = 2\n",
         f"{FILE}:1: web.sign_in: has a first_pause_seconds that is longer than longest_pause_minutes"),
        ("[telephony.targets]\nservice_level = 80\n", f"{FILE}:2: telephony.targets.service_level: 80 is not allowed"),
        ('[web.tls]\ncertificate = "none.pem"\nkey = "k"\n', f'{FILE}:2: web.tls.certificate: "none.pem" the file'),
        ('lines = "one"\n', f'{FILE}:1: lines: "one" is not allowed'),
        ("[web\n", f"{FILE}: is not TOML: Expected ']' at the end of a table declaration (at line 1, column 5)"),
    ],
)  # fmt: skip
def test_an_error_names_file_line_key_and_what_is_allowed(text: str, expected: str) -> None:
    assert problems(text)[0].startswith(expected)


def test_a_wrong_driver_is_answered_with_the_drivers_there_are() -> None:
    (problem,) = problems('[[lines]]\nname = "1"\nport = "/dev/ttyS0"\ndriver = "hays"\n')
    assert problem.startswith(f"{FILE}:4: lines[1].driver: \"hays\" is not allowed; must be 'hayes', 'fsk'")
    assert 'did you mean "hayes"?' in problem


PBX = '[[asterisk]]\nname = "main"\nhost = "10.0.0.5"\nusername = "huifang"\nsecret = { env = "AMI" }\n'
AMI = {"AMI": "pass-1"}


def pbx_line(name: str, port: str, more: str = "") -> str:
    return f'[[lines]]\nname = "{name}"\ndriver = "asterisk"\nport = "{port}"\n{more}'


def test_a_pbx_and_its_lines() -> None:
    settings = read(PBX + pbx_line("8001", "main/PJSIP/8001") + pbx_line("telecom 2", "main/DAHDI/i1#2"), AMI).settings
    (pbx,) = settings.asterisk
    assert (pbx.host, pbx.port, pbx.tls, pbx.context, pbx.telephone_rings) == (
        "10.0.0.5", None, False, "from-internal", 30,
    )  # fmt: skip
    assert pbx.secret.get_secret_value() == "pass-1"
    assert "pass-1" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PBX + 'name = "b"\n', f"{FILE}: is not TOML"),
        (PBX + PBX, f'{FILE}:7: asterisk[2].name: "main" is taken by the 1. [[asterisk]] section'),
        (pbx_line("1", "main/PJSIP/1"), f'{FILE}:4: lines[1].port: there is no [[asterisk]] named "main". Known: none'),
        (
            PBX + pbx_line("1", "main/A/1") + pbx_line("2", "main/A/1#1"),
            f'{FILE}:13: lines[2].port: "main/A/1#1" is the same as that of line 1 of the file',
        ),
        (
            PBX + pbx_line("1", "main/A/1", "trunk = true\n") + pbx_line("2", "main/A/1#2", "trunk = false\n"),
            f"{FILE}:15: lines[2].trunk: must be as in line 1 of the file, which has the same endpoint",
        ),
        (PBX + 'context = "a b"\n', f'{FILE}:6: asterisk[1].context: "a b" must be the name of a dialplan context'),
        (PBX.replace("10.0.0.5", "a/b"), f'{FILE}:3: asterisk[1].host: "a/b" is not allowed'),
        (PBX + "plain_login = true\n", f"{FILE}:1: asterisk[1]: has plain_login without tls"),
        (PBX + 'authorities = "none.pem"\n', f'{FILE}:6: asterisk[1].authorities: "none.pem" the file'),
        (PBX.replace('{ env = "AMI" }', '"a\\nb"'), f"{FILE}:5: asterisk[1].secret: must be one line"),
        (PBX.replace('{ env = "AMI" }', '{ env = "X" }'), f"{FILE}:5: asterisk[1].secret: the environment variable X"),
        (PBX.replace('"huifang"', '"a\\u0007b"'), f"{FILE}:4: asterisk[1].username: "),
    ],
)
def test_what_can_be_wrong_with_a_pbx(text: str, expected: str) -> None:
    (problem,) = problems(text, AMI)
    assert problem.startswith(expected)
    assert "pass-1" not in problem


def test_every_mistake_is_listed_at_once() -> None:
    found = problems('[web]\nport = -1\n[[lines]]\nname = "1"\ndriver = "hayes"\nport = "COM1"\nprofile = "best"\n')
    assert [line.split(": ")[:2] for line in found] == [
        [f"{FILE}:2", "web.port"],
        [f"{FILE}:6", "lines[1].port"],
        [f"{FILE}:7", "lines[1].profile"],
    ]


def test_a_missing_key_is_reported_at_its_section() -> None:
    assert problems('\n[[lines]]\nname = "1"\ndriver = "hayes"\n')[0].startswith(f"{FILE}:2: lines[1].port: is missing")


def test_two_lines_of_one_name_or_port_are_refused() -> None:
    line = '[[lines]]\nname = "{}"\ndriver = "hayes"\nport = "/dev/{}"\n'
    assert problems(line.format("a", 1) + line.format("a", 2)) == [
        f'{FILE}:6: lines[2].name: "a" is taken by line 1 of the file'
    ]
    assert problems(line.format("a", 1) + line.format("b", 1)) == [
        f'{FILE}:8: lines[2].port: "/dev/1" is taken by line 1 of the file'
    ]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:secret@db/huifang", "postgresql+psycopg://u:secret@db/huifang"),
        ("postgresql+psycopg://u:secret@db/huifang", "postgresql+psycopg://u:secret@db/huifang"),
        ("oracle://u:secret@db/?service_name=HIS", "oracle+oracledb://u:secret@db/?service_name=HIS"),
    ],
)
def test_a_database_url_may_come_from_the_environment(url: str, expected: str) -> None:
    settings = read('[database]\nurl = { env = "DATABASE_URL" }\n', {"DATABASE_URL": url}).settings
    assert settings.database_url == expected
    assert "secret" not in repr(settings)


def test_an_unset_variable_is_named() -> None:
    (problem,) = problems('[database]\nurl = { env = "DATABASE_URL" }\n')
    assert problem.startswith(f"{FILE}:2: database.url: the environment variable DATABASE_URL is not set")


@pytest.mark.parametrize("text", ['[database]\nurl = "mysql://u:pass-1@db/x"\n', '[database]\nurl = ["pass-1"]\n'])
def test_an_error_never_shows_a_secret(text: str) -> None:
    (problem,) = problems(text)
    assert problem.startswith(f"{FILE}:2: database.url: ")
    assert "pass-1" not in problem


def test_path_and_url_exclude_each_other() -> None:
    (problem,) = problems('[database]\npath = "a"\nurl = "sqlite:///b"\n')
    assert problem.startswith(f"{FILE}:1: database: has both path and url; keep one")


def test_a_secret_from_a_file_is_read_beside_the_configuration(tmp_path: Path) -> None:
    secret = tmp_path / "database.secret"
    secret.write_text("postgresql://u:p@db/x\n")
    secret.chmod(0o600)
    file = tmp_path / "callcenter.toml"
    file.write_text('[database]\nurl = { file = "database.secret" }\n')
    configuration = load(file)
    assert configuration.settings.database_url == "postgresql+psycopg://u:p@db/x"
    assert configuration.warnings == ()


def test_a_secret_file_that_others_can_read_is_warned_of(tmp_path: Path) -> None:
    secret = tmp_path / "database.secret"
    secret.write_text("postgresql://u:p@db/x\n")
    secret.chmod(0o644)
    file = tmp_path / "callcenter.toml"
    file.write_text('[database]\nurl = { file = "database.secret" }\n')
    assert load(file).warnings == (f"{secret} can be read by other users; run: chmod 600 {secret}",)


def test_a_missing_or_empty_secret_file_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "callcenter.toml"
    file.write_text('[database]\nurl = { file = "absent" }\n')
    with pytest.raises(ConfigurationError, match="absent cannot be read: No such file"):
        load(file)
    (tmp_path / "absent").write_text(" \n")
    with pytest.raises(ConfigurationError, match="absent is empty"):
        load(file)


def test_a_missing_file_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.toml: cannot be read: No such file"):
        load(tmp_path / "none.toml")


HOOK = '[[webhooks]]\nname = "duty"\nurl = "{url}"\nsecret = "0123456789abcdef"\n{more}'


def test_a_webhook_is_https_unless_it_is_inside() -> None:
    (hook,) = read(HOOK.format(url="https://example.org/hook?key=1", more="")).settings.webhooks
    assert hook.url.get_secret_value() == "https://example.org/hook?key=1"
    assert hook.wanted_kinds == tuple(AlarmKind)
    inside = HOOK.format(url="http://10.0.0.7:8000/x", more='private_addresses = true\nkinds = ["line_lost"]\n')
    assert read(inside).settings.webhooks[0].wanted_kinds == ("line_lost",)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://",
        "https://user:word@example.org/",
        "https://example.org:99999/",
        "https://example.org/#part",
        "https://example.org/a b",
        "https://例子.cn/",
        "https://example.org/" + "x" * 500,
    ],
)
def test_an_address_of_a_webhook_that_cannot_be_is_refused_without_being_shown(url: str) -> None:
    (problem,) = problems(HOOK.format(url=url, more=""))
    assert "webhooks" in problem
    assert "example.org" not in problem


def test_a_webhook_needs_a_long_secret_and_a_name_of_its_own() -> None:
    (problem,) = problems(HOOK.format(url="https://example.org", more="").replace("0123456789abcdef", "short"))
    assert "16 to 256" in problem
    assert "short" not in problem
    twice = HOOK.format(url="https://example.org", more="") * 2
    assert problems(twice) == [f'{FILE}:6: webhooks[2].name: "duty" is taken by webhook 1 of the file']


TEXTS = '[[alarm_texts]]\nname = "{name}"\nnumbers = {numbers}\n'


def test_who_is_told_by_sms_has_mobile_numbers_and_a_name_of_their_own() -> None:
    three = TEXTS.format(name="engineers", numbers='["138 0013-8000", "+86 13800138000", "+852 9123 4567"]')
    (texts,) = read(three).settings.alarm_texts
    assert texts.numbers == ("+8613800138000", "+85291234567")
    assert texts.wanted_kinds == tuple(AlarmKind)
    for numbers in ('["010-62345678"]', '["10086"]', '["8001"]', '["duty"]', '[""]'):
        (problem,) = problems(TEXTS.format(name="engineers", numbers=numbers))
        assert "must be mobile numbers" in problem
    for numbers in ("[]", str([f"138001380{place:02}" for place in range(11)])):
        (problem,) = problems(TEXTS.format(name="engineers", numbers=numbers))
        assert "numbers" in problem
    mobile = TEXTS.format(name="duty", numbers='["13800138000"]')
    (problem,) = problems(mobile * 2)
    assert problem.endswith('alarm_texts[2].name: "duty" is taken by alarm_texts 1 of the file')
    (problem,) = problems(HOOK.format(url="https://example.org", more="") + mobile)
    assert problem.endswith('alarm_texts[1].name: "duty" is taken by a webhook of the file')
