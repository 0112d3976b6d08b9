"""Which failures are worth running a whole function again, and how often."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError

T = TypeVar("T")

ATTEMPTS = 4
FIRST_PAUSE = 0.05
"""Seconds before the second attempt; each further pause is three times as long, less up to half of it by chance."""

# PostgreSQL manual, appendix A: serialization_failure, deadlock_detected, and the classes of a broken connection
# (08), a server that shuts down or starts (57P01-57P03).
_POSTGRESQL_STATES = ("40001", "40P01", "57P01", "57P02", "57P03")
# Oracle error messages: cannot serialize access, deadlock detected.
_ORACLE_CODES = (8177, 60)


def _postgresql(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        # The driver's own failure to reach the server carries no state.
        return isinstance(error, OperationalError)
    return state in _POSTGRESQL_STATES or str(state).startswith("08")


def _sqlite(error: DBAPIError) -> bool:
    # Another process held the file for longer than busy_timeout.
    return getattr(error.orig, "sqlite_errorname", "").startswith("SQLITE_BUSY")


def _oracle(error: DBAPIError) -> bool:
    details = error.orig.args[0] if error.orig is not None and error.orig.args else None
    return getattr(details, "code", None) in _ORACLE_CODES


_RULES: dict[str, Callable[[DBAPIError], bool]] = {"postgresql": _postgresql, "sqlite": _sqlite, "oracle": _oracle}


def worth_retrying(dialect: str, error: BaseException) -> bool:
    """Whether the transaction certainly did nothing and may succeed when run again."""
    return isinstance(error, DBAPIError) and (error.connection_invalidated or _RULES[dialect](error))


def connection_broken(dialect: str, error: BaseException) -> bool:
    """Whether the answer to what was sent last is missing, so that nobody knows if it was done."""
    if not isinstance(error, DBAPIError):
        return False
    has_state = getattr(error.orig, "sqlstate", None) is not None
    return error.connection_invalidated or (dialect == "postgresql" and not has_state)


def pauses() -> Iterator[float]:
    """The pauses between attempts, in seconds."""
    for attempt in range(ATTEMPTS - 1):
        yield FIRST_PAUSE * 3**attempt * random.uniform(0.5, 1)  # noqa: S311 - spreads attempts, no secret


def again_if_worthwhile(dialect: str, action: Callable[[], T]) -> T:
    """Do ``action`` until it succeeds or fails for good, ATTEMPTS times at most. Sleeps: not on the reactor thread."""
    for pause in pauses():
        try:
            return action()
        except DBAPIError as error:
            if not worth_retrying(dialect, error):
                raise
            time.sleep(pause)
    return action()
