"""Real sockets on a real port: who gets in, what they are told, and what ends them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import delete
from sqlalchemy.orm import Session
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from protocols.signals import Answered, CallerIdentified, Ended, Rang
from storage.event_log import NewEvent, last_seq, record_event
from storage.models import RolePermission, WebSession
from tests.peers.patience import PATIENCE, until
from tests.peers.site import RunningSite, pause, start_site
from tests.peers.socket_client import Page, knock, open_page
from web.settings import SiteSettings
from web.websocket import Socket


async def stop(site: RunningSite, *pages: Page) -> None:
    for page in pages:
        await page.leave()
    await pause(0.02)


OVER = {"state": "ended", "agent": None}


def call_event(number: int, size: int = 10, kind: str = "call.updated") -> NewEvent:
    audience = {"permission": "calls.view", "departments": [], "users": []}
    return NewEvent("calls", kind, str(number), {"id": number, "notes": "x" * size, **OVER}, audience)


@pytest_twisted.ensureDeferred
async def test_nobody_gets_a_socket_without_a_session_of_his_own_page(site: RunningSite) -> None:
    browser = await site.signed_in("supervisor")
    good = f"http://127.0.0.1:{site.number}"
    refused: list[tuple[dict[str, str], Any, int]] = [
        ({}, None, 401),
        ({"Cookie": "huifang_session=forged"}, None, 401),
        ({"Origin": "https://evil.example"}, browser, 403),
        ({"Origin": "null"}, browser, 403),
        ({"Origin": f"{good}.evil.example"}, browser, 403),
        ({"Origin": "http://127.0.0.1:1"}, browser, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": good}, browser, 403),
        ({"X-Forwarded-Host": "evil.example", "Origin": "http://evil.example"}, browser, 403),
    ]
    for headers, who, status in refused:
        page = await knock(site, headers, who)
        assert page.wasNotCleanReason is not None
        assert str(status) in page.wasNotCleanReason, headers
        await page.leave()
    assert site.web.sockets.count == 0
    page = await knock(site, {"Origin": good}, browser)
    assert page.let_in
    await stop(site, page)


@pytest_twisted.ensureDeferred
async def test_a_plain_request_is_told_to_upgrade(site: RunningSite) -> None:
    browser = await site.signed_in("supervisor")
    assert (await browser.get("/ws")).status == 426


@pytest_twisted.ensureDeferred
async def test_a_call_is_on_the_page_from_its_first_ring(site: RunningSite) -> None:
    agent = await site.signed_in("agent")
    page = await open_page(site, agent, "calls", "lines", "agents")
    assert set(page.snapshots) == {"calls", "lines", "agents"}
    assert [line["state"] for line in page.snapshots["lines"]] == ["idle", "idle"]
    await site.hear(Rang(), CallerIdentified("13800138000"))
    ringing = await page.until(lambda message: message.get("type") == "call.ringing" and message["data"]["number"])
    assert ringing["topic"] == "calls"
    assert ringing["data"]["number"] == "+8613800138000"
    call = ringing["data"]["id"]
    claimed = await agent.post(f"/api/v1/calls/{call}/answer")
    assert claimed.status == 200, claimed.text
    await site.hear(Answered())
    await page.until(lambda message: message.get("type") == "call.answered")
    await site.hear(Ended(by_far_end=True))
    ended = await page.until(lambda message: message.get("type") == "call.ended")
    assert ended["data"]["wrap_up"] == "open"
    seqs = [event["seq"] for event in page.events]
    assert seqs == sorted(set(seqs))
    again = await open_page(site, agent, "calls")
    assert [one["id"] for one in again.snapshots["calls"]] == [call]
    assert again.snapshots["calls"][0] == ended["data"]
    await stop(site, page, again)


@pytest_twisted.ensureDeferred
async def test_states_of_lines_come_by_themselves_and_only_the_newest_of_each(site: RunningSite) -> None:
    page = await open_page(site, await site.signed_in("supervisor"), "lines")
    audience = {"permission": "lines.view", "departments": [], "users": []}
    for number in (1, 2, 1):
        event = NewEvent("lines", "line.updated", f"9{number}", {"id": 90 + number}, audience)
        await site.database.run(record_event, event)
    last = await site.database.read(last_seq)
    # The first of the three may have been told by itself, if the others were late.
    newest = await page.until(lambda message: "op" not in message and message["seq"] == last)
    assert newest["data"]["id"] == 91
    seqs = [event["seq"] for event in page.events]
    assert seqs == sorted(set(seqs))
    await stop(site, page)


@pytest_twisted.ensureDeferred
async def test_a_console_hears_of_its_own_lines_alone_live_and_after_a_break(site: RunningSite) -> None:
    agent = await site.signed_in("agent")
    start = await site.database.read(last_seq)
    page = await open_page(site, agent, "my_lines")
    assert [line["state"] for line in page.snapshots["lines"]] == ["idle", "idle"]
    me = (await agent.get("/api/v1/session")).json["user"]["id"]
    for number, users in ((1, []), (2, [me]), (3, [me + 1]), (4, [me])):
        audience = {"permission": "lines.view", "departments": [], "users": users}
        event = NewEvent("lines", "line.updated", f"9{number}", {"id": 90 + number}, audience)
        await site.database.run(record_event, event)
    await page.until(lambda message: message.get("type") == "line.updated" and message["data"]["id"] == 94)
    back = await open_page(site, agent, "my_lines", since=start)
    for heard in (page, back):
        assert [(event["topic"], event["data"]["id"]) for event in heard.events] == [("lines", 92), ("lines", 94)]
    await stop(site, page, back)


@pytest_twisted.ensureDeferred
async def test_a_page_that_comes_back_gets_what_it_missed_and_nothing_twice(site: RunningSite) -> None:
    browser = await site.signed_in("supervisor")
    first = await open_page(site, browser, "calls")
    for number in range(5):
        await site.database.run(record_event, call_event(number))
    await first.event(4)
    seen = first.events[-1]["seq"]
    await first.leave()
    for number in range(5, 30):
        await site.database.run(record_event, call_event(number))
    second = await open_page(site, browser, "calls", since=seen)
    assert not second.snapshots
    assert [event["data"]["id"] for event in second.events] == list(range(5, 30))
    await site.database.run(record_event, call_event(99))
    await second.event(99)
    assert [event["data"]["id"] for event in second.events] == [*range(5, 30), 99]
    seqs = [seen, *(event["seq"] for event in second.events)]
    assert seqs == sorted(set(seqs))
    await stop(site, second)


@pytest_twisted.ensureDeferred
async def test_events_that_happen_while_a_page_is_brought_up_to_date(site: RunningSite) -> None:
    """Many pages say hello, from nothing and from a number, in the middle of a stream: nothing lost, nothing twice."""
    browser = await site.signed_in("supervisor")
    start = await site.database.read(last_seq)
    writes: list[Any] = []
    pages: list[Page] = []
    for number in range(300):
        writes.append(site.database.run(record_event, call_event(number)))
        if number % 30 == 10:
            page = await knock(site, browser=browser)
            page.hello(start if number % 60 == 10 else None, "calls")
            pages.append(page)
        for write in writes:
            await write
        writes.clear()
    for page in pages:
        ready = await page.ready()
        # A page that came late was told of the last one in its snapshot.
        if ready < start + 300:
            await page.until(lambda message: message.get("data") and message.get("seq") == start + 300)
        seqs = [event["seq"] for event in page.events]
        assert seqs == sorted(set(seqs))
        expected = start + 1 if not page.snapshots else ready + 1
        assert seqs == list(range(expected, start + 301))
    await stop(site, *pages)


@pytest_twisted.ensureDeferred
async def test_too_much_missed_or_a_number_from_nowhere_gives_a_snapshot(sqlite_url: str) -> None:
    site = await start_site(sqlite_url, SiteSettings(replay_limit=10))
    try:
        browser = await site.signed_in("supervisor")
        start = await site.database.read(last_seq)
        for number in range(12):
            await site.database.run(record_event, call_event(number))
        for since in (start, start + 1_000_000):
            page = await open_page(site, browser, "calls", since=since)
            assert set(page.snapshots) == {"calls"}
            assert not page.events
            await page.leave()
        page = await open_page(site, browser, "calls", since=start + 5)
        assert [event["seq"] for event in page.events] == list(range(start + 6, start + 13))
        await stop(site, page)
    finally:
        await site.stop()


@pytest_twisted.ensureDeferred
async def test_pages_are_told_what_their_people_may_know(site: RunningSite) -> None:
    """Two doctors, two departments: neither live, nor by snapshot, nor by resuming, does one hear of the other's."""
    doctor, physician = await site.signed_in("doctor"), await site.signed_in("physician")
    start = await site.database.read(last_seq)
    pages = [await open_page(site, one, "calls") for one in (doctor, physician)]
    for number, department in ((1, 1), (2, 2)):
        audience = {"permission": "calls.view", "departments": [department], "users": []}
        data = {"id": number, "number": "+8613800138000", **OVER}
        await site.database.run(record_event, NewEvent("calls", "call.updated", str(number), data, audience))
    for page, mine in zip(pages, (1, 2), strict=True):
        await page.until(lambda message: "data" in message and "op" not in message)
        assert [event["data"] for event in page.events] == [{"id": mine, "number": "138****8000", **OVER}]
    resumed = [await open_page(site, one, "calls", since=start) for one in (doctor, physician)]
    assert [[event["data"]["id"] for event in page.events] for page in resumed] == [[1], [2]]
    await stop(site, *pages, *resumed)


