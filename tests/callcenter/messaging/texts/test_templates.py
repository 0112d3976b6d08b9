"""Two administrators write what there is one of at the same moment: the second one is told so."""

from __future__ import annotations

import pytest
import pytest_twisted
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred

from storage.models import AutoReply, Base, MessageTemplate
from tests.peers.patience import until
from tests.peers.site import start_site

WAITING = text("select count(*) from pg_locks where not granted")
GREETING = {"name": "第二个", "purpose": "care", "text": "生日快乐", "occasion": "birthday"}


@pytest.mark.parametrize(
    ("path", "first", "body", "status", "told"),
    [
        ("templates", MessageTemplate(name="第一个", purpose="care", text="生日快乐", occasion="birthday"),
         GREETING, 422, "第一个"),
        ("templates", MessageTemplate(name="第一个", purpose="care", text="您好", occasion="birthday", department_id=1),
         GREETING | {"department_id": 1}, 422, "第一个"),
        ("auto_replies", AutoReply(text="现在不是值班时间"), {"text": "明天回复"}, 409, "已有"),
        ("auto_replies", AutoReply(text="您好", keyword="地址"), {"text": "您好", "keyword": "地址"}, 409, "已有"),
    ],
)  # fmt: skip
@pytest_twisted.ensureDeferred
async def test_of_two_at_the_same_moment_the_second_is_told(
    postgresql_url: str, path: str, first: Base, body: dict[str, object], status: int, told: str
) -> None:
    site = await start_site(postgresql_url)
    engine = create_engine(postgresql_url)
    try:
        admin = await site.signed_in("admin")
        with Session(engine, expire_on_commit=False) as session, Session(engine) as looking:
            session.add(first)
            session.flush()
            asked = Deferred.fromCoroutine(admin.post(f"/api/v1/{path}", body))
            await until(lambda: asked.called or looking.scalar(WAITING))
            session.commit()
            session.expunge_all()
        answer = await asked
        assert (answer.status, told in answer.text) == (status, True), answer.text
    finally:
        await site.stop()
        engine.dispose()
