"""Finding numbers by their digits: one rule for every list that holds numbers.

Whoever sees numbers finds the digits anywhere in one; no index serves that, and none would serve the end of a number
either, while a whole mobile of home, which is what is mostly looked for, is found by the index of the column. Whoever
is shown masks finds by what a mask shows, or by the whole number, and by nothing in between: otherwise the hidden
digits could be found out by asking for one after the other.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.sql.elements import SQLCoreOperations

from callcenter.administration.principal import Principal
from callcenter.errors import InvalidError
from callcenter.number_plan import NumberKind, typed_digits
from callcenter.numbers import normalise
from callcenter.text import N_

_VISIBLE_DIGITS = 4
_MOST_DIGITS = 20
# An extension stands behind a number as ";ext=5"; the sign after ";" ends them all.
_EXTENSIONS, _BEHIND_EXTENSIONS = ";", "<"


def whole_or_tail(number: SQLCoreOperations[str], digits: str, area_code: str = "") -> ColumnElement[bool]:
    """Whether the column ``number`` is ``digits``, written in any way, or ends with them where a mask shows as many."""
    matches = number.in_({normalise(digits, area_code).number, digits} - {""})
    return matches if len(digits) > _VISIBLE_DIGITS else or_(matches, number.endswith(digits, autoescape=True))


def by_digits(principal: Principal, number: SQLCoreOperations[str], typed: str) -> ColumnElement[bool]:
    """Whether the column ``number`` has the digits that were ``typed``, as far as ``principal`` may know.

    Raises ``InvalidError`` naming the field ``number`` where none were typed.
    """
    digits = typed_digits(typed)[:_MOST_DIGITS]
    if not digits:
        message = N_("A number fragment has digits.")
        raise InvalidError(message, {"number": message})
    return _anywhere(number, digits) if principal.sees_numbers else whole_or_tail(number, digits)


def _anywhere(number: SQLCoreOperations[str], digits: str) -> ColumnElement[bool]:
    whole = normalise(digits)
    if whole.kind is NumberKind.MOBILE:
        extended = and_(number > whole.number + _EXTENSIONS, number < whole.number + _BEHIND_EXTENSIONS)
        return or_(number.in_({whole.number, digits}), extended)
    # Landlines are kept as +8610…; people search for 010….
    tail = digits[1:] if digits.startswith("0") and len(digits) > 2 else digits
    return or_(*(number.contains(part, autoescape=True) for part in dict.fromkeys((digits, tail))))
