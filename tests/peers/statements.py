"""Hears every statement on our tables that any test sends to any database, to hold it against Oracle at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import pytest
import sqlglot
from sqlalchemy import ClauseElement, Engine, Select, Table, event
from sqlalchemy.dialects.oracle.oracledb import OracleDialect_oracledb
from sqlalchemy.sql import visitors
from sqlglot import expressions

from storage import prepared
from storage.bulk_ways import ONE_DATABASE
from storage.models import Base
from storage.models.base import MAXIMUM_NAME_LENGTH


@dataclass
class Statements:
    """Each distinct statement once, with the columns that its parameters named."""

    heard: dict[object, tuple[ClauseElement, tuple[str, ...]]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def hear(self, _: Any, statement: Any, many: Any, one: Any, __: Any) -> None:
        """Called for every execution, on whatever thread it is."""
        if not isinstance(statement, ClauseElement) or not concerns_us(statement):
            return
        parameters = many[0] if many else one
        # Where there is one for each kind of database, what Oracle would be given is meant; it has its values in it.
        if (portable := statement.get_execution_options().get(ONE_DATABASE)) is not None:  # type: ignore[attr-defined]
            statement, parameters = portable, None
        columns = tuple(sorted(parameters)) if isinstance(parameters, Mapping) else ()
        cache_key = statement._generate_cache_key()  # type: ignore[attr-defined]
        key: object = (type(statement), None if cache_key is None else cache_key.key, columns)
        key = key if cache_key is not None else (str(statement), columns)
        with self.lock:
            if key not in self.heard:
                # A list of values is written out by the compiler, which wants the values then.
                filled = statement.params(parameters) if columns and isinstance(statement, Select) else statement
                self.heard[key] = visitors.cloned_traverse(filled, {}, {"bindparam": _fill}), columns


def _fill(parameter: Any) -> None:
    """A list is written out by the compiler, which then wants the other values as well."""
    parameter.required = False


def concerns_us(statement: ClauseElement) -> bool:
    """Whether it is about one of our tables, and not about a catalogue."""
    element = getattr(statement, "element", None)
    parts = [element, *visitors.iterate(statement)]
    return any(isinstance(part, Table) and part.metadata is Base.metadata for part in parts)


STATEMENTS = Statements()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "last: runs after all other tests")
    event.listen(Engine, "before_execute", STATEMENTS.hear)
    # What is prepared is no event of the engine's; it is compiled once for each set of columns.
    compile_prepared = prepared.compile_statement

    def heard(statement: Any, columns: Any, dialect: Any, keys: list[str]) -> Any:
        STATEMENTS.hear(None, statement, [], dict.fromkeys(keys), None)
        return compile_prepared(statement, columns, dialect, keys)

    prepared.compile_statement = heard


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What looks at everything heard runs last."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


def oracle(*version: int) -> OracleDialect_oracledb:
    """The dialect as it is after connecting to a server of this version."""
    dialect = OracleDialect_oracledb()
    dialect.server_version_info = version
    dialect._supports_offset_fetch = version >= (12,)
    dialect.max_identifier_length = MAXIMUM_NAME_LENGTH if version < (12, 2) else 128
    dialect.use_ansi = True
    return dialect


ORACLES = {"11.2": oracle(11, 2, 0, 4), "19": oracle(19, 3, 0, 0)}


def compiled(statement: ClauseElement, columns: tuple[str, ...], version: str) -> str:
    """Its text for an Oracle of this version; raises what the compiler raises."""
    named = {"column_keys": list(columns)} if columns else {}
    return str(statement.compile(dialect=ORACLES[version], compile_kwargs={"render_postcompile": True}, **named))


def faults(text: str) -> list[str]:
    """What Oracle's grammar says against it, and names that are too long for it."""
    try:
        tree = sqlglot.parse_one(text, dialect="oracle", error_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.errors.SqlglotError as error:
        return [f"{error}\n{text}"]
    if isinstance(tree, expressions.Command):
        return [f"not understood by the grammar: {text}"]
    names = {name.name for name in tree.find_all(expressions.Identifier)}
    return [f"too long a name: {name}\n{text}" for name in names if len(name) > MAXIMUM_NAME_LENGTH]
