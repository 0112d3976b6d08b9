"""Gateways as rows: what is true of them now is written down beside whoever hands messages to them."""

from __future__ import annotations

from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.orm import Session

from callcenter.messaging.gateways.live import NOTHING_NOW, Live
from callcenter.messaging.gateways.rows import write_live
from callcenter.messaging.outbox.queueing import MessageDraft, queue_message
from callcenter.messaging.vocabulary import Purpose
from storage.models import SmsAttempt, SmsGateway
from tests.peers.call_center import NOW, fill
from tests.peers.sms_desk import GATEWAY, OTHER_GATEWAY, add_gateway

NUMBER = "+8613800138000"


def test_a_gateway_that_is_held_can_be_handed_messages(postgresql_url: str) -> None:
    """Who claims messages writes parts of several gateways, in their order: waiting there could be a deadlock."""
    engine = create_engine(postgresql_url)
    with Session(engine) as session, session.begin():
        fill(session)
        for key, name in ((GATEWAY, "移动"), (OTHER_GATEWAY, "联通")):
            add_gateway(session, key, name)
        message = queue_message(session, MessageDraft(NUMBER, "您好", Purpose.REPLY), NOW)
    with Session(engine) as holder, Session(engine) as claimer:
        now = Live("ready", "", NOW), NOTHING_NOW
        write_live(holder, {GATEWAY: now, OTHER_GATEWAY: now}, NOW)
        claimer.execute(text("set local lock_timeout = '300ms'"))
        for gateway in (OTHER_GATEWAY, GATEWAY):
            row = {"message_id": message, "gateway_id": gateway, "number": NUMBER, "position": 1, "total": 1}
            claimer.execute(insert(SmsAttempt).values(**row, attempt=gateway, state="sending", sent_at=NOW))
        # Two that would change them wait for each other all the same.
        free = claimer.scalars(select(SmsGateway.id).with_for_update(key_share=True, skip_locked=True)).all()
        assert not free
    engine.dispose()
