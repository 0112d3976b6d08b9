"""What our own functions of SQL have in common."""

from __future__ import annotations

from typing import Any

from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


def both(element: FunctionElement[Any], compiler: SQLCompiler, **options: Any) -> tuple[str, str]:
    """The two arguments of ``element`` as SQL."""
    first, second = element.clauses
    return compiler.process(first, **options), compiler.process(second, **options)
