"""Reports as page, API and file: every figure leads to as many calls as it says, and to nobody else's."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.models import AgentStateSpan, CallRecord, PhoneLine, Role, RolePermission, UserAccount
from tests.peers.hospital import MEDICINE, ORTHOPAEDICS
from tests.peers.site import RunningSite, all_rows

DAYS = "from_day=2026-02-27&to_day=2026-03-02"
# 16:00 UTC is midnight in Shanghai.
MIDNIGHT = datetime(2026, 3, 1, 16, tzinfo=UTC)


def some_calls(session: Session) -> None:
    lines = list(session.scalars(select(PhoneLine.id).order_by(PhoneLine.id)))
    agent = session.scalar(select(UserAccount.id).where(UserAccount.username == "agent"))
    for number in range(40):
        at = MIDNIGHT + timedelta(minutes=(number - 20) * 47)
        call = CallRecord(
            line_id=lines[number % 2], direction="out" if number % 5 == 0 else "in", state="ended", started_at=at,
            department_id=(None, ORTHOPAEDICS, MEDICINE)[number % 3],
        )  # fmt: skip
        call.answered_at = at + timedelta(seconds=number) if number % 4 else None
        call.ended_at = (call.answered_at or at) + timedelta(seconds=number)
        call.agent_id = agent if call.answered_at else None
        call.missed = call.direction == "in" and call.answered_at is None
        call.end_reason = "far_end" if call.answered_at else "abandoned"
        session.add(call)
    session.add(
        AgentStateSpan(user_id=agent, state="available", started_at=MIDNIGHT, ended_at=MIDNIGHT.replace(hour=20))
    )
    session.get_one(UserAccount, agent).display_name = "=cmd|' /C calc'!A1"


def counted_on(text: str) -> int:
    found = re.search(r'id="counted"><strong class="number">(\d+) call', text)
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize("by", ["day", "hour", "group", "line", "agent"])
@pytest_twisted.ensureDeferred
async def test_every_figure_leads_to_as_many_calls_as_it_says(site: RunningSite, by: str) -> None:
    await site.database.run(some_calls)
    supervisor = await site.signed_in("supervisor")
    page = (await supervisor.get(f"/reports?{DAYS}&by={by}&lang=en")).text
    links = re.findall(r'<a href="(/calls\?[^"]+)" title="See the (\d+) calls?">', page)
    assert len(links) > 20
    for href, promised in dict.fromkeys(links):
        path = unescape(href)
        shown = await supervisor.get(f"{path}&lang=en")
        assert counted_on(shown.text) == int(promised), path
        listed = await supervisor.get(f"/api/v1{path}&limit=200")
        assert len(listed.json["items"]) == int(promised), path
    # The bars lead there too.
    drawn = unescape(re.search(r'data-drawn="([^"]*)"', page)[1])  # type: ignore[index]
    assert {unescape(href) for href, _ in links} >= set(re.findall(r'"(/calls\?[^"]*)"', drawn.replace("\\u0026", "&")))


@pytest_twisted.ensureDeferred
async def test_the_address_says_all_and_the_form_repeats_it(site: RunningSite) -> None:
    await site.database.run(some_calls)
    supervisor = await site.signed_in("supervisor")
    line = (await supervisor.get("/api/v1/lines")).json["items"][0]["id"]
    address = f"/reports?{DAYS}&by=hour&line_id={line}&chart=shares&lang=en"
    page = (await supervisor.get(address)).text
    assert '<option value="hour" selected>' in page
    assert f'<option value="{line}" selected>' in page
    assert 'name="chart" value="shares"' in page
    export = unescape(re.search(r'href="(/api/v1/reports/calls/export[^"]*xlsx)"', page)[1])  # type: ignore[index]
    assert parse_qs(urlsplit(export).query)["line_id"] == [str(line)]
    total = (await supervisor.get(f"/api/v1/reports/calls?{DAYS}&line_id={line}")).json["total"]
    assert 0 < total["incoming"] < 32


@pytest_twisted.ensureDeferred
async def test_a_file_has_the_rows_and_the_total_and_no_formula(site: RunningSite) -> None:
    await site.database.run(some_calls)
    supervisor = await site.signed_in("supervisor")
    text = (await supervisor.get(f"/api/v1/reports/calls/export?{DAYS}&by=agent&format=csv&lang=en")).text
    lines = text.lstrip("\ufeff").splitlines()
    assert lines[0].startswith("Agent,Incoming,Answered calls,In time,Service level")
    assert lines[1].startswith("'=cmd|' /C calc'!A1,")
    assert [line.split(",")[0] for line in lines[2:]] == ["No agent", "Total"]
    assert lines[-1].split(",")[1] == "32"
    log = (await supervisor.get("/api/v1/reports/calls?from_day=2026-03-01&to_day=2026-03-01")).json
    assert log["total"]["incoming"] < 32
    sheet = await supervisor.get(f"/api/v1/reports/calls/export?{DAYS}&format=xlsx")
    assert sheet.body.startswith(b"PK")
    admin = await site.signed_in("admin")
    assert "Counted" not in (await admin.get("/audit?subject_type=report&lang=en")).text
    assert "2026-02-27" in (await admin.get("/audit?subject_type=report&lang=en")).text


def narrow(session: Session) -> None:
    """Doctors may see their department's reports, and all calls."""
    doctor = session.scalar(select(Role.id).where(Role.code == "doctor"))
    session.get_one(RolePermission, (doctor, "calls.view")).scope = "all"
    for permission in ("reports.view", "reports.export"):
        session.add(RolePermission(role_id=doctor, permission=permission, scope="department"))


