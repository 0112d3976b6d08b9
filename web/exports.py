"""Lists as CSV and XLSX files, written as they are read, safe to open in a spreadsheet.

A spreadsheet takes a text that begins with = + - @ for a formula, which can run programs and send data away. Such a
text gets a ' before it, which spreadsheets read as "this is text". Canonical phone numbers begin with + and stay as
they are.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from twisted.internet.threads import deferToThread

from callcenter.administration.disclosure import disclose
from web.exchange import Download, Exchange
from web.spreadsheets import RowsBook

Write = Callable[[bytes], Awaitable[None]]

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_PHONE = re.compile(r"\+[1-9][0-9]{4,14}(?:;ext=[0-9]{1,8})?\Z")
_NEGATIVE = re.compile(r"-[0-9]+(?:\.[0-9]+)?\Z")
# What XML 1.0 cannot hold; openpyxl refuses it, and it means nothing in CSV either.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_PIECE = 64 * 1024


@dataclass(frozen=True)
class Column:
    """A column of an export: what stands over it, and its value for a row."""

    label: str
    value: Callable[[Any], Any]
    width: int = 18


def safe(value: Any) -> str | int | float:
    """``value`` as a cell: numbers stay numbers, a text that could be a formula is marked as text."""
    if value is None:
        return ""
    if type(value) in (int, float):
        number: int | float = value
        return number
    text = _UNPRINTABLE.sub("", str(value))
    if not text.lstrip().startswith(_DANGEROUS) and not text.startswith(_DANGEROUS):
        return text
    return text if _PHONE.match(text) or _NEGATIVE.match(text) else f"'{text}"


async def download(
    exchange: Exchange,
    name: str,
    columns: Sequence[Column],
    rows: AsyncIterator[Sequence[Any]],
    form: Literal["csv", "xlsx"],
    *,
    disclosed: bool = False,
) -> Download:
    """The answer that sends ``rows``. The first of them is read before, so that a refusal is still an answer.

    Numbers are masked for whoever may not see them, unless the service did so already (``disclosed``).
    """
    principal = exchange.principal

    def shown(chunk: Sequence[Any]) -> list[list[Any]]:
        return [_cells(columns, row if disclosed else disclose(row, principal)) for row in chunk]

    try:
        first: Sequence[Any] = await anext(rows)
    except StopAsyncIteration:
        first = ()

    async def all_rows() -> AsyncIterator[list[list[Any]]]:
        # Some hundred rows at a time would keep everybody else waiting for a tenth of a second.
        yield await deferToThread(shown, first)
        async for chunk in rows:
            yield await deferToThread(shown, chunk)

    labels = [safe(column.label) for column in columns]
    widths = [column.width for column in columns]

    async def produce(write: Write) -> None:
        if form == "csv":
            await _write_csv(write, labels, all_rows())
        else:
            await _write_xlsx(write, labels, widths, all_rows())

    day = datetime.now(exchange.settings.time_zone).strftime("%Y-%m-%d")
    return Download(f"{name}-{day}.{form}", CSV_TYPE if form == "csv" else XLSX_TYPE, produce)


def _cells(columns: Sequence[Column], row: Any) -> list[Any]:
    return [safe(column.value(row)) for column in columns]


async def _write_csv(write: Write, labels: Sequence[Any], rows: AsyncIterator[list[list[Any]]]) -> None:
    # The mark at the beginning tells Excel that this is UTF-8.
    await write("\ufeff".encode() + _csv_lines([labels]))
    async for chunk in rows:
        if chunk:
            await write(await deferToThread(_csv_lines, chunk))


def _csv_lines(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8")


async def _write_xlsx(
    write: Write, labels: Sequence[Any], widths: Sequence[int], rows: AsyncIterator[list[list[Any]]]
) -> None:
    book = await deferToThread(RowsBook, labels, widths)
    try:
        async for chunk in rows:
            await deferToThread(book.append, chunk)
            # Nothing can be sent yet, but whoever has gone is not worked for any longer.
            await write(b"")
        file = await deferToThread(book.finish)
    except BaseException:
        await deferToThread(book.discard)
        raise
    try:
        while piece := await deferToThread(file.read, _PIECE):
            await write(piece)
    finally:
        await deferToThread(file.close)