@pytest_twisted.ensureDeferred
async def test_topics_that_the_roles_do_not_allow_are_refused(site: RunningSite) -> None:
    doctor = await site.signed_in("doctor")
    page = await knock(site, browser=doctor)
    page.hello(None, "calls", "lines")
    error = await page.until(lambda message: message.get("op") == "error")
    assert error["code"] == "not-allowed"
    # It may say what it may hear after that.
    page.hello(None, "calls")
    await page.ready()
    page.hello(None, "calls")
    await page.until(lambda message: message.get("code") == "malformed")
    await stop(site, page)


NO_HELLOS = (
    b"", b"{", b"[]", b"null", b'"hello"', b'{"op":"hello"}', b'{"op":"bye","since":null,"topics":[]}',
    b'{"op":"hello","since":-1,"topics":[]}', b'{"op":"hello","since":"1","topics":[]}',
    b'{"op":"hello","since":true,"topics":[]}', b'{"op":"hello","since":1e5,"topics":[]}',
    b'{"op":"hello","since":null,"topics":["secrets"]}', b'{"op":"hello","since":null,"topics":"calls"}',
    b'{"op":"hello","since":null,"topics":[["calls"]]}', b'{"op":"hello","since":null,"topics":[null]}',
    b'{"op":"hello","since":9223372036854775808,"topics":[]}', b"[" * 10_000,
)  # fmt: skip