@pytest_twisted.ensureDeferred
async def test_a_department_is_told_of_itself_on_page_api_and_in_files(site: RunningSite) -> None:
    await site.database.run(some_calls)
    await site.database.run(narrow)
    doctor, supervisor = [await site.signed_in(name) for name in ("doctor", "supervisor")]
    everything = (await supervisor.get(f"/api/v1/reports/calls?{DAYS}&by=group")).json["rows"]
    mine = (await doctor.get(f"/api/v1/reports/calls?{DAYS}&by=group")).json
    assert [row["key"] for row in mine["rows"]] == [ORTHOPAEDICS]
    wanted = next(row for row in everything if row["key"] == ORTHOPAEDICS)["incoming"]
    assert mine["total"]["incoming"] == wanted
    for address in (
        f"/api/v1/reports/calls?{DAYS}&department_id={MEDICINE}",
        f"/api/v1/reports/calls?{DAYS}&agent_id=0",
    ):
        other = (await doctor.get(address)).json["total"]
        assert other["incoming"] <= wanted
        assert "department_id=2" not in address or other["incoming"] == 0
    sheet = (await doctor.get(f"/api/v1/reports/calls/export?{DAYS}&by=group&format=csv")).text
    assert sheet.splitlines()[-1].split(",")[1] == str(wanted)
    # The list of calls would show the doctor more than the figure counts, so no figure leads there.
    assert "/calls?from_day" not in (await doctor.get(f"/reports?{DAYS}")).text
    assert "=cmd" not in (await doctor.get("/api/v1/reports/agents?day=2026-03-02")).text
    assert "=cmd" in (await supervisor.get("/api/v1/reports/agents?day=2026-03-02")).text


@pytest_twisted.ensureDeferred
async def test_what_cannot_be_reported_is_refused_in_words_and_changes_nothing(site: RunningSite) -> None:
    supervisor = await site.signed_in("supervisor")
    before = await all_rows(site)
    for query in (
        "from_day=2026-03-02&to_day=2026-03-01",
        "from_day=2020-01-01&to_day=2026-03-01",
        "by=password_hash",
        "line_id=1;drop",
        "line_id=-1",
        "from_day=yesterday",
        "sort=x",
    ):
        assert (await supervisor.get(f"/api/v1/reports/calls?{query}")).status == 422, query
    page = await supervisor.get("/reports?from_day=2026-03-02&to_day=2026-03-01&lang=en")
    assert (page.status, "must not be before" in page.text) == (422, True)
    for query in ("counted=everything", "hour=24", "hour=-1", "department_id=-1"):
        assert (await supervisor.get(f"/api/v1/calls?{query}")).status == 422, query
    assert await all_rows(site) == before


def why_they_were_away(session: Session) -> None:
    agent = session.scalar(select(UserAccount.id).where(UserAccount.username == "agent"))
    at = MIDNIGHT.replace(hour=20)
    session.add(
        AgentStateSpan(
            user_id=agent, state="away", reason="call 13812345678", started_at=at, ended_at=at.replace(hour=21)
        )
    )


@pytest_twisted.ensureDeferred
async def test_numbers_in_reasons_are_masked_for_whoever_may_not_see_them(site: RunningSite) -> None:
    await site.database.run(why_they_were_away)
    admin, address = await site.signed_in("admin"), "/reports/agents?day=2026-03-02&lang=en"
    role = await admin.post("/api/v1/roles", {"name": "statistics", "grants": {"reports.view": "all"}})
    clerk = next(one for one in (await admin.get("/api/v1/users")).json["items"] if one["username"] == "clerk")
    change = {"role_ids": [role.json["id"]], "version": clerk["version"]}
    assert (await admin.ask("PATCH", f"/api/v1/users/{clerk['id']}", change)).status == 200
    assert "call 13812345678" in (await admin.get(address)).text
    shown = (await (await site.signed_in("clerk")).get(address)).text
    assert "call 138****5678" in shown
    assert "13812345678" not in shown


@pytest_twisted.ensureDeferred
async def test_days_without_anything_say_so(site: RunningSite) -> None:
    supervisor = await site.signed_in("supervisor")
    assert "No calls in this period" in (await supervisor.get(f"/reports?{DAYS}&lang=en")).text
    assert "Nobody was there" in (await supervisor.get("/reports/agents?day=2026-03-02&lang=en")).text
    lines = (await supervisor.get("/reports/lines?lang=en")).text
    assert 'class="span span-in_service"' in lines
    assert "line 2" in lines
