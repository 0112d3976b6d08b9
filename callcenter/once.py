"""Writing what there is one of, whatever is clicked twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storage.database import Database

T = TypeVar("T")
A = TypeVarTuple("A")


async def run_once(database: Database, function: Callable[[Session, *A], T], *arguments: *A) -> T:
    """Run ``function``, which looks first for what is there: whoever came at the same moment and was second finds what
    the first one wrote.
    """
    try:
        return await database.run(function, *arguments)
    except IntegrityError:
        return await database.run(function, *arguments)
