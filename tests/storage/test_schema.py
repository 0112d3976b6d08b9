"""The migrations make what the models say, names and all; the daemon knows an old schema when it sees one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, MetaData, create_engine, event, insert, inspect, select, text
from sqlalchemy.orm import Session

from storage import schema
from storage.errors import SchemaOutdatedError
from storage.models import AgentStateSpan, Base, CallRecord, EventCounter
from storage.models.base import MAXIMUM_NAME_LENGTH


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def test_upgrading_from_empty_gives_the_models(database_url: str) -> None:
    with connected(database_url) as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": lambda *_: True, "target_metadata": Base.metadata}
        )
        assert compare_metadata(context, Base.metadata) == []


def constraint_names(connection: Connection) -> dict[str, set[str | None]]:
    inspector = inspect(connection)
    return {
        table: {
            inspector.get_pk_constraint(table)["name"],
            *(key["name"] for key in inspector.get_foreign_keys(table)),
            *(key["name"] for key in inspector.get_unique_constraints(table)),
            *(index["name"] for index in inspector.get_indexes(table)),
        }
        for table in Base.metadata.tables
    }


def test_constraints_indexes_and_sequences_have_the_names_of_the_models(database_url: str, tmp_path) -> None:
    with connected(database_url) as connection:
        migrated = constraint_names(connection)
        if connection.dialect.name == "postgresql":
            wanted = {sequence.name for table in Base.metadata.tables.values() for sequence in sequences(table)}
            assert set(inspect(connection).get_sequence_names()) == wanted
            connection.execute(text("drop schema public cascade"))
            connection.execute(text("create schema public"))
            Base.metadata.create_all(connection)
            assert constraint_names(connection) == migrated
    with connected(f"sqlite:///{tmp_path}/made.db") as connection:
        Base.metadata.create_all(connection)
        if "sqlite" in database_url:
            assert constraint_names(connection) == migrated


def sequences(table) -> list:
    return [column.default for column in table.columns if column.default is not None and column.default.is_sequence]


def test_every_name_fits_old_oracle() -> None:
    for table in Base.metadata.tables.values():
        named = [table, *table.columns, *table.indexes, *table.constraints, *sequences(table)]
        for thing in named:
            assert thing.name, f"{thing} of {table.name} has no name"
            assert len(str(thing.name)) <= MAXIMUM_NAME_LENGTH, thing.name


def test_the_counter_of_events_is_there(database_url: str) -> None:
    with connected(database_url) as connection:
        assert connection.execute(select(EventCounter.id, EventCounter.last_seq)).all() == [(1, 0)]


def test_terms_are_compared_by_code_points(database_url: str) -> None:
    """In the order of a language, the terms with one prefix would not lie together."""
    with connected(database_url) as connection:
        connection.execute(
            text(
                "insert into patient (id, record_number, name, do_not_call, disabled, created_at, "
                "updated_at, version) values (1, 'a', 'a', 0, 0, '2026-01-01', '2026-01-01', 1)"
            )
        )
        terms = ["1", "B", "a", "é", "张", "\U00020000"]
        for term in reversed(terms):
            connection.execute(text("insert into patient_term (term, patient_id) values (:term, 1)"), {"term": term})
        assert list(connection.scalars(text("select term from patient_term order by term"))) == terms


def test_an_old_schema_is_refused_with_the_command_to_run(sqlite_url: str) -> None:
    with connected(sqlite_url) as connection, Session(connection) as session:
        schema.require_current(session)
        connection.execute(text("update alembic_version set version_num = '0000'"))
        with pytest.raises(SchemaOutdatedError, match="callcenter migrate --config"):
            schema.require_current(session)
        connection.execute(text("drop table alembic_version"))
        with pytest.raises(SchemaOutdatedError, match="revision none"):
            schema.require_current(session)


def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    schema.upgrade(database_url)
    assert schema.current_revision(database_url) == schema.head_revision()


def emptied(database_url: str, tmp_path: Path) -> str:
    """The address of a database of the same kind without anything in it."""
    if "sqlite" in database_url:
        return f"sqlite:///{tmp_path}/empty.db"
    with connected(database_url) as connection:
        connection.execute(text("drop schema public cascade"))
        connection.execute(text("create schema public"))
        connection.commit()
    return database_url


def add_role(connection: Connection, key: int, code: str | None) -> None:
    """A role as the versions before wrote it."""
    connection.execute(
        text("insert into role (id, code, name, disabled, version) values (:id, :code, :name, 0, 1)"),
        {"id": key, "code": code, "name": f"role {key}"},
    )


def grant(connection: Connection, role: int, permission: str, scope: str) -> None:
    """What a role may do."""
    connection.execute(
        text("insert into role_permission (role_id, permission, scope) values (:id, :permission, :scope)"),
        {"id": role, "permission": permission, "scope": scope},
    )


def old_calls(connection: Connection, talks: list[timedelta | None]) -> None:
    """Calls as the first version wrote them."""
    tables = MetaData()
    tables.reflect(connection, only=["phone_line", "call_record"])
    line, call = tables.tables["phone_line"], tables.tables["call_record"]
    began = datetime(2026, 3, 2, 8)  # noqa: DTZ001 - as it is stored
    connection.execute(
        insert(line).values(id=1, name="1", driver="hayes", state="idle", since=began, out_of_service=0, removed=0)
    )
    rows = [
        {
            "id": number, "line_id": 1, "direction": "in", "state": "ended", "number_verified": 1, "rings": 1,
            "started_at": began, "missed": 0, "version": 1, "answered_at": None if talk is None else began,
            "ended_at": began + (talk or timedelta(0)),
        }
        for number, talk in enumerate(talks, start=1)
    ]  # fmt: skip
    connection.execute(insert(call), rows)
    connection.commit()


def test_the_talk_time_of_old_calls_is_measured(database_url: str, tmp_path: Path) -> None:
    url = emptied(database_url, tmp_path)
    schema.upgrade(url, "0001")
    talks = [None if number % 3 == 0 else timedelta(seconds=number, milliseconds=number) for number in range(2_500)]
    with connected(url) as connection:
        old_calls(connection, talks)
    schema.upgrade(url)
    with connected(url) as connection:
        found = list(connection.scalars(select(CallRecord.talk_seconds).order_by(CallRecord.id)))
    # 1000 milliseconds are a second more; half seconds are not rounded up.
    assert found == [None if talk is None else int(talk.total_seconds()) for talk in talks]


def test_the_history_of_agents_is_kept_and_goes_on(database_url: str, tmp_path: Path) -> None:
    url = emptied(database_url, tmp_path)
    schema.upgrade(url, "0004")
    with connected(url) as connection:
        connection.execute(
            text(
                "insert into user_account (id, username, display_name, password_hash, must_change_password, "
                "failed_sign_ins, disabled, created_at, version) "
                "values (1, 'a', 'a', '-', 0, 0, 0, '2026-01-01 00:00:00', 1)"
            )
        )
        connection.execute(
            text(
                "insert into agent_state_change (id, user_id, state, started_at, ended_at) values "
                "(7, 1, 'available', '2026-01-01 08:00:00', '2026-01-01 09:00:00'), "
                "(9, 1, 'away', '2026-01-01 09:00:00', null)"
            )
        )
        connection.commit()
    schema.upgrade(url)
    with connected(url) as connection, Session(connection) as session:
        later = datetime(2026, 1, 1, 10, tzinfo=UTC)
        session.add(AgentStateSpan(user_id=1, state="offline", started_at=later))
        session.flush()
        spans = session.scalars(select(AgentStateSpan).order_by(AgentStateSpan.id)).all()
        assert [(span.id, span.state, span.ended_at is None) for span in spans] == [
            (7, "available", False),
            (9, "away", True),
            (10, "offline", True),
        ]


def test_a_migration_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/half.db"

    def fail(_connection, _cursor, statement, *_) -> None:
        if "event_counter" in statement and statement.startswith("INSERT"):
            raise RuntimeError("the power fails")

    event.listen(Engine, "before_cursor_execute", fail)
    try:
        with pytest.raises(RuntimeError, match="power"):
            schema.upgrade(url)
    finally:
        event.remove(Engine, "before_cursor_execute", fail)
    with connected(url) as connection:
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
    schema.upgrade(url)
    assert schema.current_revision(url) == schema.head_revision()


def test_call_backs_agreed_before_there_was_a_list_are_owed_unless_somebody_called(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/older.db"
    command.upgrade(schema._config(url), "0001")
    agreed = ("2026-01-02", "done")
    rows = (
        (1, "in", "+861", None, "2026-01-01 08:00", *agreed),
        (2, "in", "+862", None, "2026-01-01 08:00", *agreed),
        (3, "out", "+862", None, "2026-01-01 09:00", None, "done"),
        (4, "in", "+864", 7, "2026-01-01 08:00", *agreed),
        (5, "out", "+865", 7, "2026-01-01 09:00", *agreed),
        (6, "in", "+866", None, "2026-01-01 08:00", "2026-01-02", "open"),
    )
    names = ("id", "direction", "number", "patient_id", "started_at", "call_back_at", "wrap_up")
    with connected(url) as connection:
        connection.execute(
            text(
                "insert into call_record (line_id, state, number_verified, rings, missed, version, id, direction, "
                "number, patient_id, started_at, call_back_at, wrap_up) values (1, 'ended', 1, 1, 0, 1, :id, "
                ":direction, :number, :patient_id, :started_at, :call_back_at, :wrap_up)"
            ),
            [dict(zip(names, row, strict=True)) for row in rows],
        )
        connection.commit()
    schema.upgrade(url)
    with connected(url) as connection:
        found = connection.execute(text("select id, call_back from call_record order by id")).all()
    assert [tuple(row) for row in found] == [
        (1, "open"), (2, "done"), (3, None), (4, "done"), (5, "open"), (6, None)
    ]  # fmt: skip


def test_lines_of_before_are_the_files_and_whoever_controlled_lines_may_set_them_up(
    database_url: str, tmp_path: Path
) -> None:
    url = emptied(database_url, tmp_path)
    schema.upgrade(url, "0004")
    with connected(url) as connection:
        old_calls(connection, [None])
        roles = [(1, "administrator"), (2, "supervisor"), (3, "supervisor-of-old"), (4, None)]
        for key, code in roles:
            add_role(connection, key, code)
        for key in (1, 2, 4):
            grant(connection, key, "lines.control", "all")
        connection.commit()
    schema.upgrade(url, "0005")
    with connected(url) as connection:
        lines = connection.execute(text("select name, file_name, settings, version from phone_line")).all()
        granted = connection.execute(
            text("select role_id, permission from role_permission order by role_id, permission")
        ).all()
    assert [tuple(line) for line in lines] == [("1", "1", None, 1)]
    assert [tuple(one) for one in granted] == [
        (1, "lines.control"), (1, "lines.edit"), (1, "lines.manage"), (1, "lines.test"),
        (2, "lines.control"), (2, "lines.edit"), (2, "lines.test"), (4, "lines.control"),
    ]  # fmt: skip


def test_whoever_sees_the_wallboard_sees_alarms_and_reports_too(database_url: str, tmp_path: Path) -> None:
    url = emptied(database_url, tmp_path)
    schema.upgrade(url, "0004")
    with connected(url) as connection:
        for key, scope in ((1, "all"), (2, "department"), (3, None)):
            connection.execute(
                text("insert into role (id, name, disabled, version) values (:id, :name, 0, 1)"),
                {"id": key, "name": f"role {key}"},
            )
            granted = [("calls.view", "own")] + ([("wallboard.view", scope)] if scope else [])
            for permission, reach in granted:
                grant(connection, key, permission, reach)
        connection.commit()
    schema.upgrade(url)
    with connected(url) as connection:
        found = connection.execute(
            text("select role_id, scope, count(*) from role_permission where permission like 'alarms.%' "
                 "or permission like 'reports.%' group by role_id, scope order by role_id")
        ).all()  # fmt: skip
    assert [tuple(row) for row in found] == [(1, "all", 5), (2, "department", 5)]


def test_whoever_dialled_works_call_tasks_and_outcomes_know_what_they_do_to_them(
    database_url: str, tmp_path: Path
) -> None:
    url = emptied(database_url, tmp_path)
    schema.upgrade(url, "0005")
    with connected(url) as connection:
        for key, code, permission in (
            (1, "agent", "calls.dial"),
            (2, "supervisor", "calls.export"),
            (3, None, "calls.dial"),
        ):
            add_role(connection, key, code)
            grant(connection, key, permission, "own")
        for code in ("busy", "completed", "of_our_own"):
            connection.execute(
                text(
                    "insert into call_outcome (code, label_zh, label_en, position, needs_time, disabled) "
                    "values (:code, :code, :code, 1, 0, 0)"
                ),
                {"code": code},
            )
        connection.commit()
    schema.upgrade(url)
    with connected(url) as connection:
        rules = connection.execute(
            text("select code, task_effect, task_minutes, task_attempts from call_outcome order by code")
        ).all()
        granted = connection.execute(
            text(
                "select role_id, permission, scope from role_permission "
                "where permission like 'call_tasks%' order by role_id, permission"
            )
        ).all()
    assert [tuple(rule) for rule in rules] == [
        ("busy", "retry", 15, 6), ("completed", "done", 0, 0), ("of_our_own", None, 0, 0)
    ]  # fmt: skip
    assert [tuple(one) for one in granted] == [
        (1, "call_tasks.view", "own"), (1, "call_tasks.work", "own"), (2, "call_tasks.export", "own"),
        (2, "call_tasks.manage", "own"), (2, "call_tasks.view", "own"), (2, "call_tasks.work", "own"),
    ]  # fmt: skip


def test_whoever_takes_calls_writes_complaints_down_and_whoever_sets_up_handles_them(
    database_url: str, tmp_path: Path
) -> None:
    url = emptied(database_url, tmp_path)
    schema.upgrade(url, "0016")
    with connected(url) as connection:
        for key, code, permission in (
            (1, "agent", "calls.handle"), (2, "supervisor", "outcomes.edit"), (3, "administrator", "outcomes.edit"),
            (4, None, "outcomes.edit"), (5, "doctor", "calls.view"),
        ):  # fmt: skip
            add_role(connection, key, code)
            grant(connection, key, permission, "own")
        connection.commit()
    schema.upgrade(url, "0018")
    with connected(url) as connection:
        granted = connection.execute(
            text("select role_id, permission, scope from role_permission where permission like 'complaints%' "
                 "order by role_id, permission")
        ).all()  # fmt: skip
    assert [tuple(one) for one in granted] == [
        (1, "complaints.create", "all"), (1, "complaints.view", "own"),
        *((role, f"complaints.{what}", "own") for role in (2, 3) for what in ("create", "export", "handle", "view")),
    ]  # fmt: skip


def test_built_in_roles_that_export_calls_may_play_recordings(database_url: str, tmp_path: Path) -> None:
    url = emptied(database_url, tmp_path)
    schema.upgrade(url, "0009")
    with connected(url) as connection:
        for key, code in ((1, "supervisor"), (2, "administrator"), (3, "agent"), (4, None)):
            add_role(connection, key, code)
            grant(connection, key, "calls.export", "department")
        connection.commit()
    schema.upgrade(url, "0010")
    with connected(url) as connection:
        granted = connection.execute(
            text("select role_id, permission, scope from role_permission where permission like 'recordings.%' "
                 "order by role_id, permission")
        ).all()  # fmt: skip
    assert [tuple(one) for one in granted] == [
        (1, "recordings.play", "department"),
        (2, "recordings.delete", "department"), (2, "recordings.play", "department"),
    ]  # fmt: skip


def test_built_in_roles_may_transfer_and_listen_as_far_as_they_dial_and_export(
    database_url: str, tmp_path: Path
) -> None:
    url = emptied(database_url, tmp_path)
    schema.upgrade(url, "0012")
    with connected(url) as connection:
        for key, code in ((1, "agent"), (2, "supervisor"), (3, "administrator"), (4, None)):
            add_role(connection, key, code)
            for permission in ("calls.dial", *(("calls.export",) if key > 1 else ())):
                grant(connection, key, permission, "own")
        connection.commit()
    schema.upgrade(url, "0013")
    with connected(url) as connection:
        granted = connection.execute(
            text("select role_id, permission from role_permission where permission not in ('calls.dial', "
                 "'calls.export') order by role_id, permission")
        ).all()  # fmt: skip
    heard = ("calls.barge", "calls.listen")
    assert [tuple(one) for one in granted] == [
        (1, "calls.transfer"),
        *((2, permission) for permission in (*heard, "calls.transfer", "calls.whisper")),
        *((3, permission) for permission in (*heard, "calls.whisper")),
    ]


def test_a_reply_of_before_answers_what_stood_before_it(database_url: str, tmp_path: Path) -> None:
    url = emptied(database_url, tmp_path)
    schema.upgrade(url, "0023")
    person = (
        "insert into user_account (id, username, display_name, password_hash, must_change_password, failed_sign_ins, "
        "disabled, created_at, version) values (1, 'a', 'a', '-', 0, 0, 0, '2026-01-01 00:00:00', 1)"
    )
    talk = (
        "insert into conversation (id, number, state, unread, last_at, last_direction, version) "
        "values ({0}, '+861380013800{0}', 'open', 0, '2026-01-01 00:00:00', 'in', 1)"
    )
    said = (
        "insert into sms_message (id, direction, state, purpose, number, conversation_id, created_by, priority, parts, "
        "cost, attempts, created_at, state_at, version) values ({}, '{}', 'received', '{}', '1', {}, {}, 1, 1, 0, 0, "
        "'2026-01-01 00:00:00', '2026-01-01 00:00:00', 1)"
    )
    rows = [
        (1, "in", "", 1, "null"), (2, "in", "", 2, "null"), (3, "out", "reply", 1, 1), (4, "out", "care", 1, 1),
        (5, "in", "", 1, "null"), (6, "out", "reply", 1, "null"), (7, "out", "reply", 1, 1),
    ]  # fmt: skip
    with connected(url) as connection:
        for statement in (person, talk.format(1), talk.format(2), *(said.format(*row) for row in rows)):
            connection.execute(text(statement))
        connection.commit()
    schema.upgrade(url)
    with connected(url) as connection:
        found = connection.execute(text("select id, answers_to from sms_message where answers_to is not null"))
        assert sorted(map(tuple, found)) == [(3, 1), (7, 5)]
        if connection.dialect.name == "postgresql":
            rows = text("select reltuples from pg_class where oid = 'sms_message'::regclass")
            assert connection.scalar(rows) == 7, "without statistics the answers are looked for in quadratic time"


def test_of_two_texts_of_one_occasion_and_two_replies_without_a_keyword_the_one_that_was_used_stays(
    database_url: str, tmp_path: Path
) -> None:
    url = emptied(database_url, tmp_path)
    schema.upgrade(url, "0025")
    department = "insert into department (id, name, clinical, disabled, version) values (1, 'd', 0, 0, 1)"
    template = (
        "insert into message_template (id, name, purpose, text, occasion, department_id, disabled, version) "
        "values ({}, 'n', 'care', 't', {}, {}, {}, 1)"
    )
    reply = "insert into auto_reply (id, keyword, text, disabled, version) values ({}, {}, 't', {}, 1)"
    birthday = "'birthday'"
    templates = [
        (1, birthday, "null", 1), (2, birthday, "null", 0), (3, birthday, "null", 0), (4, birthday, 1, 0),
        (5, birthday, 1, 0), (6, "'enrolment'", 1, 0), (7, "null", 1, 0), (8, "null", 1, 0),
    ]  # fmt: skip
    replies = [(1, "null", 1), (2, "null", 0), (3, "null", 0), (4, "'1'", 0)]
    with connected(url) as connection:
        statements = [
            department,
            *(template.format(*row) for row in templates),
            *(reply.format(*row) for row in replies),
        ]
        for statement in statements:
            connection.execute(text(statement))
        connection.commit()
    schema.upgrade(url)
    with connected(url) as connection:
        kept = connection.execute(text("select id, occasion, version from message_template order by id"))
        assert [tuple(one) for one in kept] == [
            (1, "birthday", 1), (2, "birthday", 1), (3, None, 2), (4, "birthday", 1), (5, None, 2),
            (6, "enrolment", 1), (7, None, 1), (8, None, 1),
        ]  # fmt: skip
        kept = connection.execute(text("select id, keyword, disabled, version from auto_reply order by id"))
        assert [tuple(one) for one in kept] == [
            (1, "double-1", 1, 2), (2, None, 0, 1), (3, "double-3", 1, 2), (4, "1", 0, 1)
        ]  # fmt: skip
