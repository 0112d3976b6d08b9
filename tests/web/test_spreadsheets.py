"""Workbooks on the disk: complete beyond what one sheet holds, flat in memory, nothing left behind."""

from __future__ import annotations

import secrets
import tempfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from openpyxl import load_workbook

from tests.peers.patience import until
from tests.peers.site import RunningSite
from tests.web.test_limits import wire
from web import spreadsheets
from web.spreadsheets import MOST_CHARACTERS, MOST_ROWS, RowsBook


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files go; at the end of a test there must be none."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def test_a_sheet_is_as_long_as_spreadsheets_can_read() -> None:
    assert MOST_ROWS == 2**20


@pytest.mark.parametrize("count", [0, 1, 3, 4, 7, 9])
def test_what_does_not_fit_on_a_sheet_stands_on_the_next(scratch: Path, count: int) -> None:
    book = RowsBook(["Number", "Text"], [8, 20], most_rows=4)
    rows = [[number, f"row {number}"] for number in range(count)]
    book.append(rows[:2])
    book.append(rows[2:])
    with book.finish() as file:
        read = load_workbook(file, read_only=True)
        sheets = [[list(row) for row in sheet.iter_rows(values_only=True)] for sheet in read.worksheets]
    assert [len(sheet) for sheet in sheets[:-1]] == [4] * (len(sheets) - 1)
    assert len(sheets) == max(1, -(-count // 3))
    assert all(sheet[0] == ["Number", "Text"] for sheet in sheets)
    assert [row for sheet in sheets for row in sheet[1:]] == rows


def test_many_rows_do_not_grow_in_memory(scratch: Path) -> None:
    text = [secrets.token_hex(2_000) for _ in range(200)]
    book = RowsBook(["Text"], [20])
    tracemalloc.start()
    try:
        for _ in range(20):
            book.append([[one] for one in text])
        with book.finish() as file:
            size = file.seek(0, 2)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 4_000_000
    assert peak < 1_500_000


def test_a_text_too_long_for_a_cell_says_that_it_goes_on(scratch: Path) -> None:
    book = RowsBook(["Text"], [20])
    book.append([["x" * MOST_CHARACTERS], ["y" * (MOST_CHARACTERS + 1)]])
    with book.finish() as file:
        sheet = load_workbook(file).active
    assert sheet is not None
    whole, cut = (row[0] for row in sheet.iter_rows(min_row=2, values_only=True))
    assert whole == "x" * MOST_CHARACTERS
    assert cut == "y" * (MOST_CHARACTERS - 1) + "…"


def test_what_is_given_up_leaves_no_file(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = RowsBook(["Text"], [20], most_rows=3)
    book.append([["a"]] * 7)
    assert list(scratch.iterdir())
    book.discard()
    book = RowsBook(["Text"], [20], most_rows=3)
    book.append([["a"]] * 7)

    def full(*_: Any) -> Any:
        raise OSError("no space left on device")

    monkeypatch.setattr(spreadsheets, "TemporaryFile", full)
    with pytest.raises(OSError, match="no space"):
        book.finish()
    book.discard()


@pytest_twisted.ensureDeferred
async def test_a_reader_who_leaves_ends_the_work(
    site: RunningSite, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await site.signed_in("admin")
    log, asked = site.services.audit, []
    page = log._page

    async def endless(principal: Any, permission: str, wanted: Any, limit: int, _: Any, sort: str) -> Any:
        found = await page(principal, permission, wanted, limit, None, sort)
        asked.append(found)
        return type(found)(found.items, "there is always more")

    monkeypatch.setattr(log, "_page", endless)
    connection = await wire(site)
    cookie = f"Cookie: huifang_session={admin.cookies['huifang_session']}\r\n"
    connection.transport.write(f"GET /api/v1/audit/export HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookie}\r\n".encode())
    await until(lambda: len(asked) > 3)
    connection.transport.abortConnection()
    await until(lambda: not len(site.web.application._tasks))
