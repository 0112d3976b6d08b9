"""HTTP that is too much, too slow, too deep or goes where it should not: said over a plain socket, byte by byte."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

import pytest
import pytest_twisted
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol

from callcenter.errors import InvalidError
from tests.peers.site import RunningSite, pause, start_site
from web.errors import MalformedError
from web.parsing import Input, check, form_fields, nesting
from web.settings import SiteSettings


class Wire(Protocol):
    """Keeps what comes; ``closed`` fires when the other side is gone."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.closed: Deferred[None] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self.data += data

    def connectionLost(self, reason: object = None) -> None:
        self.closed.callback(None)


async def wire(site: RunningSite) -> Wire:
    made: Wire = await connectProtocol(TCP4ClientEndpoint(reactor, "127.0.0.1", site.number), Wire())
    return made


async def say(site: RunningSite, *pieces: bytes) -> bytes:
    """Send ``pieces`` and read until the server closes."""
    connection = await wire(site)
    for piece in pieces:
        connection.transport.write(piece)
        await pause(0.01)
    await connection.closed
    return bytes(connection.data)


HEAD = b"Host: 127.0.0.1\r\nConnection: close\r\n"
SIGN_IN = b"POST /api/v1/session HTTP/1.1\r\n" + HEAD + b"Content-Type: application/json\r\n"
NO_JSON = (b"[" * 100_000, b'{"a":' * 50 + b"1" + b"}" * 50, b"{", b"nope", b'{"name": NaN}', b"\xff\xfe", b'"\\ud800')
NO_RECORD = ([], "text", 5, None, [[]], {"name": {"a": 1}}, {"name": ["x"]}, {"name": True}, {"name": "x", "id": 5})
HOSTS = (b"", b"a b", b"evil/path", b"a\x00b", b"x" * 300, b"user@host", b"[::1", b"a:99999999", "医院".encode(), b"..")
LEADING_OUT = (
    "/static/../web/site.py",
    "/static/..%2fsite.py",
    "/static/%2e%2e/%2e%2e/pyproject.toml",
    "/static//etc/passwd",
    "/static/..%5c..%5cpyproject.toml",
    "/static/css/../../site.py",
    "/static/js/%00",
    "/static/",
    "/static",
    "/static/.hidden",
    "/static/css",
    "/static/css/app.css/",
    "/static/v-000000000000/css/app.css",
    "/catalogues/../zh_CN.js",
    "/catalogues/de.js",
    "//etc/passwd",
    "/%2e%2e/etc/passwd",
    "/healthz/../../etc/passwd",
    "/%ff%fe",
    "/a%0d%0aSet-Cookie:x",
)
JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@pytest_twisted.ensureDeferred
async def test_a_body_that_is_too_large_is_told_so(site: RunningSite) -> None:
    browser = await site.signed_in("admin")
    large = json.dumps({"name": "x" * 300_000}).encode()
    answer = await browser.post("/api/v1/departments", raw=large, headers={"Content-Type": "application/json"})
    assert (answer.status, answer.json["code"]) == (413, "too-large")
    chunk = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
    start = (
        b"POST /api/v1/session HTTP/1.1\r\n"
        + HEAD
        + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    assert b"413" in (await say(site, start, chunk * 40, b"0\r\n\r\n")).splitlines()[0]


@pytest_twisted.ensureDeferred
async def test_json_that_is_too_deep_or_none_at_all_is_refused(site: RunningSite) -> None:
    browser = await site.signed_in("admin")
    kind = {"Content-Type": "application/json"}
    for raw in (
        b"[" * 100_000,
        b'{"a":' * 50 + b"1" + b"}" * 50,
        b"{",
        b"nope",
        b'{"name": NaN}',
        b"\xff\xfe",
        b'"\\ud800',
        b'{"\\ud800": 1}',
        b'{"name": "x\\uDFFF"}',
    ):
        answer = await browser.post("/api/v1/departments", raw=raw, headers=kind)
        assert (answer.status, answer.json["code"]) == (400, "malformed"), raw[:20]
    for body in (
        [],
        "text",
        5,
        None,
        [[]],
        {"name": {"a": 1}},
        {"name": ["x"]},
        {"name": True},
        {"name": "x", "id": 5},
    ):
        answer = await browser.post("/api/v1/departments", raw=json.dumps(body).encode(), headers=kind)
        assert answer.status == 422, body
    whole = await browser.post("/api/v1/departments", raw=b'{"name": "\\ud83d\\ude00"}', headers=kind)
    assert whole.status == 201
    many = "&".join(f"f{number}=1" for number in range(2000))
    answer = await browser.post("/account/language", raw=many.encode(), headers={
        "Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
    assert answer.status == 400


@pytest_twisted.ensureDeferred
async def test_nul_in_an_address_is_no_failure_of_the_database(postgresql_url: str) -> None:
    site = await start_site(postgresql_url)
    try:
        admin = await site.signed_in("admin")
        for path in ("messages?reason=%00", "messages/export?reason=a%00b", "audit?action=%00", "calls?outcome=%00",
                     "call-tasks?kind=%00", "articles/found?q=%00", "patients?q=%00"):  # fmt: skip
            assert (await admin.get(f"/api/v1/{path}")).status in (200, 422), path
        assert (await admin.get("/api/v1/messages?%00=1")).status == 422
        for path in ("/messages?reason=%00", "/audit?action=%00", "/inbox?c=%00"):
            assert (await admin.get(path)).status in (200, 422), path
    finally:
        await site.stop()


@given(JSON_LIKE)
def test_nesting_counts_brackets_but_not_in_texts(data: object) -> None:
    def depth(value: object) -> int:
        match value:
            case list():
                return 1 + max(map(depth, value), default=0)
            case dict():
                return 1 + max(map(depth, value.values()), default=0)
            case _:
                return 0

    assert nesting(json.dumps(data)) == depth(data)


@given(st.text())
def test_any_text_is_a_form_or_malformed(text: str) -> None:
    try:
        fields = form_fields(text)
    except MalformedError:
        return
    assert all(type(value) in (str, list) for value in fields.values())


def test_what_was_typed_is_not_repeated_in_the_error() -> None:
    class Body(Input):
        number: int

    with pytest.raises(InvalidError) as refused:
        check(Body, {"number": "13800138000x", "more": "secret"})
    assert set(refused.value.fields) == {"number", "more"}
    assert "13800138000x" not in str(refused.value.fields)
    assert refused.value.__cause__ is None


@pytest_twisted.ensureDeferred
async def test_slow_requests_are_cut_however_steadily_they_drip(sqlite_url: str) -> None:
    site = await start_site(sqlite_url, SiteSettings(request_timeout=0.3))
    try:
        body = (
            b"POST /api/v1/session HTTP/1.1\r\n"
            + HEAD
            + b"Content-Type: application/json\r\nContent-Length: 500\r\n\r\n"
        )
        for start in (b"GET / HTTP/1.1\r\n", body, b"G"):
            connection = await wire(site)
            connection.transport.write(start)
            dripped = 0
            while not connection.closed.called and dripped < 100:
                connection.transport.write(b"x")
                dripped += 1
                await pause(0.02)
            assert dripped < 60
            await connection.closed
            assert b" 408 " in connection.data
    finally:
        await site.stop()


@pytest_twisted.ensureDeferred
async def test_a_silent_connection_is_closed(sqlite_url: str) -> None:
    site = await start_site(sqlite_url, SiteSettings(idle_timeout=0.2))
    try:
        connection = await wire(site)
        await connection.closed
        assert connection.data == b""
    finally:
        await site.stop()


@pytest_twisted.ensureDeferred
async def test_headers_have_a_limit(site: RunningSite) -> None:
    many = b"".join(b"X-%d: 1\r\n" % number for number in range(200))
    for piece in (b"X-Long: " + b"x" * 70_000 + b"\r\n", many, b"X" * 20_000):
        answer = await say(site, b"GET /healthz HTTP/1.1\r\n" + HEAD + piece + b"\r\n")
        assert b"200 OK" not in answer
    assert b"200 OK" in await say(site, b"GET /healthz HTTP/1.1\r\n" + HEAD + b"\r\n")


@pytest_twisted.ensureDeferred
async def test_a_host_that_is_none_is_refused(site: RunningSite) -> None:
    for host in HOSTS:
        answer = await say(site, b"GET /calls HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
        assert answer.split(b" ", 2)[1] == b"400", host


@pytest_twisted.ensureDeferred
async def test_two_hosts_or_none_are_refused(site: RunningSite) -> None:
    for hosts in (b"", b"Host: a\r\nHost: b\r\n"):
        answer = await say(site, b"GET /healthz HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n")
        assert b" 400 " in answer.splitlines()[0] + b" "


@pytest_twisted.ensureDeferred
async def test_pipelined_requests_are_answered_in_order_one_at_a_time(site: RunningSite) -> None:
    browser = await site.signed_in("admin")
    cookie = f"Host: 127.0.0.1\r\nCookie: huifang_session={browser.cookies['huifang_session']}\r\n\r\n".encode()
    asked = b"".join(b"GET /api/v1/patients/%d HTTP/1.1\r\n" % (number % 5 + 1) + cookie for number in range(50))
    answer = await say(site, asked + b"GET /healthz HTTP/1.1\r\n" + HEAD + b"\r\n")
    assert answer.count(b"HTTP/1.1 200 OK") == 51
    order = re.findall(rb'\{"id":(\d+),"record_number"', answer)
    assert order == [b"%d" % (number % 5 + 1) for number in range(50)]


@pytest_twisted.ensureDeferred
async def test_smuggling_is_refused(site: RunningSite) -> None:
    both = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    for more in (both, b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", b"Content-Length: +5\r\n\r\nhello"):
        answer = await say(site, b"POST /api/v1/session HTTP/1.1\r\n" + HEAD + more)
        assert b" 400 " in answer.splitlines()[0] + b" "


@pytest_twisted.ensureDeferred
async def test_no_path_leads_out(site: RunningSite) -> None:
    for path in LEADING_OUT:
        answer = await say(site, f"GET {path} HTTP/1.1\r\n".encode() + HEAD + b"\r\n")
        assert int(answer.split(b" ", 2)[1]) in (400, 404), path
        assert b"root:" not in answer
        assert b"import" not in answer
        assert b"\nSet-Cookie: x" not in answer


@pytest_twisted.ensureDeferred
async def test_whoever_leaves_while_we_work_stops_nothing(site: RunningSite) -> None:
    """A command goes on to its end when the browser is gone."""
    browser = await site.signed_in("admin")
    body = json.dumps({"name": "left behind"}).encode()
    head = (
        f"POST /api/v1/departments HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Cookie: huifang_session={browser.cookies['huifang_session']}\r\nX-CSRF-Token: {browser.csrf}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    connection = await wire(site)
    connection.transport.write(head.encode() + body)
    await pause(0)
    connection.transport.abortConnection()
    for _ in range(100):
        names = [one["name"] for one in (await browser.get("/api/v1/departments")).json["items"]]
        if "left behind" in names:
            break
        await pause(0.02)
    else:
        # Aborted before the request had left this machine: then nothing may be there, and nothing has failed.
        assert "left behind" not in names


@pytest_twisted.ensureDeferred
async def test_every_answer_has_the_security_headers(site: RunningSite) -> None:
    browser = site.browser()
    for path in (
        "/sign-in",
        "/api/v1/session",
        "/nowhere",
        "/healthz",
        "/static/css/app.css",
        "/static/none",
        "/readyz",
        "/users",
    ):
        answer = await browser.get(path)
        policy = answer.header("Content-Security-Policy")
        assert "script-src 'self'" in policy, path
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.header("X-Content-Type-Options") == "nosniff"
        assert answer.header("Referrer-Policy") == "same-origin"
        assert "Twisted" not in answer.header("Server")
        if not path.startswith("/static/css"):
            assert answer.header("Cache-Control") == "no-store"


@pytest_twisted.ensureDeferred
async def test_metrics_are_for_those_who_may_read_them(sqlite_url: str) -> None:
    site = await start_site(sqlite_url, SiteSettings(metrics_readers=frozenset({"10.0.0.9"})))
    try:
        browser = site.browser()
        assert (await browser.get("/metrics")).status == 403
        assert (await browser.get("/metrics", headers={"X-Forwarded-For": "10.0.0.9"})).status == 403
        assert (await browser.get("/readyz")).json == {"ready": True, "problems": []}
    finally:
        await site.stop()


class _Limited(Input):
    name: Annotated[str, Field(min_length=2, max_length=3)] = "abc"
    count: Annotated[int, Field(ge=1, le=5)] = 1
    many: Annotated[tuple[int, ...], Field(max_length=2)] = ()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": "a"}, "At least 2 characters."),
        ({"name": "secret"}, "At most 3 characters."),
        ({"count": 0}, "At least 1."),
        ({"count": 6}, "At most 5."),
        ({"many": [1, 2, 3]}, "At most 2 of them."),
    ],
)
def test_a_limit_is_told_and_what_was_typed_is_not_repeated(typed: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidError) as refused:
        check(_Limited, typed)
    assert list(refused.value.fields.values()) == [words]
