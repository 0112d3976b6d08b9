"""Rows as an XLSX file on the disk, however many there are; nothing grows in memory.

All of it works on files and takes its time: only on threads, one call at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from tempfile import TemporaryFile
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

MOST_ROWS = 1_048_576
"""Rows that one sheet of a workbook can have, its heading among them."""

MOST_CHARACTERS = 32_767
"""What fits into one cell."""

CUT = "…"


class RowsBook:
    """A workbook that is written row by row. What does not fit on a sheet of ``most_rows`` stands on the next one.

    Every sheet has the heading. End it with ``finish`` or ``discard``, whatever happens between.
    """

    def __init__(self, labels: Sequence[Any], widths: Sequence[int], most_rows: int = MOST_ROWS) -> None:
        self._labels = labels
        self._widths = widths
        self._most_rows = most_rows
        self._book = Workbook(write_only=True)
        self._begin_sheet()

    def append(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows."""
        for row in rows:
            if self._rows == self._most_rows:
                self._sheet.close()
                self._begin_sheet()
            self._sheet.append([_fitting(cell) for cell in row])
            self._rows += 1

    def finish(self) -> IO[bytes]:
        """The file, to be read from its beginning and closed, which removes it."""
        file = TemporaryFile()  # noqa: SIM115 - it outlives this call
        try:
            self._book.save(file)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file

    def discard(self) -> None:
        """Remove what was written so far."""
        for sheet in self._book.worksheets:
            # A full disk may be why this is called: what cannot be closed is removed nevertheless.
            with suppress(Exception):
                sheet.close()
            # openpyxl itself removes the files of the sheets only after it has saved them into a book.
            with suppress(OSError, ValueError):
                sheet._writer.cleanup()  # type: ignore[attr-defined]  # noqa: SLF001

    def _begin_sheet(self) -> None:
        self._sheet = self._book.create_sheet(str(len(self._book.worksheets) + 1))
        self._sheet.freeze_panes = "A2"
        for index, width in enumerate(self._widths, start=1):
            self._sheet.column_dimensions[get_column_letter(index)].width = width
        self._sheet.append([self._heading(label) for label in self._labels])
        self._rows = 1

    def _heading(self, label: Any) -> Any:
        cell = WriteOnlyCell(self._sheet, value=label)
        cell.font = Font(bold=True)
        return cell


def _fitting(cell: Any) -> Any:
    """A text that is too long ends with a sign that says so; openpyxl would cut it without a word."""
    if type(cell) is str and len(cell) > MOST_CHARACTERS:
        return cell[: MOST_CHARACTERS - len(CUT)] + CUT
    return cell