@pytest_twisted.ensureDeferred
async def test_anything_else_than_a_hello_is_answered_with_an_error(site: RunningSite) -> None:
    page = await knock(site, browser=await site.signed_in("supervisor"))
    for payload in NO_HELLOS:
        page.messages.clear()
        page.sendMessage(payload)
        error = await page.until(lambda message: message.get("op") == "error")
        assert error["code"] == "malformed", payload
    page.sendMessage(b"\x00\x01", isBinary=True)
    page.hello(None, "calls")
    await page.ready()
    await stop(site, page)


@pytest_twisted.ensureDeferred
async def test_signing_out_closes_the_pages_of_that_session_only(site: RunningSite) -> None:
    one, other = await site.signed_in("agent"), await site.signed_in("agent")
    pages = [await open_page(site, browser, "calls") for browser in (one, one, other)]
    await one.ask("DELETE", "/api/v1/session")
    for page in pages[:2]:
        await page.gone
        assert page.code == 4401
    await pause(0.02)
    assert not pages[2].gone.called
    again = await knock(site, browser=one)
    assert "401" in str(again.wasNotCleanReason) or not one.cookies
    await stop(site, pages[2], again)


@pytest_twisted.ensureDeferred
async def test_a_stolen_cookie_is_of_no_use_after_signing_out(site: RunningSite) -> None:
    browser = await site.signed_in("agent")
    stolen = dict(browser.cookies)
    await browser.ask("DELETE", "/api/v1/session")
    thief = site.browser()
    thief.cookies = stolen
    page = await knock(site, browser=thief)
    assert "401" in str(page.wasNotCleanReason)
    assert (await thief.get("/api/v1/session")).status == 401
    await stop(site, page)


