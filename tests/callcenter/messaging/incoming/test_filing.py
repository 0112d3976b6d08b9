"""Filing many texts at once does what filing them one by one does; one that cannot be filed holds up no other."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, make_url, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from callcenter.messaging.incoming.arrivals import Text, join_texts, open_texts, store_parts
from callcenter.messaging.incoming.filing import AT_ONCE, AWAY_SECONDS, Filing
from callcenter.messaging.incoming.inbox import Inbox
from callcenter.messaging.incoming.receiving import IncomingText, Placed
from callcenter.tasks import TaskTracker
from protocols.sms import TextArrived
from storage.engines import writing_engine
from storage.event_log import number_events
from storage.models import (
    AuditEntry,
    AutoReply,
    Conversation,
    PatientPhone,
    SmsArrival,
    SmsMessage,
    SmsOptOut,
    UserAccount,
)
from storage.queries.patients import remember_choice
from tests.peers.call_center import ANNA, CARL, FAMILY_ONE, FAMILY_TWO, HEART, NOW, ZHANG, clock_at
from tests.peers.rest import until_quiet
from tests.peers.sms_desk import FAMILY, GATEWAY, HEARTS_NUMBER, OTHER_GATEWAY, STRANGER, Desk, add_gateway, fill_desk

SERVICE, SOLD, REMEMBERED, BY_HAND = "10086", "+8613800138000", "+8613712345678", "+8613787654321"
NUMBERS = (HEARTS_NUMBER, FAMILY, STRANGER, SERVICE, SOLD, REMEMBERED, BY_HAND)
WORDS = ("您好", "在吗\n医生", "Ｔ", "退订。", "地址", "时间", "got to STOP this", "")


ARRIVALS = st.lists(
    st.tuples(
        st.sampled_from(NUMBERS),
        st.sampled_from(WORDS),
        st.sampled_from((GATEWAY, OTHER_GATEWAY)),
        st.sampled_from((1, 1, 1, 2)),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=25,
)
"""Number, words, gateway, parts, and minutes since the one before."""
STANDING = st.dictionaries(
    st.sampled_from(NUMBERS),
    st.tuples(
        st.sampled_from(("open", "done", "snoozed")),
        st.sampled_from((None, ZHANG, FAMILY_TWO, HEART)),
        st.sampled_from((None, ANNA.user_id, CARL.user_id)),
        st.sampled_from((None, "all", "care")),
    ),
)
SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=4)
Standing = dict[str, tuple[str, int | None, int | None, str | None]]
One = tuple[str, str, int, int, int]


def a_text(place: int, one: One) -> list[tuple[int, TextArrived]]:
    """The parts of it, the last first; the second does not always come."""
    number, word, gateway, parts, minutes = one
    come = parts if minutes else 1
    return [
        (
            gateway,
            TextArrived(
                number, "10690001", word, place if parts > 1 else 0, position, parts, f"{place}.{position}",
                written=lambda: None,
            ),
        )
        for position in range(come, 0, -1)
    ]  # fmt: skip


def prepare(session: Session, standing: Standing) -> None:
    add_gateway(session, OTHER_GATEWAY, "联通")
    session.flush()
    session.add(PatientPhone(patient_id=FAMILY_ONE, number=REMEMBERED, position=1))
    session.add(PatientPhone(patient_id=FAMILY_TWO, number=REMEMBERED, position=1))
    remember_choice(session, REMEMBERED, FAMILY_TWO, None, NOW)
    session.execute(update(UserAccount).where(UserAccount.id == CARL.user_id).values(disabled=True))
    session.add(AutoReply(keyword="地址", text="我院在{hospital}", disabled=False))
    session.add(AutoReply(keyword="时间", text="{nothing}", disabled=False))
    session.add(AutoReply(keyword=None, text="现在无人值班", disabled=False))
    for number, (state, patient, user, stopped) in standing.items():
        until = NOW + timedelta(days=1) if state == "snoozed" else None
        session.add(
            Conversation(
                number=number, state=state, snoozed_until=until, patient_id=patient, assigned_to=user,
                last_at=NOW - timedelta(days=1), last_direction="out",
            )
        )  # fmt: skip
        if stopped:
            key = f"{number}|{stopped}|"
            session.add(SmsOptOut(number=number, kind=stopped, live_key=key, began_at=NOW - timedelta(days=9)))
    session.flush()


def filed(
    session: Session,
    standing: Standing,
    arrivals: Sequence[One],
    sizes: Sequence[int],
    at: datetime,
    most: int = AT_ONCE,
) -> Any:
    """All that came of it, with messages named by number and place, conversations by number."""
    prepare(session, standing)
    inbox = Inbox(clock_at(at), "仁爱医院", "Asia/Shanghai")
    texts: list[Text] = []
    arrived = at - timedelta(minutes=40)
    for place, one in enumerate(arrivals):
        arrived += timedelta(minutes=one[-1])
        texts += store_parts(session, a_text(place, one), arrived)
    many = itertools.cycle(sizes)
    while texts:
        size = next(many)
        left = join_texts(session, texts[:size], inbox.received, at, most)
        texts[:size] = left
    session.flush()
    return everything(session)


def everything(session: Session) -> Any:
    names: dict[Any, str] = {}
    messages = rows_of(session, SmsMessage)
    for row in messages:
        names[row["id"]] = f"{row['number']} {sum(name.startswith(row['number']) for name in names.values())}"
    for row in messages:
        row["id"] = names[row["id"]]
        if row["source"]:
            row["source"] = names[int(row["source"].removeprefix("auto:"))]
    others = {model.__name__: rows_of(session, model) for model in (SmsArrival, SmsOptOut, Conversation, AuditEntry)}
    for row in (*others["SmsArrival"], *others["SmsOptOut"]):
        row["message_id"] = names.get(row["message_id"])
    numbers = {row["id"]: row["number"] for row in others["Conversation"]}
    others["Conversation"] = sorted((row | {"id": 0} for row in others["Conversation"]), key=lambda row: row["number"])
    for row in messages:
        row["conversation_id"] = numbers[row["conversation_id"]]
    told = number_events(session, 0.0)
    # Of several changes of a conversation only the last is told, and messages in any order of their numbers.
    talks = {
        numbers[int(event.subject)]: (event.data | {"id": 0}, event.audience)
        for event in told
        if event.topic == "conversations"
    }
    said = [
        (names[data["id"]], data | {"id": 0, "conversation_id": numbers[data["conversation_id"]]}, event.audience)
        for event in told
        if event.topic == "messages"
        for data in (event.data,)
    ]
    return sorted(messages, key=lambda row: row["id"]), others, talks, sorted(said, key=lambda one: one[0])


def rows_of(session: Session, model: type[Any]) -> list[dict[str, Any]]:
    table = model.__table__
    return [dict(row._mapping) for row in session.execute(select(table).order_by(table.c.id))]


@pytest.fixture(scope="module")
def desk_engine(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database with the desk in it, for transactions that are rolled back."""
    path = tmp_path_factory.mktemp("filing") / "desk.db"
    shutil.copyfile(sqlite_template, path)
    engine = writing_engine(make_url(f"sqlite:///{path}"), 1)
    with Session(engine) as session, session.begin():
        fill_desk(session)
    yield engine
    engine.dispose()


