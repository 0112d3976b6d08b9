"""A bad day for real: a daemon that is killed again and again while it sends, and gateways that cut, throttle and keep
silent, answer late and report twice and out of order, each a process of its own.

``SMS_STORY=10000`` has it with more messages. It takes a minute and a half in any case: a doubt is sent again after a
minute.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.messaging.outbox.queueing import MessageDraft, queue_messages
from callcenter.messaging.rules.row import ROW
from callcenter.messaging.vocabulary import Purpose
from hardware.gateways.settings import GatewayKind
from storage.models import MessagingRules, SmsAttempt, SmsMessage
from tests.peers.patience import PATIENCE, wait_for
from tests.peers.simulator import Simulator, running
from tests.peers.sms_hospital import SmsHospital
from tests.peers.smsc import ACCOUNTS

MESSAGES = int(os.environ.get("SMS_STORY", "5000"))
REPLIES = MESSAGES // 10
"""They go first, and are sent again when in doubt; the others, marketing, never are."""
KILLS = 5
A_DAY = 2 * PATIENCE
"""Seconds after which what has not come about never will."""
RATE = 150
ROOT_NUMBER = 13_800_000_000
SECRETS = {"cmpp3": "secret", "smpp": "password"}
USUAL = {"delay": 0.1, "receipt_after": 0.4, "copies": 2, "shuffled": True}
Key = tuple[str, str, int]


@dataclass(frozen=True)
class Sent:
    """What the database has of a message: ``tried`` are the states of its attempts by position."""

    state: str
    reason: str
    purpose: str
    number: str
    parts: int
    again: bool
    tried: dict[int, list[str]]

    @property
    def tries(self) -> set[str]:
        """The states of all."""
        return set(chain.from_iterable(self.tried.values()))


class Story:
    """The hospital and its two gateways."""

    def __init__(self, hospital: SmsHospital, gateways: dict[str, Simulator]) -> None:
        self.hospital = hospital
        self.gateways = gateways
        for kind, simulator in gateways.items():
            options = {name: value for name, value in ACCOUNTS[kind].items() if name != SECRETS[kind]}
            options |= {"host": "127.0.0.1", "port": simulator.ask("status")["port"], "rate": RATE, "window": 30}
            secrets = {SECRETS[kind]: ACCOUNTS[kind][SECRETS[kind]]}
            hospital.add_gateway(
                GatewayKind(kind), {"name": kind, "cost": 50}, {**options, "answer_timeout": 5}, secrets
            )

    def treat(self, kind: str, **changes: Any) -> None:
        self.gateways[kind].ask("treat", **(USUAL | changes))

    def accepted(self) -> Counter[Key]:
        """How often each (number, words, position) was accepted, by both together."""
        found: Counter[Key] = Counter()
        for simulator in self.gateways.values():
            told = simulator.ask("messages", last=10 * MESSAGES)["messages"]
            assert len(told) == simulator.ask("status")["accept"]
            found.update((one["number"][-11:], one["text"], one["position"]) for one in told)
        return found


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    with ExitStack() as stack:
        gateways = {
            kind: stack.enter_context(
                running(tmp_path / kind, "smsc", "--protocol", kind, "--port", "0", "--kept", str(10 * MESSAGES),
                        terminal=False)
            )
            for kind in ("cmpp3", "smpp")
        }  # fmt: skip
        hospital = SmsHospital(tmp_path / "hospital")
        stack.callback(hospital.kill)
        yield Story(hospital, gateways)


def draft(place: int) -> MessageDraft:
    """Each has a number and words of its own; every eighth takes two parts."""
    text = f"第{place}位您好，请按时复诊。" + ("复诊时请带上病历和检查结果。" * 5 if place % 8 == 0 else "")
    purpose = Purpose.REPLY if place < REPLIES else Purpose.MARKETING
    return MessageDraft(str(ROOT_NUMBER + place), text, purpose, source=f"story:{place}")


def fill(session: Session) -> None:
    """At any hour, and doubts are sent again after a minute: a test cannot wait for the morning."""
    rules = {"opens": "00:00", "closes": "24:00", "late_minutes": 1}
    session.merge(MessagingRules(id=ROW, rules=rules, version=1))
    session.flush()
    for first in range(0, MESSAGES, 500):
        queue_messages(session, [draft(place) for place in range(first, min(first + 500, MESSAGES))], datetime.now(UTC))


def troubles(story: Story) -> Sequence[Callable[[], None]]:
    """What the gateways do in each life of the daemon."""

    def both_are_slow() -> None:
        # So that the replies, which go first, are in doubt when the power goes.
        for kind in story.gateways:
            story.treat(kind, delay=0.5)

    def quiet_day() -> None:
        for kind in story.gateways:
            story.treat(kind)

    def one_throttles() -> None:
        quiet_day()
        story.treat("smpp", limit=100)

    def one_cuts() -> None:
        quiet_day()
        story.gateways["cmpp3"].ask("drop", after=150)

    def one_is_silent() -> None:
        story.gateways["cmpp3"].ask("drop")
        story.treat("smpp", behaviour="silent")

    def one_fails_and_one_is_late() -> None:
        story.treat("smpp", receipt="UNDELIV")
        story.treat("cmpp3", delay=1.0)

    return both_are_slow, one_throttles, one_cuts, one_is_silent, one_fails_and_one_is_late, quiet_day


def load(session: Session) -> dict[int, Sent]:
    tried: dict[int, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    columns = (SmsAttempt.message_id, SmsAttempt.position, SmsAttempt.state)
    for row in session.execute(select(*columns).order_by(SmsAttempt.message_id, SmsAttempt.attempt)):
        tried[row.message_id][row.position].append(row.state)
    return {
        row.id: Sent(
            row.state, row.reason, row.purpose, row.number.removeprefix("+86"), row.parts,
            row.next_at is not None, dict(tried[row.id]),
        )
        for row in session.scalars(select(SmsMessage))
    }  # fmt: skip


def answered(session: Session) -> int:
    """How many messages have left, whatever became of them."""
    left = select(func.count()).where(SmsMessage.attempts > 0, SmsMessage.state != "sending")
    return session.scalar(left.select_from(SmsMessage)) or 0


def is_over(session: Session) -> bool:
    """Nothing waits any more, be it for its turn or for being sent again."""
    open_states = SmsMessage.state.in_(["queued", "sending"]) | (
        (SmsMessage.state == "unknown") & SmsMessage.next_at.is_not(None)
    )
    return session.scalar(select(SmsMessage.id).where(open_states).limit(1)) is None


def test_five_kills_forget_nothing_and_send_nothing_twice_by_our_doing(story: Story) -> None:
    luck = random.Random(20261128)
    hospital = story.hospital
    hospital.run(fill)
    # The first kill is among the replies; the others are spread over the day.
    kills = [luck.randint(REPLIES // 5, REPLIES // 2)]
    kills += [int(MESSAGES * (life + luck.random() * 0.8) / (KILLS + 1)) for life in range(1, KILLS)]
    trouble = troubles(story)
    for life, given in enumerate(kills):
        trouble[life]()
        hospital.start()
        wait_for(lambda given=given: hospital.read(answered) >= given, f"the moment of kill {life + 1}", A_DAY)
        time.sleep(luck.random() * 0.3)
        hospital.kill()
    trouble[-1]()
    hospital.start()
    hospital.sign_in()
    wait_for(lambda: hospital.read(is_over), "the end of the day", A_DAY)
    sent, totals, shown = wait_for(lambda: seen_at_rest(hospital), "a look at what stays")
    accepted = story.accepted()
    assert hospital.stop() == -signal.SIGTERM
    nothing_is_forgotten(sent)
    figures_add_up(sent, totals)
    nothing_went_twice(sent, accepted)
    doubts_are_shown(sent, shown)
    states_are_true(sent, accepted)
    assert "stopped" in hospital.log
    assert "Traceback" not in hospital.log
    assert "13800" not in hospital.log


def seen_at_rest(hospital: SmsHospital) -> tuple[dict[int, Sent], list[dict[str, Any]], dict[int, Any]] | None:
    """What the database, the totals and the list of doubts have at one time; None when something changed meanwhile:
    receipts come for a moment still.
    """
    sent = hospital.read(load)
    totals = hospital.client.get(f"/api/v1/messages/totals?from_day={_day(-1)}&to_day={_day(1)}")["items"]
    shown = _listed(hospital, "unknown")
    return (sent, totals, shown) if hospital.read(load) == sent else None


def nothing_is_forgotten(sent: dict[int, Sent]) -> None:
    assert {one.number for one in sent.values()} == {str(ROOT_NUMBER + place) for place in range(MESSAGES)}
    assert len(sent) == MESSAGES
    assert {one.state for one in sent.values()} <= {"accepted", "delivered", "failed", "unknown"}
    assert not [key for key, one in sent.items() if "sending" in one.tries]
    assert not [key for key, one in sent.items() if set(one.tried) != set(range(1, one.parts + 1))]


def figures_add_up(sent: dict[int, Sent], totals: list[dict[str, Any]]) -> None:
    assert sum(one["total"] for one in totals) == MESSAGES
    assert all(sum(one["states"].values()) == one["total"] for one in totals)
    counted = sum((Counter(one["states"]) for one in totals), Counter())
    assert +counted == Counter(one.state for one in sent.values())
    assert sum(one["parts"] for one in totals) == sum(one.parts for one in sent.values())


def doubts_are_shown(sent: dict[int, Sent], shown: dict[int, Any]) -> None:
    doubts = {key for key, one in sent.items() if one.state == "unknown"}
    assert doubts, "the story has no doubt left to show"
    assert set(shown) == doubts
    assert {one["reason"] for one in shown.values()} <= {"interrupted", "no_answer"}
    # A part of each is in doubt, and not only its message.
    assert all("unknown" in sent[key].tries for key in doubts)


def nothing_went_twice(sent: dict[int, Sent], accepted: Counter[Key]) -> None:
    by_number = {one.number: one for one in sent.values()}
    resent = [one for one in sent.values() if "given_up" in one.tries]
    assert {one.purpose for one in resent} <= {"reply"}
    for (number, words, position), times in accepted.items():
        one = by_number[number]
        assert draft(int(number) - ROOT_NUMBER).text.find(words) >= 0
        # Twice only what was in doubt, and once more at most.
        assert times == 1 or (one.purpose == "reply" and times == 2), (number, position, times)
    doubled = {number for (number, _, position), times in accepted.items() if times > 1}
    assert doubled <= {one.number for one in resent if _was_in_doubt(one)}
    assert resent, "the story has nothing that was sent again"


def _was_in_doubt(one: Sent) -> bool:
    """An attempt went before the last one of which nobody knew whether it had gone out."""
    return any({"given_up", "delivered", "failed"} & set(states[:-1]) for states in one.tried.values())


def states_are_true(sent: dict[int, Sent], accepted: Counter[Key]) -> None:
    there: dict[str, set[int]] = defaultdict(set)
    for number, _, position in accepted:
        there[number].add(position)
    for key, one in sent.items():
        whole = there[one.number] == set(range(1, one.parts + 1))
        assert whole or one.state in ("unknown", "failed"), (key, one)
        assert one.reason or one.state in ("accepted", "delivered"), (key, one)
    delivered = sum(one.state == "delivered" for one in sent.values())
    # The fewer there are, the more of them are in doubt at a kill.
    assert delivered > MESSAGES // 20, Counter(one.state for one in sent.values())


def _listed(hospital: SmsHospital, state: str) -> dict[int, Any]:
    """Every message of a state, as the API lists them."""
    found: dict[int, Any] = {}
    cursor = ""
    while True:
        page = hospital.client.get(f"/api/v1/messages?state={state}&limit=100{cursor}")
        found |= {one["id"]: one for one in page["items"]}
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def _day(offset: int) -> str:
    return (datetime.now(UTC) + timedelta(days=offset)).date().isoformat()
