"""One field of a declared record. How each kind of value is read, shown and described stands in ``values``."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

LARGEST_NUMBER = 2**31 - 1


class Kind(enum.StrEnum):
    """What a field holds; forms, validation and schemas follow from it."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    CHOICE = "choice"
    FLAG = "flag"
    DATE = "date"
    MOMENT = "moment"
    NUMBER = "number"
    REFERENCE = "reference"
    REFERENCES = "references"
    PHONES = "phones"
    PASSWORD = "password"  # noqa: S105 - the name of a kind
    GRANTS = "grants"


@dataclass(frozen=True)
class Reference:
    """Where the ids of a field point: the resource's name, its model and the column that names a record of it."""

    resource: str
    model: type[Any]
    title: str = "name"


@dataclass(frozen=True)
class Field:
    """``label`` and ``help`` are English msgids, as are the second parts of ``choices``.

    - ``stored`` is False for what lives in tables of its own: the resource's hooks read and write it.
    - ``fixed`` fields are set when the record is made, not changed afterwards; ``readonly`` ones never from outside.
    - ``unique`` values belong to one record only.
    - ``sensitive`` ones are masked for whoever may not see numbers.
    - ``needed_new`` values must come with a new record and may be left out afterwards; ``help_new`` is said on its form
      in place of ``help``.
    - ``placeholders`` may stand in the text: what is written between the braces, and the msgid by which it is shown.
    - ``without`` is what lists say where there is no value, a msgid: that it means something.
    - ``default`` is what the form of a new record begins with.
    - ``sortable`` is for columns of the row itself; records without a value come last. Long lists need an index.
    """

    name: str
    label: str
    kind: Kind = Kind.TEXT
    required: bool = False
    needed_new: bool = False
    max_length: int = 80
    minimum: int = 0
    maximum: int = LARGEST_NUMBER
    choices: tuple[tuple[str, str], ...] = ()
    reference: Reference | None = None
    in_list: bool = False
    searchable: bool = False
    sortable: bool = False
    filterable: bool = False
    stored: bool = True
    fixed: bool = False
    readonly: bool = False
    unique: bool = False
    sensitive: bool = False
    export: bool = True
    placeholders: tuple[tuple[str, str], ...] = ()
    without: str = ""
    default: Any = None
    help: str = ""
    help_new: str = ""

    @property
    def secret(self) -> bool:
        """Whether the value is taken and never shown."""
        return self.kind is Kind.PASSWORD

    @property
    def shown_as(self) -> str:
        """For ids: the name under which ids and names stand together: ``department_id`` → ``department``."""
        many = self.name.removesuffix("_ids") + "s" if self.name.endswith("_ids") else self.name
        return many.removesuffix("_id")
