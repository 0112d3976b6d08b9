"""The page of totals: its figures add up, each leads to exactly the records it counts, and a difference is told."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
import pytest_twisted
from sqlalchemy import update
from sqlalchemy.orm import Session

from callcenter.messaging.outbox.queueing import MessageDraft, queue_message
from callcenter.messaging.vocabulary import Purpose
from storage.models import SmsMessage
from tests.peers.call_center import NOW
from tests.peers.site import Browser, RunningSite
from tests.web.test_messaging import added


def put(session: Session, gateway: int) -> None:
    """Five messages of two days: by a gateway and by none, in four states."""
    asked = ((0, gateway, "delivered"), (1, gateway, "failed"), (2, gateway, "delivered"), (3, None, "cancelled"))
    for place, key, state in asked:
        made = queue_message(session, MessageDraft(f"1380013800{place}", "您好", Purpose.REPLY), NOW)
        session.execute(
            update(SmsMessage)
            .where(SmsMessage.id == made)
            .values(gateway_id=key, state=state, parts=2 if key else 0, cost=90 if key else 0)
        )
    queue_message(session, MessageDraft("", "您好", Purpose.REPLY), NOW - timedelta(days=1))


async def filled(site: RunningSite) -> Browser:
    admin = await site.signed_in("admin")
    gateway = await added(site, admin)
    await site.database.run(put, gateway["id"])
    return admin


def rows_of(page: str) -> list[list[str]]:
    """The rows of the table as plain text."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", page.partition("<tbody")[2].partition("</table>")[0], re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in row] for row in cells]


@pytest_twisted.ensureDeferred
async def test_rows_by_day_and_gateway_add_up_to_the_sum(site: RunningSite) -> None:
    admin = await filled(site)
    answer = await admin.get("/messages/totals?from_day=2026-03-01&to_day=2026-03-02&lang=en")
    assert answer.status == 200
    assert rows_of(answer.text) == [
        ["2026-03-01"],
        ["No gateway", "1", "0", "0", "0", "0", "0", "0", "0", "0", "1", "0", "0.00"],
        ["2026-03-02"],
        ["移动", "3", "0", "0", "0", "2", "1", "0", "0", "0", "0", "6", "0.27"],
        ["No gateway", "1", "0", "0", "0", "0", "0", "0", "1", "0", "0", "0", "0.00"],
        ["Sum", "5", "0", "0", "0", "2", "1", "0", "1", "0", "1", "6", "0.27"],
    ]
    assert 'data-adds-up="yes"' in answer.text
    assert "It adds up: 5 in all" in answer.text


@pytest_twisted.ensureDeferred
async def test_each_figure_leads_to_exactly_what_it_counts(site: RunningSite) -> None:
    admin = await filled(site)
    page = (await admin.get("/messages/totals?from_day=2026-03-01&to_day=2026-03-02")).text
    ways = re.findall(r'data-column="\w+"><a href="([^"]+)">(\d+)</a>', page)
    assert len(ways) == 12
    for way, count in ways:
        found = (await admin.get("/api/v1" + unescape(way))).json["items"]
        assert len(found) == int(count), way
        assert (await admin.get(unescape(way))).status == 200


@pytest_twisted.ensureDeferred
async def test_records_without_a_gateway_can_be_asked_for(site: RunningSite) -> None:
    admin = await filled(site)
    found = (await admin.get("/api/v1/messages?gateway_id=0")).json["items"]
    assert [(one["gateway"], one["state"]) for one in found] == [(None, "cancelled"), (None, "suppressed")]
    page = (await admin.get("/messages?gateway_id=0&lang=en")).text
    assert re.search(r'<option value="0" selected>No gateway</option>', page)
    assert (await admin.get("/api/v1/messages?gateway_id=-1")).status == 422


@pytest_twisted.ensureDeferred
async def test_what_does_not_add_up_is_told_with_its_row(site: RunningSite) -> None:
    admin = await filled(site)

    def spoil(session: Session) -> None:
        # No state of an outgoing message: what a fault or a hand in the database could leave.
        session.execute(update(SmsMessage).where(SmsMessage.state == "failed").values(state="lost"))

    await site.database.run(spoil)
    page = (await admin.get("/messages/totals?from_day=2026-03-02&to_day=2026-03-02&lang=en")).text
    assert 'data-adds-up="no"' in page
    assert "2026-03-02, 移动: 3 in all, but the states make 2 (+1)" in page
    assert page.count("total-wrong") == 2
    told = (await admin.get("/api/v1/messages/totals?from_day=2026-03-02&to_day=2026-03-02")).json["items"]
    assert [one["difference"] for one in told] == [1, 0]


@pytest.mark.parametrize("days", ["from_day=2026-03-02&to_day=2026-03-01", "from_day=2026-01-01&to_day=2026-02-01"])
@pytest_twisted.ensureDeferred
async def test_days_that_cannot_be_counted_are_refused_and_stay_typed(site: RunningSite, days: str) -> None:
    admin = await site.signed_in("admin")
    answer = await admin.get(f"/messages/totals?{days}&lang=en")
    assert answer.status == 422
    assert "Choose 1 to 31 days." in answer.text
    assert f'name="from_day" value="{days[9:19]}"' in answer.text
    assert (await admin.get(f"/api/v1/messages/totals/export?{days}")).status == 422
    assert (await admin.get("/messages/totals?from_day=yesterday")).status == 422
    for edge in ("from_day=9999-12-31", "to_day=0001-01-01", "from_day=0001-01-01&to_day=0001-01-01"):
        assert (await admin.get(f"/messages/totals?{edge}")).status in (200, 422), edge
        assert (await admin.get(f"/api/v1/messages/totals?{edge}")).status == 422


@pytest_twisted.ensureDeferred
async def test_an_empty_week_says_so(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    page = (await admin.get("/messages/totals?lang=en")).text
    assert "No messages in this period" in page
    assert "data-adds-up" not in page


@pytest_twisted.ensureDeferred
async def test_the_file_has_the_same_rows_and_the_log_tells_of_it(site: RunningSite) -> None:
    admin, agent = await filled(site), await site.signed_in("agent")
    path = "/api/v1/messages/totals/export?from_day=2026-03-01&to_day=2026-03-02&format=csv&lang=en"
    lines = (await admin.get(path)).body.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Day,Gateway,In all,Waiting")
    assert lines[2] == "2026-03-02,移动,3,0,0,0,2,1,0,0,0,0,0,6,0.27"
    assert len(lines) == 4
    (entry, *_) = (await admin.get("/api/v1/audit?subject_type=message&action=export")).json["items"]
    assert entry["after"] == {"from_day": "2026-03-01", "to_day": "2026-03-02"}
    assert (await agent.get(path)).status == 403


@pytest_twisted.ensureDeferred
async def test_who_sees_own_messages_counts_own_messages(site: RunningSite) -> None:
    await filled(site)
    doctor = await site.signed_in("doctor")
    page = (await doctor.get("/messages/totals?from_day=2026-03-01&to_day=2026-03-02&lang=en")).text
    assert "No messages in this period" in page