@pytest_twisted.ensureDeferred
async def test_other_roles_close_the_pages_and_change_what_the_next_one_may(site: RunningSite) -> None:
    admin, supervisor = await site.signed_in("admin"), await site.signed_in("supervisor")
    page = await open_page(site, supervisor, "calls", "agents")
    before = (await supervisor.get("/api/v1/session")).json
    assert f'data-rights="{before["rights"]}"' in (await supervisor.get("/calls")).text
    user = next(one for one in (await admin.get("/api/v1/users")).json["items"] if one["username"] == "supervisor")
    body = {"role_ids": [site.roles["doctor"]], "version": user["version"]}
    answer = await admin.ask("PATCH", f"/api/v1/users/{user['id']}", body)
    assert answer.status == 200, answer.text
    await page.gone
    assert page.code == 4401
    # The session is open still, and tells the page that it no longer fits.
    after = (await supervisor.get("/api/v1/session")).json
    assert after["csrf"] == before["csrf"]
    assert after["rights"] != before["rights"]
    # With the new roles there are fewer topics.
    again = await knock(site, browser=supervisor)
    again.hello(None, "agents")
    assert (await again.until(lambda message: message.get("op") == "error"))["code"] == "not-allowed"
    await stop(site, again)


@pytest_twisted.ensureDeferred
async def test_rights_that_another_process_changed_are_told_by_the_session_before_the_page_asks(
    sqlite_url: str,
) -> None:
    site = await start_site(sqlite_url)
    try:
        supervisor = await site.signed_in("supervisor")
        page = await open_page(site, supervisor, "calls")
        before = (await supervisor.get("/api/v1/session")).json["rights"]
        await site.database.run(_take_away, site.roles["supervisor"], "lines.control")
        await site.web.sockets._ask_about_sessions()
        await page.gone.addTimeout(PATIENCE, reactor)
        assert page.code == 4401
        assert (await supervisor.get("/api/v1/session")).json["rights"] != before
        await stop(site)
    finally:
        await site.stop()


def _take_away(session: Session, role_id: int, permission: str) -> None:
    session.execute(
        delete(RolePermission).where(RolePermission.role_id == role_id, RolePermission.permission == permission)
    )


@pytest_twisted.ensureDeferred
async def test_giant_messages_close_the_page(site: RunningSite) -> None:
    browser = await site.signed_in("supervisor")
    for send in (
        lambda page: page.sendMessage(b"x" * 100_000),
        lambda page: page.sendMessage(b"x" * 100_000, fragmentSize=1000),
        # A frame that says it will be a gigabyte.
        lambda page: page.transport.write(b"\x81\xff" + (1 << 30).to_bytes(8, "big") + b"mask" + b"x" * 1000),
    ):
        page = await knock(site, browser=browser)
        send(page)
        await page.gone.addTimeout(PATIENCE, reactor)
        assert page.code == 1009
    await until(lambda: site.web.sockets.count == 0, "the end of all pages")


@pytest_twisted.ensureDeferred
async def test_unmasked_and_broken_frames_close_the_page(site: RunningSite) -> None:
    browser = await site.signed_in("supervisor")
    for raw, code in ((b"\x81\x02hi", 1002), (b"\xff\xff\xff\xff", 1002), (b"\x81\x82aaaa\x9e\x9f", 1007)):
        page = await knock(site, browser=browser)
        page.transport.write(raw)
        await page.gone.addTimeout(PATIENCE, reactor)
        assert page.code == code, raw
    await pause(0.02)


