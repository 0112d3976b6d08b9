"""Log lines: their shape, and that no patient is in them."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from twisted.logger import Logger
from twisted.python.failure import Failure

from twistd_plugin.logs import LogWriter, without_people


def logged(format_name: str, level: str = "info") -> tuple[Logger, io.StringIO]:
    stream = io.StringIO()
    return Logger(namespace="callcenter.test", observer=LogWriter(stream, format_name, level)), stream


def test_a_text_line_has_time_level_namespace_and_message() -> None:
    log, stream = logged("text")
    log.warn(  # noqa: G010 - twisted.logger's name
        "line {line} is lost: {reason}", line=2, reason="unplugged"
    )
    at, level, namespace, message = stream.getvalue().split(None, 3)
    assert (level, namespace, message) == ("warn", "callcenter.test", "line 2 is lost: unplugged\n")
    assert at.endswith("Z")
    assert len(at) == len("2026-03-01T08:00:00.000Z")


def test_a_json_line_is_one_object_with_the_event_fields() -> None:
    log, stream = logged("json")
    log.info("call {call_id} ended\non line {line}", call_id=17, line=2)
    (line,) = stream.getvalue().splitlines()
    entry = json.loads(line)
    assert entry["message"] == "call 17 ended\non line 2"
    assert (entry["level"], entry["namespace"], entry["call_id"], entry["line"]) == ("info", "callcenter.test", 17, 2)


def test_events_below_the_level_are_left_out() -> None:
    log, stream = logged("text", "warn")
    log.info("small talk")
    log.error("serious")
    assert "small talk" not in stream.getvalue()
    assert "serious" in stream.getvalue()


@pytest.mark.parametrize("format_name", ["text", "json"])
@pytest.mark.parametrize(
    ("message", "fields", "secret"),
    [
        ("call from 13800138000", {}, "13800138000"),
        ("call from +86 138 0013 8000 begins", {}, "0013"),
        ("landline 010-62345678", {}, "62345678"),
        ("landline (010) 62345678", {}, "62345678"),
        ("id 11010519491231002X", {}, "1949123"),
        ("a local number 6234567.", {}, "6234567"),
        ("from {caller}", {"caller": "张三"}, "张三"),
        ("from {number}", {"number": "10086"}, "10086"),
        ("no word of it", {"patient": "张三"}, "张三"),
        ("as integer", {"value": 13800138000}, "13800138000"),
        ("password {password}", {"password": "hunter2"}, "hunter2"),
        ("GET /api/v1/patients?q=zhangsan HTTP/1.1", {}, "zhangsan"),
    ],
)  # fmt: skip
def test_numbers_names_and_secrets_are_hidden(
    format_name: str, message: str, fields: dict[str, Any], secret: str
) -> None:
    log, stream = logged(format_name)
    log.info(message, **fields)
    assert stream.getvalue()
    assert secret not in stream.getvalue()


@pytest.mark.parametrize(
    "harmless",
    [
        "at 2026-11-24 08:48:05",
        "at 2026-11-24T08:48:05.123456Z",
        "port 65535",
        "127.0.0.1:8080",
        "version 26.10.0",
        "a daemon (process 4194303 on here, since 2026-11-24 08:48 UTC)",
    ],
)
def test_dates_ports_and_versions_stay_readable(harmless: str) -> None:
    assert without_people(harmless) == harmless


@pytest.mark.parametrize("format_name", ["text", "json"])
def test_the_parameters_of_a_failed_statement_are_not_logged(format_name: str) -> None:
    log, stream = logged(format_name)
    # Made at run time: the line of the source that failed is part of a traceback.
    name = chr(0x5F20) + chr(0x4E09)
    with create_engine("sqlite://").connect() as connection:
        try:
            connection.execute(text("select * from nowhere where name = :name"), {"name": name})
        except Exception:  # noqa: BLE001 - any failure will do
            log.failure("cannot look", failure=Failure())
    assert "no such table: nowhere" in stream.getvalue()
    assert "test_logs.py" in stream.getvalue()
    assert name not in stream.getvalue()


def test_a_stream_that_is_gone_is_survived() -> None:
    class Broken(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    Logger(observer=LogWriter(Broken())).info("nobody reads this")