@settings(max_examples=60, deadline=None)
@given(STANDING, ARRIVALS, SIZES, st.sampled_from((NOW, NOW + timedelta(hours=6))))
def test_many_at_once_are_filed_as_one_by_one(
    desk_engine: Engine, standing: Standing, arrivals: list[One], sizes: list[int], at: datetime
) -> None:
    came = []
    for chosen in ([1], sizes, [len(arrivals)]):
        with Session(desk_engine) as session:
            came.append(filed(session, standing, arrivals, chosen, at))
            session.rollback()
    assert came[1] == came[0]
    assert came[2] == came[0]


@settings(max_examples=40, deadline=None)
@given(STANDING, ARRIVALS, SIZES, st.integers(1, 4))
def test_those_of_a_number_are_filed_the_same_in_pieces(
    desk_engine: Engine, standing: Standing, arrivals: list[One], sizes: list[int], most: int
) -> None:
    single = [(number, word, GATEWAY, 1, minutes) for number, word, _, _, minutes in arrivals]
    came = []
    for pieces in (AT_ONCE, most):
        with Session(desk_engine) as session:
            messages, others, *_ = filed(session, standing, single, sizes, NOW, pieces)
            came.append((messages, others["Conversation"]))
            session.rollback()
    assert came[1] == came[0]