@pytest_twisted.ensureDeferred
async def test_a_flood_closes_the_page(sqlite_url: str) -> None:
    site = await start_site(sqlite_url, SiteSettings(socket_messages=20))
    try:
        browser = await site.signed_in("supervisor")
        for send in (lambda page: page.say({"op": "noise"}), lambda page: page.sendPing(b"x")):
            page = await knock(site, browser=browser)
            for _ in range(200):
                send(page)
            await page.gone.addTimeout(PATIENCE, reactor)
            assert page.code == 1008
            assert len(page.messages) <= 20
        await pause(0.02)
    finally:
        await site.stop()


@pytest_twisted.ensureDeferred
async def test_a_reader_that_stops_is_bounded_closed_and_can_resume(sqlite_url: str) -> None:
    settings = SiteSettings(socket_queue_frames=50)
    site = await start_site(sqlite_url, settings)
    try:
        browser, other = await site.signed_in("supervisor"), await site.signed_in("supervisor")
        slow, quick = await open_page(site, browser, "calls"), await open_page(site, other, "calls")
        start = await site.database.read(last_seq)
        slow.transport.pauseProducing()
        socket = next(iter(site.web.sockets._sockets))
        # Many changes of few calls are coalesced, however long it lasts: kernel buffers hold some megabytes.
        for round_ in range(40):
            for number in range(20):
                await site.database.run(record_event, call_event(number, 20_000))
            assert len(socket.outbox) <= 20, round_
        assert len(socket.outbox) == 20
        assert not slow.gone.called
        # Many calls are too much.
        for number in range(1000, 1100):
            await site.database.run(record_event, call_event(number, 20_000))
        await until(lambda: site.web.sockets.count == 1, "the end of the slow one")
        slow.transport.resumeProducing()
        await slow.gone.addTimeout(PATIENCE, reactor)
        await quick.event(1099)
        last = slow.events[-1]["seq"] if slow.events else start
        again = await open_page(site, browser, "calls", since=last)
        seen = {event["data"]["id"]: event["seq"] for event in [*slow.events, *again.events]}
        if not again.snapshots:
            truth = {event["data"]["id"]: event["seq"] for event in quick.events}
            assert seen == truth
        assert len(quick.events) == 900
        await stop(site, quick, again)
    finally:
        await site.stop()


@pytest_twisted.ensureDeferred
async def test_pages_that_have_silently_gone_are_noticed(sqlite_url: str) -> None:
    site = await start_site(sqlite_url)
    try:
        browser = await site.signed_in("supervisor")
        there, gone = await open_page(site, browser, "calls"), await open_page(site, browser, "calls")
        gone.answers_pings = False
        for pings in (1, 2):
            # Not by its clock: a machine that stood still for an interval would have nobody answer in time.
            await site.web.sockets._ping_all()
            await until(lambda pings=pings: there.pings >= pings)
            await until(lambda: any(socket.heard for socket in site.web.sockets._sockets))
        await gone.gone.addTimeout(PATIENCE, reactor)
        assert not there.gone.called
        await stop(site, there)
    finally:
        await site.stop()


