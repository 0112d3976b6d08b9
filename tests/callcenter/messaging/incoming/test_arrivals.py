"""What comes in is written down once, also where the gateway has no name for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.messaging.incoming.arrivals import join_texts, open_texts, store_parts
from callcenter.messaging.incoming.kept_parts import KEPT_FOR, forget_joined
from callcenter.messaging.incoming.receiving import IncomingText, Placed, nobody_listens
from protocols.sms import TextArrived
from storage.models import SmsArrival, SmsMessage
from tests.peers.call_center import NOW
from tests.peers.sms_desk import GATEWAY, Desk

SECONDS, MINUTES = timedelta(seconds=1), timedelta(minutes=1)
ODD = NOW + 59 * SECONDS
"""The last second of a minute."""


def nameless(words: str = "1", position: int = 1, total: int = 1, **fields: object) -> TextArrived:
    reference = 7 if total > 1 else 0
    return TextArrived("13800138000", "10690001", words, reference, position, total, written=lambda: None, **fields)  # type: ignore[arg-type]


async def kept(desk: Desk, *arrivals: tuple[datetime, TextArrived]) -> list[tuple[str, int]]:
    """Words and position of what was written down, of what came at these times."""

    def store(session: Session) -> list[tuple[str, int]]:
        for at, signal in arrivals:
            store_parts(session, [(GATEWAY, signal)], at)
        rows = session.execute(select(SmsArrival.text, SmsArrival.position).order_by(SmsArrival.id))
        return [(row.text, row.position) for row in rows]

    return await desk.database.run(store)


@pytest.mark.parametrize("later", [0 * SECONDS, 2 * SECONDS, 59 * SECONDS])
@pytest_twisted.ensureDeferred
async def test_the_same_words_within_a_minute_are_one_text(desk: Desk, later: timedelta) -> None:
    assert await kept(desk, (ODD, nameless()), (ODD + later, nameless())) == [("1", 1)]


@pytest.mark.parametrize("later", [61 * SECONDS, 90 * SECONDS, 30 * MINUTES])
@pytest_twisted.ensureDeferred
async def test_somebody_may_write_the_same_twice(desk: Desk, later: timedelta) -> None:
    assert await kept(desk, (ODD, nameless()), (ODD + later, nameless())) == [("1", 1)] * 2


@pytest.mark.parametrize("later", [0 * SECONDS, 2 * MINUTES, 29 * MINUTES])
@pytest_twisted.ensureDeferred
async def test_the_same_part_of_a_long_text_is_one_for_half_an_hour(desk: Desk, later: timedelta) -> None:
    one, two = nameless("上", 1, 2), nameless("下", 2, 2)
    came = [(ODD, one), (ODD, two), (ODD + later, one), (ODD + later, nameless("上", 2, 2))]
    assert await kept(desk, *came) == [("上", 1), ("下", 2), ("上", 2)]


@pytest_twisted.ensureDeferred
async def test_after_that_it_is_another_text_with_the_same_reference(desk: Desk) -> None:
    one = nameless("上", 1, 2)
    assert await kept(desk, (ODD, one), (ODD + 31 * MINUTES, one), (ODD + 50 * MINUTES, one)) == [("上", 1)] * 2


@pytest.mark.parametrize("told", [{"gateway_id": "x1"}, {"at": NOW}])
@pytest_twisted.ensureDeferred
async def test_what_has_a_name_or_a_time_is_known_as_long_as_it_is_kept(desk: Desk, told: dict[str, object]) -> None:
    one = nameless(**told)
    assert await kept(desk, (ODD, one), (ODD + KEPT_FOR, one), (ODD, nameless())) == [("1", 1)] * 2


async def read(desk: Desk, *arrivals: TextArrived) -> list[tuple[str, bool]]:
    """The messages that become of what came in one after the other, and whether something is missing of them."""
    heard: list[IncomingText] = []

    def received(session: Session, texts: Sequence[IncomingText]) -> Placed:
        heard.extend(texts)
        return nobody_listens(session, texts)

    def store(session: Session) -> None:
        for signal in arrivals:
            texts = store_parts(session, [(GATEWAY, signal)], NOW)
            assert not join_texts(session, texts, received, NOW, 100)
        assert not open_texts(session, NOW)

    await desk.database.run(store)
    return [(text.text, text.incomplete) for text in heard]


ANYTHING = "".join(chr(0x4E00 + place % 5000) for place in range(255_000))


@pytest.mark.parametrize("length", [1000, 1001, 1500, 2000, 255_000])
@pytest_twisted.ensureDeferred
async def test_a_text_is_kept_however_long_it_is(desk: Desk, length: int) -> None:
    one = nameless(ANYTHING[:length], gateway_id="x")
    other = nameless(ANYTHING[:length], gateway_id="y")
    assert await read(desk, one, one, other) == [(ANYTHING[:length], False)] * 2


@pytest_twisted.ensureDeferred
async def test_what_is_cut_off_all_the_same_is_marked(desk: Desk) -> None:
    assert await read(desk, nameless(ANYTHING + "尾")) == [(ANYTHING[:-1] + "…", False)]
    parts = [nameless("上" * 1500, 1, 2), nameless("下", 2, 2)]
    assert await read(desk, *parts) == [("上" * 999 + "…下", False)]


@pytest_twisted.ensureDeferred
async def test_what_somebody_left_unsaid_stays_so(desk: Desk) -> None:
    assert await read(desk, nameless("唉……"), nameless("上……", 1, 2), nameless("……下", 2, 2)) == [
        ("唉……", False), ("上…………下", False),
    ]  # fmt: skip


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
@pytest_twisted.ensureDeferred
async def test_a_character_that_is_torn_between_two_parts_is_whole_again(desk: Desk, order: tuple[int, int]) -> None:
    words = {1: "疼\ud83d", 2: "\ude00\u202e了"}
    heard: list[str] = []

    def note(session: Session, texts: Sequence[IncomingText]) -> Placed:
        heard.extend(text.text for text in texts)
        return nobody_listens(session, texts)

    def run(session: Session) -> None:
        for at in order:
            texts = store_parts(session, [(GATEWAY, nameless(words[at], at, 2))], NOW)
            join_texts(session, texts, note, NOW, 10)
        late = store_parts(session, [(GATEWAY, nameless(words[1], 1, 3))], NOW)
        join_texts(session, late, note, NOW + 31 * MINUTES, 10)

    await desk.database.run(run)
    assert heard == ["疼😀了", "疼\ufffd…"]


async def forget(desk: Desk, now: datetime, limit: int) -> tuple[list[str], int]:
    """The words that are left when old parts are forgotten ``limit`` at a time, and after how many times."""

    def forget_all(session: Session) -> tuple[list[str], int]:
        times, after = 0, forget_joined(session, now, limit=limit)
        while after is not None:
            times, after = times + 1, forget_joined(session, now, after, limit)
        return list(session.scalars(select(SmsArrival.text).order_by(SmsArrival.id))), times + 1

    return await desk.database.run(forget_all)


@pytest.mark.parametrize(("limit", "times"), [(1, 6), (2, 3), (100, 1)])
@pytest_twisted.ensureDeferred
async def test_what_is_a_message_for_long_enough_is_forgotten_some_at_a_time(
    desk: Desk, limit: int, times: int
) -> None:
    def store(session: Session) -> None:
        for place in range(1, 5):
            came = nameless(str(place), gateway_id=f"x{place}")
            join_texts(session, store_parts(session, [(GATEWAY, came)], NOW), nobody_listens, NOW, 100)
        # The one waits for its other part still; the other came later.
        store_parts(session, [(GATEWAY, nameless("left", 1, 2, gateway_id="x5"))], NOW)
        came = nameless("new", gateway_id="x6")
        join_texts(session, store_parts(session, [(GATEWAY, came)], ODD), nobody_listens, ODD, 100)

    await desk.database.run(store)
    assert await forget(desk, NOW + KEPT_FOR, limit) == (["1", "2", "3", "4", "left", "new"], 1)
    assert await forget(desk, ODD + KEPT_FOR, limit) == (["left", "new"], times)
    assert await forget(desk, ODD + KEPT_FOR, limit) == (["left", "new"], 2 if limit == 1 else 1)


@pytest_twisted.ensureDeferred
async def test_however_many_are_held_the_others_are_filed_as_many_as_are_asked_for(desk: Desk) -> None:
    def file(session: Session) -> tuple[list[str], bool]:
        came = [nameless(str(number), gateway_id=str(number)) for number in range(6)]
        (text,) = store_parts(session, [(GATEWAY, one) for one in came], NOW)
        arrivals = session.scalars(select(SmsArrival).order_by(SmsArrival.id))
        # More than any database takes in one statement.
        held = {arrival.fingerprint for arrival in arrivals if arrival.text in "024"} | set(map(str, range(70_000)))
        left = join_texts(session, [text], nobody_listens, NOW, most=2, held=lambda: held)
        filed = session.scalars(select(SmsMessage.text).order_by(SmsMessage.id)).all()
        return list(filed), left == [text]

    assert await desk.database.run(file) == (["1", "3"], True)
