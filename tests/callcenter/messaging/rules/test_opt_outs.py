"""Opt-outs are begun once, whoever is told of one at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from callcenter.administration.principal import SYSTEM
from callcenter.messaging.rules.opt_outs import begin_opt_out
from tests.peers.call_center import NOW, fill
from tests.peers.patience import wait_for

NUMBER = "+8613800138000"


def test_what_is_said_twice_at_the_same_moment_is_one(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url)
    with Session(engine) as session, session.begin():
        fill(session)

    def say() -> tuple[int, bool]:
        with Session(engine) as session, session.begin():
            opt_out, is_new = begin_opt_out(session, SYSTEM, NUMBER, "all", NOW)
            return opt_out.id, is_new

    waiting = text("select count(*) from pg_locks where not granted")
    with ThreadPoolExecutor(1) as threads, Session(engine) as looking:
        with Session(engine) as first, first.begin():
            opt_out, is_new = begin_opt_out(first, SYSTEM, NUMBER, "all", NOW)
            key = opt_out.id
            said = threads.submit(say)
            wait_for(lambda: looking.scalar(waiting), "the lock that is waited for")
        assert is_new
        assert said.result() == (key, False)
    engine.dispose()
