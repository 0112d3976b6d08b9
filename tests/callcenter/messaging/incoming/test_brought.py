"""What an SMSC brings again is one text, and what somebody writes twice is two: a real session up to the messages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from callcenter.messaging.incoming import brought
from callcenter.messaging.incoming.arrivals import join_texts, store_parts
from callcenter.messaging.incoming.brought import COMES_WITHIN, Brought
from callcenter.messaging.incoming.brought_text import PATIENCE
from callcenter.messaging.incoming.doubted import LONGEST
from callcenter.messaging.incoming.kept_parts import forget_parts
from callcenter.messaging.outbox.dispatcher import UPKEEP_SECONDS
from protocols.cmpp.codec import V2
from protocols.cmpp.codec import encode as cmpp
from protocols.cmpp.messages import Command as CmppCommand
from protocols.cmpp.messages import ConnectAnswer, Deliver
from protocols.cmpp.session import CmppTongue
from protocols.cmpp.settings import CmppAccount
from protocols.pdu_frames import PduSplitter
from protocols.smpp.codec import HEADER, encode, plain
from protocols.smpp.messages import RESPONSE, Address, BindAnswer, Command, ShortMessage, Tag
from protocols.smpp.session import SmppTongue
from protocols.smpp.settings import Role, SmppAccount
from protocols.sms import GatewaySignal, PartAccepted, TextArrived
from protocols.sms_link import READ_AFTER, Link
from storage.models import SmsAttempt, SmsGateway, SmsMessage
from tests.conftest import LostFailures
from tests.peers.message_centre import Centre
from tests.peers.sms_session import NOON, Driven

HELD = timedelta(seconds=READ_AFTER + 1)
SOON = timedelta(seconds=2)
LONG_AFTER = timedelta(minutes=10)
GATEWAY = 1


class Smsc:
    """The side of an SMSC that brings texts over a bind, which has the clock of ``centre``."""

    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self.begin()
        self.sequence = 0
        self.away: Deferred[None] | None = None

    def begin(self) -> None:
        """With a process that knows nothing of it."""
        self.driven = Driven(SmppTongue(SmppAccount("huifang", "secret"), Role.TRANSCEIVER, lambda: NOON))

    async def connect(self) -> None:
        self._now()
        self.driven.start()
        self.driven.hear(encode(Command.BIND_TRANSCEIVER | RESPONSE, 1, BindAnswer(b"smsc")))
        await self._report()

    async def bring(self, *words: str, called: bytes = b"") -> None:
        """Each in a deliver_sm of its own, all in one segment; answered when they are on disk. ``called``: the id that
        the SMSC tells with them.
        """
        self._bring(words, called)
        await self._report()

    async def bring_while_away(self, *words: str) -> None:
        """The database is away, and nothing is written down before ``write``."""
        self.away = self.away or Deferred()
        await self.bring(*words)

    async def write(self) -> None:
        """The database is back."""
        away, self.away = self.away, None
        assert away is not None
        away.callback(None)
        await self._report()

    async def rest(self) -> None:
        """Until nobody does anything that needs neither time nor the database."""
        if self.away is None:
            await self.centre.settle()
        else:
            self.centre.clock.advance(0)

    async def say_something(self) -> None:
        self._now()
        self.driven.hear(plain(Command.ENQUIRE_LINK, 900))
        await self._report()

    async def answer_question(self) -> None:
        """Say that it is there, to the last one who asked."""
        self.say_it_is_there()
        await self._report()

    def say_it_is_there(self) -> None:
        self._now()
        self.driven.flush()
        written = PduSplitter(HEADER).feed(self.driven.take_written())
        [*_, sequence] = [header[3] for header, _ in written if header[1] == Command.ENQUIRE_LINK]
        self.driven.hear(plain(Command.ENQUIRE_LINK | RESPONSE, sequence))

    async def lose(self) -> None:
        self._now()
        self.driven.lose()
        await self._report()

    async def unbind(self) -> None:
        """We leave in good order."""
        self._now()
        self.driven.leave()
        self.driven.hear(plain(Command.UNBIND | RESPONSE, 2))
        self.driven.lose()
        await self._report()

    def _bring(self, words: Sequence[str], called: bytes) -> None:
        options = {int(Tag.RECEIPTED_MESSAGE_ID): called + b"\0"} if called else {}
        self._now()
        pdus = []
        for each in words:
            self.sequence += 1
            text = ShortMessage(Address(b"8613800138000"), Address(b"1069"), each.encode(), options=options)
            pdus.append(encode(Command.DELIVER_SM, self.sequence, text))
        self.driven.hear(*pdus)

    def _now(self) -> None:
        self.driven.now = self.centre.clock.seconds()

    async def _report(self) -> None:
        self.centre.dispatcher.heard(GATEWAY, self.driven.take_signals())
        await self.rest()
        self.driven.flush()


@pytest_twisted.async_yield_fixture
async def smsc(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Smsc]:
    def add(session: Session) -> None:
        session.add(SmsGateway(id=GATEWAY, name="smsc", kind="smpp", settings={}, state_since=NOON))

    await centre.database.run(add)
    peer = Smsc(centre)
    run = centre.database.run

    async def run_or_wait(function: Callable[..., Any], *args: Any) -> Any:
        if peer.away is not None:
            await peer.away
        return await run(function, *args)

    monkeypatch.setattr(centre.database, "run", run_or_wait)
    await peer.connect()
    yield peer


def texts(smsc: Smsc) -> int:
    return len(smsc.centre.texts)


async def after(smsc: Smsc, duration: timedelta) -> None:
    """Let so much time pass. What runs now and then runs at its end."""
    smsc.centre.clock.advance(duration.total_seconds())
    await smsc.rest()


@pytest_twisted.ensureDeferred
async def test_who_answers_the_same_again_over_a_connection_that_lives_is_heard_again(smsc: Smsc) -> None:
    await smsc.bring("1")
    await after(smsc, SOON)
    await smsc.bring("1")
    assert texts(smsc) == 2


@pytest_twisted.ensureDeferred
async def test_two_in_one_segment_are_two(smsc: Smsc) -> None:
    await smsc.bring("1", "1")
    assert texts(smsc) == 2


@pytest.mark.parametrize("away", [SOON, LONG_AFTER, timedelta(days=2)])
@pytest_twisted.ensureDeferred
async def test_what_was_answered_when_the_connection_broke_is_one(smsc: Smsc, away: timedelta) -> None:
    await smsc.bring("1")
    await after(smsc, SOON)
    await smsc.lose()
    await after(smsc, away)
    await smsc.connect()
    await after(smsc, SOON)
    await smsc.bring("1")
    assert texts(smsc) == 1
    await smsc.bring("1")
    assert texts(smsc) == 2


@pytest_twisted.ensureDeferred
async def test_what_was_not_answered_before_the_connection_broke_is_one(smsc: Smsc) -> None:
    await smsc.bring_while_away("1")
    await smsc.lose()
    await smsc.write()
    await after(smsc, LONG_AFTER)
    await smsc.connect()
    await smsc.bring("1")
    assert texts(smsc) == 1


@pytest_twisted.ensureDeferred
async def test_what_comes_again_before_it_could_be_written_down_is_one(smsc: Smsc) -> None:
    await smsc.bring_while_away("1")
    await smsc.lose()
    await smsc.connect()
    await smsc.bring_while_away("1")
    await smsc.write()
    assert texts(smsc) == 1
    await after(smsc, SOON)
    await smsc.bring("1")
    assert texts(smsc) == 2


@pytest_twisted.ensureDeferred
async def test_what_was_answered_long_before_is_not_taken_for_what_comes_after_a_loss(smsc: Smsc) -> None:
    await smsc.bring("1")
    await after(smsc, HELD)
    await smsc.say_something()
    await smsc.lose()
    await smsc.connect()
    await smsc.bring("1")
    assert texts(smsc) == 2


@pytest_twisted.ensureDeferred
async def test_a_gateway_that_was_not_heard_since_the_answer_may_not_have_read_it(smsc: Smsc) -> None:
    await smsc.bring("1")
    await after(smsc, timedelta(hours=3))
    await smsc.lose()
    await smsc.connect()
    await smsc.bring("1")
    assert texts(smsc) == 1


@pytest_twisted.ensureDeferred
async def test_a_quiet_gateway_is_asked_and_has_read_what_was_written_before(smsc: Smsc) -> None:
    await smsc.bring("1")
    await after(smsc, timedelta(seconds=UPKEEP_SECONDS))
    await smsc.answer_question()
    await smsc.lose()
    await smsc.connect()
    await smsc.bring("1")
    assert texts(smsc) == 2


@pytest_twisted.ensureDeferred
async def test_both_of_two_may_come_again(smsc: Smsc) -> None:
    await smsc.bring("1")
    await smsc.bring("1")
    await smsc.lose()
    await smsc.connect()
    await smsc.bring("1", "1")
    assert texts(smsc) == 2
    await smsc.bring("1")
    assert texts(smsc) == 3


@pytest_twisted.ensureDeferred
async def test_an_smsc_whose_patience_was_over_brings_it_again_over_the_same_connection(smsc: Smsc) -> None:
    await smsc.bring_while_away("1")
    await after(smsc, timedelta(seconds=PATIENCE))
    await smsc.bring_while_away("1")
    await smsc.write()
    assert texts(smsc) == 1
    # And once more, which crossed our answer.
    await smsc.bring_while_away("2")
    await after(smsc, timedelta(seconds=PATIENCE))
    await smsc.write()
    await smsc.bring("2")
    assert texts(smsc) == 2


@pytest_twisted.ensureDeferred
async def test_other_words_and_other_numbers_are_others(smsc: Smsc) -> None:
    await smsc.bring("1")
    await smsc.lose()
    await smsc.connect()
    await smsc.bring("2")
    assert texts(smsc) == 2


@pytest_twisted.ensureDeferred
async def test_some_hours_after_the_smsc_is_back_nothing_old_comes_any_more(smsc: Smsc) -> None:
    await smsc.bring("1")
    await smsc.lose()
    await smsc.connect()
    await after(smsc, timedelta(seconds=UPKEEP_SECONDS))
    await after(smsc, timedelta(seconds=COMES_WITHIN))
    await smsc.bring("1")
    assert texts(smsc) == 2


# Over several connections of one gateway, of which none is known to be lost.


async def another_bind(smsc: Smsc) -> Smsc:
    other = Smsc(smsc.centre)
    await other.connect()
    return other


@pytest.mark.parametrize("meanwhile", [timedelta(0), SOON, timedelta(minutes=3)])
@pytest_twisted.ensureDeferred
async def test_what_the_smsc_calls_the_same_is_one_over_another_bind(smsc: Smsc, meanwhile: timedelta) -> None:
    other = await another_bind(smsc)
    await smsc.bring("1", called=b"a7")
    await after(smsc, meanwhile)
    await other.bring("1", called=b"a7")
    assert texts(smsc) == 1
    await other.bring("1", called=b"a8")
    assert texts(smsc) == 2
    # And it is one still when the loss of the first is noticed.
    await smsc.lose()
    await other.bring("1", called=b"a9")
    assert texts(smsc) == 3


@pytest_twisted.ensureDeferred
async def test_what_the_smsc_calls_otherwise_is_another_even_after_a_loss(smsc: Smsc) -> None:
    await smsc.bring("1", called=b"a7")
    await smsc.lose()
    await smsc.connect()
    await smsc.bring("1", called=b"a8")
    assert texts(smsc) == 2
    await smsc.bring("1", called=b"a7")
    assert texts(smsc) == 2


@pytest.mark.parametrize("meanwhile", [timedelta(0), SOON, LONG_AFTER])
@pytest_twisted.ensureDeferred
async def test_the_same_words_over_two_binds_that_live_are_two(smsc: Smsc, meanwhile: timedelta) -> None:
    other = await another_bind(smsc)
    await smsc.bring("1")
    await after(smsc, meanwhile)
    await other.bring("1")
    await smsc.answer_question()
    assert texts(smsc) == 2
    # And they are two still when the loss of the first is noticed.
    await smsc.lose()
    assert texts(smsc) == 2
    await other.bring("1")
    assert texts(smsc) == 3


@pytest.mark.parametrize("meanwhile", [timedelta(0), SOON, LONG_AFTER])
@pytest.mark.parametrize("noticed", [timedelta(0), timedelta(minutes=4)])
@pytest_twisted.ensureDeferred
async def test_they_are_one_when_the_first_is_found_to_be_lost(
    smsc: Smsc, meanwhile: timedelta, noticed: timedelta
) -> None:
    other = await another_bind(smsc)
    await smsc.bring("1")
    await after(smsc, meanwhile)
    await other.bring("1")
    await after(smsc, noticed)
    assert texts(smsc) == 1
    await smsc.lose()
    await smsc.centre.wait(timedelta(seconds=2 * UPKEEP_SECONDS), UPKEEP_SECONDS)
    assert texts(smsc) == 1
    await other.bring("1")
    assert texts(smsc) == 2


@pytest_twisted.ensureDeferred
async def test_of_two_that_come_over_another_bind_one_is_brought_again(smsc: Smsc) -> None:
    other = await another_bind(smsc)
    await smsc.bring("1")
    await other.bring("1", "1")
    assert texts(smsc) == 2
    await smsc.lose()
    assert texts(smsc) == 2


@pytest_twisted.ensureDeferred
async def test_what_is_held_holds_up_nothing_and_is_shown_when_nobody_finds_out(smsc: Smsc) -> None:
    other = await another_bind(smsc)
    await smsc.bring("1")
    await other.bring("1")
    await other.bring("2")
    assert [text.text for text in smsc.centre.texts] == ["1", "2"]
    await after(smsc, timedelta(seconds=LONGEST))
    await after(smsc, timedelta(seconds=UPKEEP_SECONDS))
    assert sorted(text.text for text in smsc.centre.texts) == ["1", "1", "2"]


@pytest_twisted.ensureDeferred
async def test_what_is_held_is_one_when_the_loss_is_noticed_before_it_is_on_disk(smsc: Smsc) -> None:
    other = await another_bind(smsc)
    await smsc.bring("1")
    other.away = smsc.away = Deferred()
    await other.bring("1")
    await smsc.lose()
    other.away = None
    await smsc.write()
    await after(smsc, timedelta(seconds=UPKEEP_SECONDS))
    assert texts(smsc) == 1


@pytest_twisted.ensureDeferred
async def test_what_is_found_to_be_new_while_others_are_filed_is_shown_at_once(
    smsc: Smsc, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await another_bind(smsc)
    await smsc.bring("1")
    run = smsc.centre.database.run
    answers = [smsc.say_it_is_there]

    async def run_and_answer(function: Callable[..., Any], *args: Any) -> Any:
        done = await run(function, *args)
        if function is join_texts and answers:
            # Whoever files passed it over, and is not at the end.
            answers.pop()()
        return done

    monkeypatch.setattr(smsc.centre.database, "run", run_and_answer)
    await other.bring("1")
    assert (answers, texts(smsc)) == ([], 2)


@pytest_twisted.ensureDeferred
async def test_many_that_are_brought_again_are_forgotten_together(smsc: Smsc, monkeypatch: pytest.MonkeyPatch) -> None:
    other = await another_bind(smsc)
    words = [str(number) for number in range(30)]
    await smsc.bring(*words)
    other.away = smsc.away = Deferred()
    await other.bring(*words)
    await smsc.lose()
    run, forgotten = smsc.centre.database.run, []

    async def run_and_count(function: Callable[..., Any], *args: Any) -> Any:
        if function is forget_parts:
            forgotten.append(function)
        return await run(function, *args)

    monkeypatch.setattr(smsc.centre.database, "run", run_and_count)
    other.away = None
    await smsc.write()
    await after(smsc, timedelta(seconds=UPKEEP_SECONDS))
    assert texts(smsc) == len(words)
    # One is begun when the first is known, and one has all the others.
    assert len(forgotten) <= 2


@pytest_twisted.ensureDeferred
async def test_what_cannot_be_forgotten_now_is_forgotten_later_and_keeps_no_others_waiting(
    smsc: Smsc, monkeypatch: pytest.MonkeyPatch, lost_failures: LostFailures
) -> None:
    run = smsc.centre.database.run
    fails = True

    async def run_or_fail(function: Callable[..., Any], *args: Any) -> Any:
        if function is forget_parts and fails:
            raise RuntimeError("not now")
        return await run(function, *args)

    monkeypatch.setattr(smsc.centre.database, "run", run_or_fail)
    other = await another_bind(smsc)
    await smsc.bring("1")
    await other.bring("1")
    await smsc.lose()
    # What a process before this one has left, say.
    await run(store_parts, [(GATEWAY, brought_text(Link(), "2"))], NOON)
    await after(smsc, timedelta(seconds=UPKEEP_SECONDS))
    assert [text.text for text in smsc.centre.texts] == ["1", "2"]
    assert lost_failures.take()
    fails = False
    await after(smsc, timedelta(seconds=UPKEEP_SECONDS))
    await smsc.centre.start_again()
    assert [text.text for text in smsc.centre.texts] == ["1", "2"]


@pytest_twisted.ensureDeferred
async def test_over_a_third_bind_it_is_one_still(smsc: Smsc) -> None:
    second, third = await another_bind(smsc), await another_bind(smsc)
    await smsc.bring("1")
    await second.bring("1")
    await third.bring("1")
    assert texts(smsc) == 1
    await second.lose()
    await smsc.lose()
    assert texts(smsc) == 1
    await third.bring("1")
    assert texts(smsc) == 2


@pytest_twisted.ensureDeferred
async def test_and_if_only_the_second_of_three_is_lost_they_are_two(smsc: Smsc) -> None:
    second, third = await another_bind(smsc), await another_bind(smsc)
    await smsc.bring("1")
    await second.bring("1")
    await third.bring("1")
    await second.lose()
    await smsc.answer_question()
    assert texts(smsc) == 2


@pytest_twisted.ensureDeferred
async def test_what_was_read_is_not_taken_for_what_comes_by_the_same_id_later(smsc: Smsc) -> None:
    other = await another_bind(smsc)
    await smsc.bring("1", called=b"a7")
    await after(smsc, HELD)
    await smsc.say_something()
    await other.bring("1", called=b"a7")
    assert texts(smsc) == 2


@pytest.mark.parametrize("proof", ["好的", "1"])
@pytest_twisted.ensureDeferred
async def test_an_id_that_several_texts_have_is_none(smsc: Smsc, proof: str) -> None:
    """Some tell the id of our message which the patient answers: who answers it "1" twice says so twice."""
    other = await another_bind(smsc)
    await smsc.bring(proof, called=b"a7")
    await smsc.bring("1", called=b"a7")
    await after(smsc, SOON)
    await other.bring("1", called=b"a7")
    await smsc.answer_question()
    assert texts(smsc) == 3


@pytest_twisted.ensureDeferred
async def test_the_id_of_a_message_of_ours_is_no_name_of_what_answers_it(smsc: Smsc) -> None:
    other = await another_bind(smsc)
    smsc.centre.dispatcher.heard(GATEWAY, [PartAccepted("1.1.1", "a7")])
    await smsc.rest()
    await smsc.bring("1", called=b"00A7")
    await after(smsc, SOON)
    await other.bring("1", called=b"00A7")
    await smsc.answer_question()
    assert texts(smsc) == 2


def delivered(msg_id: int, words: str = "1") -> Sequence[GatewaySignal]:
    """What a CMPP connection of its own reports of a DELIVER."""
    driven = Driven(CmppTongue(CmppAccount("900001", "888888"), lambda: NOON))
    driven.start()
    driven.hear(cmpp(CmppCommand.CONNECT | RESPONSE, 1, ConnectAnswer(0, bytes(16), 0x20), V2))
    driven.take_signals()
    driven.hear(cmpp(CmppCommand.DELIVER, 7, Deliver(msg_id, "1069", "13800138000", words.encode()), V2))
    return driven.take_signals()


@pytest_twisted.ensureDeferred
async def test_what_a_cmpp_gateway_calls_the_same_is_one_over_another_connection(smsc: Smsc) -> None:
    for msg_id in (77, 77, 78):
        smsc.centre.dispatcher.heard(GATEWAY, delivered(msg_id))
        await smsc.rest()
    assert texts(smsc) == 2


# Across processes.


async def kill(smsc: Smsc) -> None:
    """The process ends without a word; the next one starts."""
    centre = smsc.centre
    smsc.begin()
    await centre.dispatcher.pause()
    centre.dispatcher = centre.another()
    await centre.dispatcher.start()
    await centre.settle()


@pytest_twisted.ensureDeferred
async def test_what_the_process_had_just_written_down_when_it_was_killed_is_one(smsc: Smsc) -> None:
    await smsc.bring("1", "2")
    await kill(smsc)
    await after(smsc, LONG_AFTER)
    await smsc.connect()
    await smsc.bring("1")
    assert texts(smsc) == 2
    await smsc.bring("1")
    assert texts(smsc) == 3
    # A third process knows what the second left.
    await kill(smsc)
    await smsc.connect()
    await smsc.bring("1", "2")
    assert texts(smsc) == 3


@pytest_twisted.ensureDeferred
async def test_what_was_read_before_the_process_was_killed_is_not_taken_for_what_comes_then(smsc: Smsc) -> None:
    await smsc.bring("1")
    await after(smsc, HELD)
    await smsc.say_something()
    await after(smsc, timedelta(seconds=UPKEEP_SECONDS))
    await kill(smsc)
    await smsc.connect()
    await smsc.bring("1")
    assert texts(smsc) == 2


@pytest_twisted.ensureDeferred
async def test_whoever_leaves_in_good_order_leaves_nothing_to_come_again(smsc: Smsc) -> None:
    await smsc.bring("1")
    await after(smsc, SOON)
    await smsc.bring_while_away("2")
    await smsc.unbind()
    await smsc.write()
    await smsc.centre.start_again()
    await smsc.connect()
    await smsc.bring("1", "2")
    assert sorted(text.text for text in smsc.centre.texts) == ["1", "1", "2"]


@pytest_twisted.ensureDeferred
async def test_the_id_of_a_message_that_the_last_process_sent_is_no_name_either(smsc: Smsc) -> None:
    def sent(session: Session) -> None:
        common = {"number": "+8613800138000", "state": "accepted"}
        message = SmsMessage(direction="out", purpose="care", text="回复1", created_at=NOON, state_at=NOON, **common)
        session.add(message)
        session.flush()
        part = {"message_id": message.id, "gateway_id": GATEWAY, "attempt": 1, "position": 1, "total": 1}
        session.add(SmsAttempt(**part, sent_at=NOON, gateway_ref="a7", **common))

    await smsc.centre.database.run(sent)
    await kill(smsc)
    await smsc.connect()
    other = await another_bind(smsc)
    await smsc.bring("1", called=b"00A7")
    await after(smsc, timedelta(minutes=3))
    await other.bring("1", called=b"00A7")
    await smsc.answer_question()
    assert texts(smsc) == 2


@pytest_twisted.ensureDeferred
async def test_what_is_held_when_the_process_is_killed_is_shown_by_the_next(smsc: Smsc) -> None:
    other = await another_bind(smsc)
    await smsc.bring("1")
    await other.bring("1")
    assert texts(smsc) == 1
    await kill(smsc)
    assert texts(smsc) == 2


# What is remembered.


def brought_text(link: Link, words: str = "1") -> TextArrived:
    return TextArrived("13800138000", "1069", words, link=link, written=lambda: None)


def names(memory: Brought, link: Link, *words: str) -> list[str]:
    return [one.gateway_id for one in memory.heard(GATEWAY, [brought_text(link, each) for each in words])]  # type: ignore[attr-defined]


def test_of_too_many_the_newest_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brought, "MOST", 3)
    memory, link = Brought(Clock()), Link()
    before = names(memory, link, *"123456789")
    memory.forget()
    link.ended = True
    after = names(memory, Link(), *"123456789")
    assert [one == other for one, other in zip(before, after, strict=True)] == [False] * 6 + [True] * 3


def test_it_is_told_once_up_to_when_nothing_comes_again() -> None:
    clock = Clock()
    memory, link = Brought(clock), Link()
    assert memory.settled_until(NOON) == {}
    (name,) = names(memory, link, "1")
    clock.advance(60)
    [(gateway, open_since)] = memory.settled_until(NOON).items()
    assert (gateway, NOON - open_since >= timedelta(seconds=60)) == (GATEWAY, True)
    assert memory.settled_until(NOON) == {}
    memory.confirmed(GATEWAY, replace(brought_text(link), gateway_id=name))
    clock.advance(READ_AFTER)
    link.heard(clock.seconds())
    assert memory.settled_until(NOON) == {GATEWAY: NOON}
    assert memory.settled_until(NOON) == {}


def test_what_has_a_name_and_parts_of_long_texts_stay_as_they_are() -> None:
    named = TextArrived("13800138000", "1069", "1", gateway_id="7", written=lambda: None)
    part = TextArrived("13800138000", "1069", "1", 7, 1, 2, link=Link(), written=lambda: None)
    memory = Brought(Clock())
    assert memory.heard(GATEWAY, [named, part]) == [named, part]
    assert memory.settled_until(NOON) == {}


def confirm(memory: Brought, link: Link, name: str) -> None:
    memory.confirmed(GATEWAY, replace(brought_text(link), gateway_id=name))


def test_what_is_brought_once_more_while_it_is_held_is_forgotten_when_that_is_written_down_too() -> None:
    memory = Brought(Clock())
    first, second, third = Link(), Link(), Link()
    confirm(memory, first, *names(memory, first, "1"))
    (held,) = names(memory, second, "1")
    confirm(memory, second, held)
    second.end()
    assert names(memory, third, "1") == [held]
    first.end()
    assert memory.doubted.repeated == {}
    confirm(memory, third, held)
    assert memory.doubted.repeated == {held: GATEWAY}
