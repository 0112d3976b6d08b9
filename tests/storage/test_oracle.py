"""Oracle 11.2 and 19 understand our tables and every statement that the test run sends to another database.

There is no Oracle to ask here: the statements are compiled as they would be for it and read with its grammar.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import ClauseElement, Integer, String, column, select, table
from sqlalchemy.schema import CreateIndex, CreateSequence, CreateTable

from storage.models import Base
from tests.peers.statements import ORACLES, STATEMENTS, compiled, faults


def definitions() -> Iterator[ClauseElement]:
    for made in Base.metadata.sorted_tables:
        yield CreateTable(made)
        yield from (CreateIndex(index) for index in made.indexes)
        defaults = (one.default for one in made.columns)
        yield from (CreateSequence(one) for one in defaults if one is not None and one.is_sequence)


@pytest.mark.parametrize("version", ORACLES)
def test_every_definition_is_understood(version: str) -> None:
    texts = [compiled(definition, (), version) for definition in definitions()]
    assert len(texts) > 3 * 10
    assert [fault for text in texts for fault in faults(text)] == []
    everything = "\n".join(texts)
    for unknown in (" BOOLEAN", " JSON", " BIGSERIAL", "IDENTITY"):
        assert unknown not in everything


@pytest.mark.parametrize("version", ORACLES)
def test_what_oracle_does_not_understand_is_found(version: str) -> None:
    assert faults("select a from t where a = 1 limit 3 offset")
    assert faults("upsert into t values (1)")
    assert faults("select a_name_of_more_than_thirty_letters from t")
    assert not faults("select a from t where rownum <= 3")


def test_limits_are_written_as_each_version_knows_them() -> None:
    some = select(column("a", Integer), column("b", String)).select_from(table("t")).order_by("a").offset(3).limit(2)
    assert "ROWNUM" in compiled(some, (), "11.2")
    assert "FETCH" in compiled(some, (), "19")


@pytest.mark.last
@pytest.mark.parametrize("version", ORACLES)
def test_every_statement_sent_in_this_run_is_understood(version: str) -> None:
    assert STATEMENTS.heard, "no statement was heard: did any test use a database?"
    wrong: list[str] = []
    for statement, columns in STATEMENTS.heard.values():
        try:
            wrong.extend(faults(compiled(statement, columns, version)))
        except Exception as error:  # noqa: BLE001 - all of them are to be told
            wrong.append(f"{type(error).__name__}: {error}\n{statement}")
    print(len(STATEMENTS.heard), "statements")  # noqa: T201
    assert not wrong, f"{len(wrong)} of {len(STATEMENTS.heard)} statements:\n" + "\n\n".join(wrong)