class Station:
    """Filing on the desk's database; what is in ``refused`` cannot be filed."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.refused = {"坏"}
        self.failure: Exception = ZeroDivisionError()
        self.asked: list[int] = []
        self.tasks = TaskTracker("filing", desk.clock)
        self.filing = Filing(desk.database, desk.clock, self.received, self.tasks, tuple)

    def received(self, session: Session, texts: Sequence[IncomingText]) -> Placed:
        self.asked.append(len(texts))
        if self.refused & {text.text for text in texts}:
            raise self.failure
        return self.desk.desk.inbox.received(session, texts)

    async def store(self, words: Sequence[str], number: str = "") -> list[Text]:
        """Each from a number of its own, or all from ``number``."""
        arrivals: list[One] = [(number or f"+86138{place:08}", word, GATEWAY, 1, 0) for place, word in enumerate(words)]
        parts = [part for place, one in enumerate(arrivals) for part in a_text(place, one)]
        return await self.desk.database.run(store_parts, parts, self.desk.now)

    async def rest_or_pause(self) -> list[str]:
        """The words that were filed, when nothing more happens before the clock moves."""
        await until_quiet(self.desk.database, self.desk.clock, lambda: not self.desk.clock.calls and bool(self.tasks))
        return [row["text"] for row in await self.desk.rows()]

    async def rest(self) -> list[str]:
        """The words that were filed, when nobody works any more."""
        await until_quiet(self.desk.database, self.desk.clock, lambda: bool(len(self.tasks)))
        return [row["text"] for row in await self.desk.rows()]


@pytest_twisted.ensureDeferred
async def test_one_that_cannot_be_filed_holds_up_no_other(desk: Desk, lost_failures: Any) -> None:
    station = Station(desk)
    words = [str(place) for place in range(20)]
    words[6] = "坏"
    station.filing.add(await station.store(words))
    assert await station.rest() == [word for word in words if word != "坏"]
    assert "ZeroDivisionError" in "".join(lost_failures.take())
    assert len(station.asked) < 12
    station.refused.clear()
    await station.filing.add_left()
    assert (await station.rest())[-1] == "坏"
    assert len(await desk.rows(Conversation)) == len(words)


@pytest_twisted.ensureDeferred
async def test_many_are_filed_in_pieces_and_what_waits_at_the_end_is_on_disk(desk: Desk) -> None:
    station = Station(desk)
    texts = await station.store([str(place) for place in range(AT_ONCE + 10)])
    station.filing.add(texts)
    station.filing.stop()
    assert len(await station.rest()) == AT_ONCE
    await station.filing.add_left()
    assert len(await station.rest()) == AT_ONCE + 10
    assert station.asked == [AT_ONCE, 10]


@pytest_twisted.ensureDeferred
async def test_one_that_cannot_be_filed_holds_up_no_other_of_its_number(desk: Desk, lost_failures: Any) -> None:
    station = Station(desk)
    words = [str(place) for place in range(9)]
    words[0] = words[4] = "坏"
    others = await station.store(["好"])
    station.filing.add([*await station.store(words, STRANGER), *others])
    assert sorted(await station.rest()) == sorted(["好", *(word for word in words if word != "坏")])
    assert "ZeroDivisionError" in "".join(lost_failures.take())
    station.refused.clear()
    await station.filing.add_left()
    assert (await station.rest())[-2:] == ["坏", "坏"]


@pytest_twisted.ensureDeferred
async def test_a_number_of_which_nothing_can_be_filed_is_given_up_for_now(desk: Desk, lost_failures: Any) -> None:
    station = Station(desk)
    station.filing.add(await station.store(["坏"] * (AT_ONCE + 20), STRANGER))
    assert await station.rest() == []
    assert "".join(lost_failures.take()).count("cannot be filed yet") <= 1
    station.refused.clear()
    await station.filing.add_left()
    assert len(await station.rest()) == AT_ONCE + 20


@pytest_twisted.ensureDeferred
async def test_many_of_one_number_are_filed_in_pieces(desk: Desk) -> None:
    station = Station(desk)
    station.filing.add(await station.store([str(place) for place in range(2 * AT_ONCE + 10)], STRANGER))
    assert await station.rest() == [str(place) for place in range(2 * AT_ONCE + 10)]
    assert station.asked == [AT_ONCE, AT_ONCE, 10]


@pytest_twisted.ensureDeferred
async def test_while_the_database_is_away_nothing_is_taken_apart(desk: Desk, lost_failures: Any) -> None:
    station = Station(desk)
    words = ["坏", *(str(place) for place in range(19))]
    station.failure = OperationalError("insert", {}, Exception("disk full"))
    station.filing.add(await station.store(words))
    assert await station.rest_or_pause() == []
    # PostgreSQL's failures to reach the server are tried again at once, a few times.
    assert set(station.asked) == {20}
    assert "disk full" in "".join(lost_failures.take())
    station.refused.clear()
    desk.clock.advance(AWAY_SECONDS)
    assert await station.rest() == words
    assert set(station.asked) == {20}


@pytest_twisted.ensureDeferred
async def test_what_nobody_filed_is_taken_up_although_others_are_filed_all_the_time(
    desk: Desk, lost_failures: Any
) -> None:
    station = Station(desk)
    station.failure = OperationalError("insert", {}, Exception("disk full"))
    station.filing.add(await station.store(["坏"]))
    await station.rest_or_pause()
    await station.store(["好"], STRANGER)
    await station.filing.add_left()
    assert "disk full" in "".join(lost_failures.take())
    station.refused.clear()
    desk.clock.advance(AWAY_SECONDS)
    assert sorted(await station.rest()) == sorted(["坏", "好"])


@pytest_twisted.ensureDeferred
async def test_those_that_wait_longest_are_looked_for_first(desk: Desk) -> None:
    numbers = [f"+8613900000{place:03}" for place in (7, 3, 9, 1)]
    for minutes, number in enumerate(numbers):
        part = a_text(0, (number, "您好", GATEWAY, 1, 0))
        await desk.database.run(store_parts, part, desk.now + timedelta(minutes=minutes))
    found = await desk.database.read(open_texts, desk.now + timedelta(hours=1), 3)
    assert [text.number for text in found] == numbers[:3]
