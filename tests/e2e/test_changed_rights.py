"""Roles change, sessions end: what the open pages do, in a real browser."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.peers.browser import Browsers, arrive, wait_beside, wait_until_live
from tests.peers.daemon import DemoDaemon, HttpClient
from tests.peers.patience import PATIENCE

pytestmark = pytest.mark.browser


def change_agents_rights(admin: HttpClient, **changed: str | None) -> None:
    """Grant or (None) take away permissions of the agents' role; names with _ for the dot."""
    listed = next(one for one in admin.get("/api/v1/roles")["items"] if one["code"] == "agent")
    role = admin.get(f"/api/v1/roles/{listed['id']}")
    grants: dict[str, Any] = dict(role["grants"])
    for name, scope in changed.items():
        grants[name.replace("_", ".")] = scope
    kept = {name: scope for name, scope in grants.items() if scope is not None}
    body = {"grants": kept, "version": role["version"]}
    answer = admin.send("PATCH", f"/api/v1/roles/{role['id']}", body)
    assert answer.status == 200, answer.body


@pytest.fixture
def admin(daemon: DemoDaemon) -> Iterator[HttpClient]:
    """Who changes roles; what agents got is taken away again."""
    client = daemon.client("admin")
    yield client
    change_agents_rights(client, wallboard_view=None)


def test_a_page_renews_itself_when_rights_change_and_goes_to_sign_in_when_the_session_ends(
    daemon: DemoDaemon, admin: HttpClient, browsers: Browsers
) -> None:
    page = browsers.window(daemon, "agent", "/calls").page
    expect(page.locator(".rail a[href='/wallboard']")).to_have_count(0)
    change_agents_rights(admin, wallboard_view="own")
    expect(page.locator(".rail a[href='/wallboard']")).to_have_count(1)
    wait_until_live(page)
    assert page.url.endswith("/calls")
    # Somebody signs this person out everywhere: several parts of the page notice, and it leaves once.
    left: list[str] = []
    page.on("request", lambda request: left.append(request.url) if request.is_navigation_request() else None)
    daemon.client("agent").post("/api/v1/session/sign-out-everywhere")
    arrive(page, "/sign-in?next=%2Fcalls")
    assert left == [page.url]


def test_a_page_that_renews_itself_is_asked_for_once_however_slow_the_server_is(
    daemon: DemoDaemon, admin: HttpClient, browsers: Browsers
) -> None:
    page = browsers.window(daemon, "agent", "/calls").page
    asked: list[Route] = []
    page.route(f"{daemon.base_url}calls", lambda route: asked.append(route))  # noqa: PLW0108 - Playwright marks it
    change_agents_rights(admin, wallboard_view="own")

    wait_beside(page, lambda: asked, "the page anew")
    # The page looks every second whether it is free to go.
    page.wait_for_timeout(2500)
    assert len(asked) == 1
    asked[0].continue_()
    expect(page.locator(".rail a[href='/wallboard']")).to_have_count(1)


def test_what_is_being_typed_is_not_lost_when_rights_change(
    daemon: DemoDaemon, admin: HttpClient, browsers: Browsers
) -> None:
    page = browsers.window(daemon, "agent", "/console").page
    page.keyboard.press("d")
    page.keyboard.type("1381234")
    change_agents_rights(admin, wallboard_view="own")
    expect(page.locator(".toast-line")).to_be_visible()
    # Live again with the new rights, although the page is the old one still.
    wait_until_live(page)
    daemon.simulate("call", "13666661111", "--line", "1", "--rings", "2")
    expect(page.locator("#missed .work-item")).not_to_have_count(0)
    expect(page.locator("#dial-number")).to_have_value("1381234")
    expect(page.locator(".rail a[href='/wallboard']")).to_have_count(0)
    page.fill("#dial-number", "")
    page.keyboard.press("Escape")
    expect(page.locator(".rail a[href='/wallboard']")).to_have_count(1)


def test_a_session_that_ended_while_the_server_was_away_leads_to_the_sign_in_page(
    fresh_daemon: DemoDaemon, browsers: Browsers
) -> None:
    fresh_daemon.start()
    page = browsers.window(fresh_daemon, "agent", "/calls").page
    fresh_daemon.kill()
    expect(page.locator("#not-live")).to_be_visible()
    with closing(sqlite3.connect(next(fresh_daemon.var.glob("*.db")), timeout=PATIENCE)) as database, database:
        database.execute("DELETE FROM web_session")
    fresh_daemon.start()
    arrive(page, "/sign-in?next=%2Fcalls")
