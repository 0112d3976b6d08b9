"""The SMS desk of the small call center on a real database, with a clock that the test moves and a scripted gateway."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from twisted.internet.task import Clock

from callcenter.bus import LocalBus
from callcenter.clock import utc_now
from callcenter.crm.patient_resource import patient_resource
from callcenter.messaging.desk import SmsDesk
from callcenter.messaging.gateways.routing import Route
from callcenter.messaging.incoming.receiving import IncomingText, receive_texts
from callcenter.messaging.messages.composing import House
from callcenter.messaging.outbox.claiming import claim
from callcenter.messaging.outbox.settling import Heard, settle
from callcenter.messaging.texts.templates import template_resource
from callcenter.messaging.vocabulary import MessageState
from protocols.sms import GatewaySignal
from storage.database import Database
from storage.event_log import StoredEvent
from storage.models import Patient, PatientPhone, SmsGateway, SmsMessage
from tests.peers.call_center import DORA, FOLLOW_UP, HEART, NOW, clock_at, fill

HOUSE = House("仁爱医院", "Asia/Shanghai", "010")
HEARTS_NUMBER = "+8613600136000"
FAMILY = "+8613900139000"
STRANGER = "+8613812345678"
GATEWAY, OTHER_GATEWAY = 1, 2
CHEAP = Route(GATEWAY, receipts=True, room=1000)


def add_gateway(session: Session, key: int = GATEWAY, name: str = "移动", **more: Any) -> None:
    """A gateway as it stands in the database; nothing answers behind it."""
    values = {"kind": "cmpp2", "settings": {}, "cost": 45, "signature": "仁爱医院", **more}
    session.add(SmsGateway(id=key, name=name, state_since=NOW, **values))


def bind_gateways(session: Session, *keys: int) -> None:
    """They are providers whose pages are GBK."""
    found = update(SmsGateway).where(SmsGateway.id.in_(keys))
    session.execute(found.values(kind="http", settings={"url": "http://provider/", "preset": "linkws"}))


def texts_arrive(session: Session, desk: SmsDesk, number: str, text: str, at: datetime, gateway: int = GATEWAY) -> int:
    """A text comes in by the gateway."""
    arrived = IncomingText(gateway, number, "10690001", text, at)
    return receive_texts(session, [arrived], at, desk.inbox.received)[0]


class Desk:
    """``events`` is all that was told, in order."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock: Clock = clock_at(NOW)
        self.events: list[StoredEvent] = []
        bus = LocalBus()
        bus.subscribe(self.events.extend)
        database.on_commit = bus.publish
        self.begin()

    def begin(self) -> None:
        """A desk that knows nothing but what is in the database: as after the start of a process."""
        patients = patient_resource(self.clock, HOUSE.area_code)
        self.desk = SmsDesk(self.database, self.clock, HOUSE, template_resource(), patients)

    async def make_all(self) -> None:
        """Everything that is to be made in the background is made."""
        while await self.desk.batches.maker.step():
            pass

    @property
    def now(self) -> datetime:
        return utc_now(self.clock)

    async def hear(self, number: str, text: str, gateway: int = GATEWAY) -> int:
        """A text comes in; the id of its message."""
        return await self.database.run(texts_arrive, self.desk, number, text, self.now, gateway)

    async def rows(self, model: type[Any] = SmsMessage) -> list[dict[str, Any]]:
        def load(session: Session) -> list[dict[str, Any]]:
            names = [column.key for column in model.__table__.columns]
            found = session.scalars(select(model).order_by(model.id))
            return [{name: getattr(row, name) for name in names} for row in found]

        return await self.database.read(load)

    async def change(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await self.database.run(function, *arguments)

    def last(self, kind: str) -> StoredEvent:
        return [event for event in self.events if event.type == kind][-1]


def fill_desk(session: Session) -> None:
    """The call center with a gateway; Dora is the doctor of the patient of cardiology."""
    fill(session)
    add_gateway(session)
    session.execute(update(Patient).where(Patient.id == HEART).values(doctor_id=DORA.user_id))


def move(session: Session, message_id: int, state: MessageState) -> None:
    """What the dispatcher would make of a message."""
    session.execute(update(SmsMessage).where(SmsMessage.id == message_id).values(state=state.value))


def add_patient(session: Session, key: int, department: int = FOLLOW_UP) -> None:
    """With a mobile."""
    patient = Patient(id=key, record_number=f"R{key}", name=f"众{key}", department_id=department)
    patient.created_at = patient.updated_at = NOW
    session.add(patient)
    session.flush()
    session.add(PatientPhone(patient_id=key, number=f"+8613511{key:06d}", position=0))


async def leave(desk: Desk, *routes: Route) -> list[str]:
    """What the outbox hands over now."""
    claimed = await desk.change(claim, routes or [CHEAP], desk.now)
    return [part.key for parts in claimed.handed.values() for part in parts]


async def answer(desk: Desk, *signals: GatewaySignal, gateway: int = GATEWAY) -> None:
    """The gateway says this of what it was given."""
    await desk.change(settle, [Heard(gateway, one) for one in signals], desk.now)
