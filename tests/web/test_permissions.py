"""Every route there is, asked by everybody: nobody gets in where the roles do not say so, and nothing is changed."""

from __future__ import annotations

import re

import pytest
import pytest_twisted

from callcenter.administration.permissions import BUILT_IN_ROLES
from tests.peers.hospital import HEAD_GRANTS, PEOPLE
from tests.peers.site import Browser, RunningSite, all_rows
from web.endpoints import all_routes
from web.exchange import Empty, Exchange, Reply
from web.routing import Route, Routes

ROUTES = tuple(all_routes())


def grants_of(username: str) -> frozenset[str]:
    role = PEOPLE[username][0]
    if role == "head":
        return frozenset(HEAD_GRANTS)
    return frozenset(BUILT_IN_ROLES[role][1]) if role else frozenset()


def address_of(route: Route) -> str:
    return re.sub(r"<(int:)?[^>]*>", lambda found: "999999" if found[1] else "nothing", route.path)


async def knock(browser: Browser, route: Route) -> int:
    address = address_of(route)
    if not route.writes:
        return (await browser.get(address)).status
    if route.is_api:
        return (await browser.ask(route.method, address, {})).status
    return (await browser.ask(route.method, address, form={})).status


def test_there_are_routes_of_every_module() -> None:
    assert len(ROUTES) > 80
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)


def test_a_route_needs_to_say_who_may_use_it() -> None:
    routes = Routes()

    async def handler(exchange: Exchange) -> Reply:
        return Empty()

    for options in ({}, {"permission": "calls.view", "public": True}, {"permission": "calls.fly"}):
        with pytest.raises(TypeError):
            routes.get("/open-door", **options)(handler)
    with pytest.raises(TypeError):
        routes.get("/calls/<int:call_id>", permission="calls.view")(handler)
    assert not routes.items


@pytest_twisted.ensureDeferred
async def test_nobody_gets_in_without_signing_in(site: RunningSite) -> None:
    stranger = site.browser()
    before = await all_rows(site)
    for route in ROUTES:
        if route.access.public:
            continue
        status = await knock(stranger, route)
        assert status == (401 if route.is_api else 303), f"{route.method} {route.path}"
    assert await all_rows(site) == before


@pytest.mark.parametrize("username", sorted(PEOPLE))
@pytest_twisted.ensureDeferred
async def test_the_roles_decide(site: RunningSite, username: str) -> None:
    browser = await site.signed_in(username)
    granted = grants_of(username)
    # What is only read is let in or not; every refused request leaves everything as it was.
    before = await all_rows(site)
    for route in ROUTES:
        permission = route.access.permission
        if not permission or permission in granted:
            continue
        status = await knock(browser, route)
        assert status == 403, f"{username}: {route.method} {route.path}"
    assert await all_rows(site) == before


@pytest.mark.parametrize("username", sorted(PEOPLE))
@pytest_twisted.ensureDeferred
async def test_who_may_gets_an_answer(site: RunningSite, username: str) -> None:
    browser = await site.signed_in(username)
    granted = grants_of(username)
    for route in ROUTES:
        if route.access.permission in granted and "sign-out" not in route.path:
            status = await knock(browser, route)
            # What is asked for does not exist or the body is empty: any answer but a closed door or a failure.
            assert status not in (401, 500), f"{username}: {route.method} {route.path} {status}"
            if not route.variables and not route.writes:
                assert status in (200, 422), f"{username}: {route.method} {route.path} {status}"


@pytest_twisted.ensureDeferred
async def test_ids_that_no_database_can_hold_are_not_found(site: RunningSite) -> None:
    browser = await site.signed_in("admin")
    for address in ("/api/v1/calls/9999999999999999999999", "/api/v1/patients/9223372036854775808", "/patients/0"):
        assert (await browser.get(address)).status == 404
