"""What all commands share: their error, their options, their tables."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

from twistd_plugin.options import DEFAULT_CONFIGURATION


class CommandError(Exception):
    """The command did not work; the message is a sentence for whoever typed it."""


def config_option(parser: argparse.ArgumentParser) -> None:
    """``--config FILE``."""
    parser.add_argument(
        "--config", type=Path, default=Path(DEFAULT_CONFIGURATION), metavar="FILE",
        help="configuration file (default: %(default)s)",
    )  # fmt: skip


def var_option(parser: argparse.ArgumentParser) -> None:
    """``--var DIR``."""
    parser.add_argument(
        "--var", type=Path, default=Path("var"), metavar="DIR", help="data folder of the demo (default: %(default)s)"
    )


def json_option(parser: argparse.ArgumentParser) -> None:
    """``--json``."""
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def say(text: str) -> None:
    """A result."""
    print(text, flush=True)


def remark(text: str) -> None:
    """Something beside the result."""
    print(text, file=sys.stderr, flush=True)


def say_json(value: Any) -> None:
    """A result for programs."""
    say(json.dumps(value, ensure_ascii=False, indent=2))


def table(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> str:
    """``rows`` in aligned columns below their names."""
    cells = [list(columns), *([row.get(column, "") for column in columns] for row in rows)]
    widths = [max(_width(line[index]) for line in cells) for index in range(len(columns))]
    return "\n".join("  ".join(_padded(cell, width) for cell, width in zip(line, widths, strict=True)).rstrip()
                     for line in cells)  # fmt: skip


def _width(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
