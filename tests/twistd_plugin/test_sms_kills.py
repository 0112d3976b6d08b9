"""Power cuts at moments that a story of sending hardly meets: while the daemon repairs what the last one left, while it
ends in good order, and while patients write, some of them the same twice.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.messaging.outbox.queueing import MessageDraft, queue_messages
from callcenter.messaging.rules.row import ROW
from callcenter.messaging.vocabulary import Purpose
from hardware.gateways.settings import GatewayKind
from storage.models import MessagingRules, SmsArrival, SmsMessage
from tests.peers.patience import wait_for
from tests.peers.simulator import Simulator, running
from tests.peers.sms_hospital import SmsHospital
from tests.peers.smsc import ACCOUNTS

MESSAGES = 400
RATE = 60
LIVES = 2
ROOT_NUMBER = 13_800_000_000
WRITERS = 13_900_000_000


@pytest.fixture
def smsc(tmp_path: Path) -> Iterator[Simulator]:
    with running(
        tmp_path / "smsc", "smsc", "--protocol", "smpp", "--port", "0", "--kept", "10000", terminal=False
    ) as one:
        yield one


@pytest.fixture
def hospital(tmp_path: Path, smsc: Simulator) -> Iterator[SmsHospital]:
    hospital = SmsHospital(tmp_path / "hospital")
    options = {name: value for name, value in ACCOUNTS["smpp"].items() if name != "password"}
    options |= {
        "host": "127.0.0.1", "port": smsc.ask("status")["port"], "rate": RATE, "window": 10, "connections": 2,
    }  # fmt: skip
    secrets = {"password": ACCOUNTS["smpp"]["password"]}
    hospital.add_gateway(GatewayKind.SMPP, {"name": "smpp", "cost": 50}, options, secrets)
    try:
        yield hospital
    finally:
        hospital.kill()


def fill(session: Session) -> None:
    rules = {"opens": "00:00", "closes": "24:00", "late_minutes": 1}
    session.merge(MessagingRules(id=ROW, rules=rules, version=1))
    session.flush()
    for first in range(0, MESSAGES, 500):
        drafts = [
            MessageDraft(
                str(ROOT_NUMBER + place), f"第{place}位您好，" + "请按时复诊。" * (20 if place % 8 == 0 else 1),
                Purpose.MARKETING, source=f"kills:{place}",
            )
            for place in range(first, min(first + 500, MESSAGES))
        ]  # fmt: skip
        queue_messages(session, drafts, datetime.now(UTC))


def left(session: Session) -> int:
    found = select(func.count()).where(SmsMessage.direction == "out", SmsMessage.attempts > 0)
    return session.scalar(found.select_from(SmsMessage)) or 0


def is_over(session: Session) -> bool:
    return session.scalar(select(SmsMessage.id).where(SmsMessage.state.in_(["queued", "sending"])).limit(1)) is None


def on_disk(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(SmsArrival)) or 0


def written(session: Session) -> Counter[tuple[str, str]]:
    found = select(SmsMessage.number, SmsMessage.text).where(SmsMessage.direction == "in")
    return Counter((number[-11:], text) for number, text in session.execute(found))


def gone(session: Session) -> list[str]:
    """The numbers of messages that are said to have been taken."""
    return [*session.scalars(select(SmsMessage.number).where(SmsMessage.state.in_(["accepted", "delivered"])))]


def taken(smsc: Simulator) -> Counter[tuple[str, str]]:
    """What the SMSC has taken, part by part: the number and the text."""
    return Counter((one["number"][-11:], one["text"]) for one in smsc.ask("messages", last=10_000)["messages"])


def test_a_second_daemon_beside_the_first_ends_and_calls_nothing_in_doubt(
    hospital: SmsHospital, smsc: Simulator
) -> None:
    hospital.run(fill)
    # Twenty at a time wait for their answers, and are not all through for minutes.
    smsc.ask("treat", delay=10, receipt_after=0.1)
    hospital.start()
    wait_for(lambda: hospital.read(left), "some messages on their way")
    status, words = hospital.beside()
    assert status == 1
    assert "works with this database; end it first" in words
    assert not hospital.read(is_over)
    smsc.ask("treat", delay=0, receipt_after=0.1)
    wait_for(lambda: hospital.read(is_over), "the end of the day")
    states = hospital.read(lambda session: Counter(session.scalars(select(SmsMessage.state))))
    assert states.keys() <= {"accepted", "delivered"}
    accepted = taken(smsc)
    assert len({number for number, _ in accepted}) == MESSAGES
    assert set(accepted.values()) == {1}


def test_a_kill_during_start_and_stop_and_while_patients_write_loses_nothing_and_sends_nothing_twice(
    hospital: SmsHospital, smsc: Simulator
) -> None:
    luck = random.Random(20261129)
    hospital.run(fill)
    smsc.ask("treat", delay=0.2, receipt_after=0.3)
    brought: Counter[tuple[str, str]] = Counter()
    for life in range(LIVES):
        hospital.start()
        goal = MESSAGES * (life + 1) // (LIVES + 1)
        wait_for(lambda goal=goal: hospital.read(left) >= goal, f"the moment of kill {life + 1}")
        # So many may have left in the life before.
        wait_for(lambda: smsc.ask("status")["clients"], "somebody who hears what patients write")
        for place in range(20):
            number, copies = str(WRITERS + 100 * life + place), 1 + place % 2
            smsc.ask("text", number=number, text="好", copies=copies)
            brought[number, "好"] += copies
        # Confirmed as soon as it is on disk, and mostly not shown yet: this simulator brings nothing again.
        wait_for(lambda: hospital.read(on_disk) >= sum(brought.values()), "what patients wrote")
        # As an operator who has no patience: first asked to end, then killed while it does.
        hospital.terminate()
        time.sleep(luck.random() * 0.5)
        hospital.kill()
        # And twice while it starts.
        for _ in range(2):
            hospital.launch()
            time.sleep(0.5 + luck.random() * 2.5)
            hospital.kill()
    hospital.start()
    wait_for(lambda: hospital.read(is_over), "the end of the day")
    wait_for(lambda: sum(hospital.read(written).values()) >= sum(brought.values()), "what patients wrote")
    time.sleep(2)
    accepted = taken(smsc)
    assert set(accepted.values()) == {1}
    assert hospital.read(written) == brought
    states = hospital.read(lambda session: Counter(session.scalars(select(SmsMessage.state))))
    assert sum(states.values()) == MESSAGES + sum(brought.values())
    assert states.keys() <= {"accepted", "delivered", "unknown", "received"}
    there = {number for number, _ in accepted}
    assert {number[-11:] for number in hospital.read(gone)} <= there
    assert "Traceback" not in hospital.log
