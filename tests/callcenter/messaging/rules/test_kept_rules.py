"""The rules that a hospital keeps: read whatever another version wrote, and made once whoever asks first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from callcenter.messaging.rules.desk import DESK, DeskRules
from callcenter.messaging.rules.row import KeptRules, locked_rules
from callcenter.messaging.rules.sending import SENDING, SendingRules, load_rules
from tests.peers.patience import wait_for

STRANGE: dict[str, Any] = {
    "daily_cap": 3,
    "waiting": ["care", "fax"],
    "opens": "8",
    "fewest": 1,
    "desk": {"days": [3, 8]},
}


def test_a_rule_that_is_not_understood_has_its_default_and_the_others_hold() -> None:
    usual = SendingRules()
    rules = SENDING.read(STRANGE)
    assert (rules.daily_cap, rules.waiting, rules.opens) == (3, usual.waiting, usual.opens)
    assert DESK.read({"desk": {"days": [3, 8], "auto_reply_hours": 1}}) == DeskRules(auto_reply_hours=1)


@pytest.mark.parametrize("kept", [SENDING, DESK])
def test_before_anything_was_kept_all_have_their_defaults(kept: KeptRules[Any]) -> None:
    assert kept.read({}) == kept.model()


def test_messages_are_sent_by_rules_that_another_version_wrote(sqlite_url: str) -> None:
    engine = create_engine(sqlite_url)
    with Session(engine) as session:
        locked_rules(session).rules = STRANGE
        assert load_rules(session).daily_cap == STRANGE["daily_cap"]
        session.rollback()
    engine.dispose()


@pytest.mark.parametrize("words", ["T0800", "08+01", "8:00", "24:00", "08:60", " 8:00"])
def test_what_no_clock_shows_is_no_time_at_which_the_desk_opens(words: str) -> None:
    with pytest.raises(ValidationError, match="Write hours and minutes"):
        DeskRules(staffed_from=words)
    # A day may be open until its end.
    assert SendingRules(closes="24:00").closes == "24:00"


def test_two_who_make_the_rules_at_the_same_moment_have_the_same(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url)

    def change() -> None:
        with Session(engine) as session, session.begin():
            row = locked_rules(session)
            row.rules = {**row.rules, "daily_cap": 3}

    waiting = text("select count(*) from pg_locks where not granted")
    with ThreadPoolExecutor(1) as threads, Session(engine) as looking:
        with Session(engine) as first, first.begin():
            locked_rules(first).rules = {"expire_hours": 7}
            first.flush()
            changed = threads.submit(change)
            wait_for(lambda: looking.scalar(waiting), "the lock that is waited for")
        changed.result()
    with Session(engine) as session:
        assert locked_rules(session).rules == {"expire_hours": 7, "daily_cap": 3}
    engine.dispose()