@pytest.fixture
def nobody_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may keep an answer for longer than so short an interval."""
    monkeypatch.setattr(Socket, "heard", property(lambda _: True, lambda *_: None), raising=False)


@pytest_twisted.ensureDeferred
async def test_pages_are_pinged_by_the_clock(sqlite_url: str, nobody_is_cut: None) -> None:
    site = await start_site(sqlite_url, SiteSettings(socket_ping_interval=0.3))
    try:
        page = await knock(site, browser=await site.signed_in("supervisor"))
        await until(lambda: page.pings)
        # It sees none of that; what it sees comes when it has said what it wants to hear.
        assert not page.messages
        page.hello(None, "calls")
        ready = await page.until(lambda message: message.get("op") == "ready")
        assert ready["alive_every"] == 0.3
        await page.until(lambda message: message == {"op": "alive"})
        await stop(site, page)
    finally:
        await site.stop()


@pytest_twisted.ensureDeferred
async def test_pages_hear_that_the_server_is_there_while_its_database_does_not_answer(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, nobody_is_cut: None
) -> None:
    site = await start_site(sqlite_url, SiteSettings(socket_ping_interval=0.3))
    try:
        page = await open_page(site, await site.signed_in("supervisor"), "calls")
        answer: Deferred[bool] = Deferred()
        asked = []

        async def ask(session: Any) -> bool:
            asked.append(session)
            return await answer

        monkeypatch.setattr(site.services.sign_in, "is_open", ask)
        await until(lambda: asked, "a question about a session")
        told = page.messages.count({"op": "alive"})
        await until(lambda: page.messages.count({"op": "alive"}) >= told + 2, "two signs of life")
        answer.callback(True)
        await stop(site, page)
    finally:
        await site.stop()


@pytest_twisted.ensureDeferred
async def test_a_session_that_another_process_ended_closes_its_pages(sqlite_url: str) -> None:
    """The command line resets a password, or another node signs somebody out: only the database knows."""
    site = await start_site(sqlite_url)
    try:
        one, other = await site.signed_in("agent"), await site.signed_in("supervisor")
        gone, stays = await open_page(site, one, "calls"), await open_page(site, other, "calls")

        def end(session: Session) -> None:
            session.execute(delete(WebSession).where(WebSession.user_id == site.people["agent"].user_id))

        await site.database.run(end)
        await site.web.sockets._ask_about_sessions()
        await gone.gone.addTimeout(PATIENCE, reactor)
        assert gone.code == 4401
        assert not stays.gone.called
        await stop(site, stays)
    finally:
        await site.stop()


@pytest_twisted.ensureDeferred
async def test_stopping_says_going_away_and_waits(sqlite_url: str) -> None:
    site = await start_site(sqlite_url)
    browser = await site.signed_in("supervisor")
    polite, deaf = await open_page(site, browser, "calls"), await open_page(site, browser, "calls")
    deaf.transport.pauseProducing()
    # Whoever does not read is not waited for.
    await Deferred.fromCoroutine(site.stop()).addTimeout(PATIENCE, reactor)
    await polite.gone
    assert polite.code == 1001
    deaf.transport.resumeProducing()
    await deaf.gone
    assert site.web.sockets.count == 0


@pytest_twisted.ensureDeferred
async def test_one_person_has_a_bounded_number_of_pages(sqlite_url: str) -> None:
    site = await start_site(sqlite_url, SiteSettings(sockets_per_user=2))
    try:
        browser = await site.signed_in("supervisor")
        pages = [await knock(site, browser=browser) for _ in range(3)]
        assert [page.let_in for page in pages] == [True, True, False]
        assert "429" in str(pages[2].wasNotCleanReason)
        await stop(site, *pages)
    finally:
        await site.stop()


@pytest_twisted.ensureDeferred
async def test_agents_are_there_while_a_page_is_open(site: RunningSite) -> None:
    agent, supervisor = await site.signed_in("agent"), await site.signed_in("supervisor")
    watching = await open_page(site, supervisor, "agents")

    def state(message: dict[str, Any], wanted: str) -> bool:
        return message.get("type") == "agent.updated" and message["data"]["state"] == wanted

    page = await open_page(site, agent, "calls")
    more = await open_page(site, agent, "calls")
    await page.leave()
    await pause(0.15)
    assert not any(state(event, "offline") for event in watching.events)
    await more.leave()
    await watching.until(lambda message: state(message, "offline"))
    watching.messages.clear()
    await open_page(site, agent, "calls")
    await watching.until(lambda message: state(message, "available"))
    await stop(site, watching)


@pytest_twisted.ensureDeferred
async def test_a_failure_while_catching_up_is_said_and_the_page_comes_again(
    site: RunningSite, monkeypatch: pytest.MonkeyPatch, lost_failures: Any
) -> None:
    browser = await site.signed_in("supervisor")

    async def broken(*_: Any) -> Any:
        raise RuntimeError("the database is gone")

    monkeypatch.setattr(site.services.telephony.calls, "open_for", broken)
    page = await knock(site, browser=browser)
    page.hello(None, "calls")
    await page.gone.addTimeout(PATIENCE, reactor)
    assert page.code == 1011
    assert any("the database is gone" in text for text in lost_failures.take())
    assert json.dumps(page.messages).count("database") == 0
    await pause(0.02)
