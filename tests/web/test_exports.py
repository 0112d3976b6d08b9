"""Exported lists: complete, readable in a spreadsheet, and harmless there."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_twisted
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy.orm import Session
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.python.threadable import isInIOThread
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import SYSTEM
from protocols.signals import AbsentReason, Answered, CallerIdentified, Ended, Rang
from tests.peers.patience import PATIENCE
from tests.peers.site import Answer, RunningSite, pause
from tests.web.test_limits import wire
from web import exports
from web.exports import safe
from web.rendering import ReaderGoneError, SlowReaderWriter
from web.settings import SiteSettings
from web.site import HospitalSite

FORMULAS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =cmd|' /C calc'!A0",
    "＝1+1",
    '=HYPERLINK("x")',
)
NUMBERS = ("+8613800138000", "+861062345678", "+861062345678;ext=801", "-5", "-0.25")


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_could_be_a_formula_is_marked_as_text(text: str) -> None:
    assert safe(text) == f"'{text}"


@pytest.mark.parametrize("text", [*NUMBERS, "张三", "10086", "138****8000", "a=b", ""])
def test_everything_else_stays_as_it_is(text: str) -> None:
    assert safe(text) == text


@given(st.text())
def test_no_cell_begins_with_a_formula_sign_unless_it_is_a_number(text: str) -> None:
    cell = str(safe(text))
    if cell.lstrip()[:1] in ("=", "@", "+", "-") and cell:
        assert set(cell[1:]) <= set("0123456789.;ext=")
    assert "\x00" not in cell


def rows_of(answer: Answer) -> list[list[str]]:
    """The cells of the file as texts."""
    if answer.header("Content-Type").startswith("text/csv"):
        assert answer.body.startswith(b"\xef\xbb\xbf")
        return list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"), newline="")))
    sheet = load_workbook(io.BytesIO(answer.body), read_only=True).active
    assert sheet is not None
    return [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest_twisted.ensureDeferred
async def test_exported_people_do_no_harm(site: RunningSite, form: str) -> None:
    admin = await site.signed_in("admin")
    for text in FORMULAS:
        await admin.post("/api/v1/patients", {"name": text.strip(), "phones": [{"number": "13912345678"}]})
    answer = await admin.get(f"/api/v1/patients/export?format={form}&lang=en")
    assert answer.status == 200, answer.text
    assert answer.header("Content-Disposition").startswith("attachment; filename*=UTF-8''patients-")
    heading, *rows = rows_of(answer)
    assert len(heading) == len(rows[0])
    names = {row[heading.index("Full name")] for row in rows}
    assert "张三" in names
    assert "'=1+1" in names
    assert not any(name.startswith(("=", "+", "-", "@")) for name in names)
    assert any("+8613912345678" in cell for row in rows for cell in row)
    if form == "xlsx":
        book = load_workbook(io.BytesIO(answer.body))
        assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)


@pytest_twisted.ensureDeferred
async def test_calls_are_exported_in_the_readers_language_and_time(site: RunningSite) -> None:
    supervisor = await site.signed_in("supervisor")
    await site.hear(Rang(), CallerIdentified("13800138000", "=evil"), Ended(by_far_end=True))
    for locale, words in (("zh_CN", ("呼入", "结束")), ("en", ("Incoming", "Ended"))):
        answer = await supervisor.get(f"/api/v1/calls/export?format=csv&lang={locale}")
        _heading, *rows = rows_of(answer)
        assert len(rows) == 1
        assert "+8613800138000" in rows[0]
        assert any(word in cell for word in words for cell in rows[0]), rows
    answer = await supervisor.get("/api/v1/calls/export?format=csv&direction=out")
    assert len(rows_of(answer)) == 1
    entries = await (await site.signed_in("admin")).get("/api/v1/audit?action=export")
    assert len(entries.json["items"]) == 3


@pytest_twisted.ensureDeferred
async def test_an_exported_call_has_words_and_no_codes(site: RunningSite) -> None:
    agent, supervisor = await site.signed_in("agent"), await site.signed_in("supervisor")
    await site.hear(Rang(), CallerIdentified("", absent=AbsentReason.PRIVATE))
    call = (await supervisor.get("/api/v1/calls")).json["items"][0]["id"]
    assert (await agent.post(f"/api/v1/calls/{call}/answer")).status == 200
    await site.hear(Answered(), Ended(by_far_end=True))
    wrapped = await agent.post(f"/api/v1/calls/{call}/wrap-up", {"outcome": "busy", "finish": True})
    assert wrapped.status == 200, wrapped.text
    # What was chosen keeps its words when it cannot be chosen any more.
    assert (await supervisor.post("/api/v1/outcomes/all/busy/disable", {})).status == 200
    shown = {
        "en": {
            "Direction": "Incoming", "Phone number": "Number withheld", "State": "Ended", "Outcome": "Busy",
            "How it ended": "The other side hung up", "Certainty of the answer": "certain", "Wrap-up": "Completed",
            "Missed": "no",
        },
        "zh_CN": {
            "方向": "呼入", "电话号码": "号码被隐藏", "状态": "已结束", "处理结果": "占线", "结束方式": "对方挂断",
            "接听判定": "确定", "话后处理": "已记录", "未接来电": "否",
        },
    }  # fmt: skip
    for locale, expected in shown.items():
        heading, row = rows_of(await supervisor.get(f"/api/v1/calls/export?format=csv&lang={locale}"))
        cells = dict(zip(heading, row, strict=True))
        assert {name: cells.get(name) for name in expected} == expected


@pytest_twisted.ensureDeferred
async def test_whoever_may_not_see_numbers_exports_masks(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    body = {"name": "exporter", "grants": {"patients.view": "all", "patients.export": "all"}}
    role = await admin.post("/api/v1/roles", body)
    assert role.status == 201, role.text
    users = {one["username"]: one for one in (await admin.get("/api/v1/users")).json["items"]}
    clerk = users["clerk"]
    answer = await admin.ask(
        "PATCH", f"/api/v1/users/{clerk['id']}", {"role_ids": [role.json["id"]], "version": clerk["version"]}
    )
    assert answer.status == 200, answer.text
    browser = await site.signed_in("clerk")
    text = (await browser.get("/api/v1/patients/export?format=csv")).text
    assert "13800138000" not in text
    assert "138****8000" in text


@pytest_twisted.ensureDeferred
async def test_a_refused_export_is_an_answer_and_no_broken_file(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    for address in (
        "patients/export?sort=nothing",
        "patients/export?format=pdf",
        "users/export?colour=red",
        "calls/export?state=x",
    ):
        answer = await admin.get(f"/api/v1/{address}")
        assert (answer.status, answer.json["code"]) == (422, "invalid"), address


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest_twisted.ensureDeferred
async def test_cells_are_made_on_another_thread_than_that_of_calls(
    site: RunningSite, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    admin = await site.signed_in("admin")
    here: list[bool] = []

    def watched(value: Any) -> Any:
        here.append(isInIOThread())
        return safe(value)

    monkeypatch.setattr(exports, "safe", watched)
    assert (await admin.get(f"/api/v1/patients/export?format={form}")).status == 200
    # Those of the head are few.
    assert here.count(False) > here.count(True)
    assert not any(here[-20:])


def long_entries(session: Session) -> None:
    entry = {"name": "a long entry " + "x" * 20_000}
    for number in range(3000):
        record_audit(session, SYSTEM, "edit", "department", number, None, entry, datetime.now(UTC))


@pytest_twisted.ensureDeferred
async def test_a_reader_that_takes_nothing_any_more_is_cut_off() -> None:
    ended: Deferred[str] = Deferred()

    class Endless(Resource):
        isLeaf = True  # noqa: N815 - Twisted's name

        def render_GET(self, request: Any) -> int:
            Deferred.fromCoroutine(self.produce(SlowReaderWriter(request, 0.2)))
            return NOT_DONE_YET

        async def produce(self, writer: SlowReaderWriter) -> None:
            try:
                while True:
                    await writer.write(b"x" * 65536)
            except ReaderGoneError:
                ended.callback("gone")

    port = reactor.listenTCP(0, HospitalSite(Endless(), SiteSettings(), reactor), interface="127.0.0.1")
    client = await connectProtocol(TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port), Protocol())
    client.transport.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    client.transport.pauseProducing()
    assert await ended.addTimeout(PATIENCE, reactor) == "gone"
    client.transport.abortConnection()
    await port.stopListening()


@pytest_twisted.ensureDeferred
async def test_a_reader_that_stops_does_not_make_the_server_hoard(
    site: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An export waits for its reader: pages of the list are read only as fast as they are taken."""
    admin = await site.signed_in("admin")
    await site.database.run(long_entries)
    log, asked = site.services.audit, []
    page = log._page

    async def counted(*arguments: Any) -> Any:
        asked.append(arguments)
        return await page(*arguments)

    monkeypatch.setattr(log, "_page", counted)
    connection = await wire(site)
    connection.transport.pauseProducing()
    cookie = f"Cookie: huifang_session={admin.cookies['huifang_session']}\r\n".encode()
    start = b"GET /api/v1/audit/export?format=csv HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    connection.transport.write(start + cookie + b"\r\n")
    before = -1
    # However busy the machine: until no further page was asked for in a second.
    for _ in range(60):
        if asked and len(asked) == before:
            break
        before = len(asked)
        await pause(1)
    assert 0 < before < 6
    connection.transport.resumeProducing()
    await connection.closed.addTimeout(PATIENCE, reactor)
    assert connection.data.count(b"a long entry") == 3000
    assert len(asked) >= 6
