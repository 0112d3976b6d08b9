"""Finding numbers for those who are shown masks: by what a mask shows, or by the whole number; by nothing in between.

Otherwise the hidden digits could be found out by asking for one after the other.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_
from sqlalchemy.sql.elements import SQLCoreOperations

from callcenter.administration.principal import Principal
from callcenter.numbers import normalise

_VISIBLE_DIGITS = 4


def whole_or_tail(number: SQLCoreOperations[str], digits: str, area_code: str = "") -> ColumnElement[bool]:
    """Whether the column ``number`` is ``digits``, written in any way, or ends with them where a mask shows as many."""
    matches = number.in_({normalise(digits, area_code).number, digits} - {""})
    return matches if len(digits) > _VISIBLE_DIGITS else or_(matches, number.endswith(digits, autoescape=True))


def by_digits(
    principal: Principal, number: SQLCoreOperations[str], digits: str, usual: ColumnElement[bool]
) -> ColumnElement[bool]:
    """``usual`` for whoever sees numbers, else ``whole_or_tail``."""
    return usual if principal.sees_numbers else whole_or_tail(number, digits)
