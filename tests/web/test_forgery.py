"""Requests that another site makes a browser send, sessions that somebody else chose, and who says where he is from."""

from __future__ import annotations

import pytest
import pytest_twisted

from tests.peers.hospital import PASSWORD
from tests.peers.site import RunningSite, all_rows, start_site
from tests.web.test_permissions import ROUTES, address_of
from web.settings import SiteSettings

WRITING = tuple(route for route in ROUTES if route.writes)


@pytest_twisted.ensureDeferred
async def test_no_write_without_the_token(site: RunningSite) -> None:
    everything = {"role_ids": list(site.roles.values()), "version": 1}
    await site.services.resources["users"].edit(site.people["second"], 1, everything)
    browser = await site.signed_in("admin")
    before = await all_rows(site)
    for route in WRITING:
        if route.access.public:
            continue
        for token in ("", "wrong", "x" * 43):
            headers = {"X-CSRF-Token": token} if token else {}
            if route.is_api:
                answer = await browser.ask(route.method, address_of(route), {}, headers=headers, csrf=False)
            else:
                answer = await browser.ask(route.method, address_of(route), form={}, headers=headers, csrf=False)
            assert answer.status == 403, f"{route.method} {route.path}"
            assert "forgery" in answer.text or not route.is_api
    assert await all_rows(site) == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
@pytest_twisted.ensureDeferred
async def test_no_write_from_another_site_even_with_the_token(site: RunningSite, headers: dict[str, str]) -> None:
    browser = await site.signed_in("admin")
    before = await all_rows(site)
    for route in WRITING:
        if route.is_api:
            answer = await browser.ask(route.method, address_of(route), {}, headers=headers)
        else:
            answer = await browser.ask(route.method, address_of(route), form={}, headers=headers)
        assert answer.status == 403, f"{route.method} {route.path}"
    assert await all_rows(site) == before


@pytest_twisted.ensureDeferred
async def test_our_own_pages_may_write(site: RunningSite) -> None:
    browser = await site.signed_in("admin")
    headers = {"Origin": site.address, "Sec-Fetch-Site": "same-origin"}
    answer = await browser.post("/api/v1/departments", {"name": "眼科"}, headers=headers)
    assert answer.status == 201, answer.text


@pytest_twisted.ensureDeferred
async def test_forms_cannot_be_sent_as_anything_else(site: RunningSite) -> None:
    """A plain form of another site can send text/plain and multipart without asking first."""
    browser = await site.signed_in("admin")
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "text/json"):
        answer = await browser.post("/api/v1/departments", raw=b'{"name": "x"}', headers={"Content-Type": kind})
        assert answer.status == 415, kind
    answer = await browser.post(
        "/account/language", raw=b'{"language": "en"}', headers={"Content-Type": "application/json"}
    )
    assert answer.status == 415


@pytest_twisted.ensureDeferred
async def test_signing_in_makes_a_new_session(site: RunningSite) -> None:
    """Session fixation: a token that somebody planted, good or bad, is not the one that is used afterwards."""
    attacker = await site.signed_in("clerk")
    planted = attacker.cookies["huifang_session"]
    victim = site.browser()
    victim.cookies["huifang_session"] = planted
    await victim.sign_in("admin")
    assert victim.cookies["huifang_session"] != planted
    # The planted one has not become the victim's; it has ended with the sign-in that replaced it.
    assert (await attacker.get("/api/v1/session")).status == 401
    forged = site.browser()
    forged.cookies["huifang_session"] = "A" * 43
    await forged.sign_in("admin")
    assert forged.cookies["huifang_session"] != "A" * 43


@pytest_twisted.ensureDeferred
async def test_the_form_signs_in_only_with_its_own_cookie(site: RunningSite) -> None:
    browser = site.browser()
    fields = {"username": "admin", "password": PASSWORD}
    assert (await browser.ask("POST", "/sign-in", form=fields, csrf=False)).status == 403
    page = await browser.get("/sign-in")
    token = browser.cookies["huifang_form"]
    assert token in page.text
    answer = await browser.ask("POST", "/sign-in", form={**fields, "csrf_token": "other"}, csrf=False)
    assert answer.status == 403
    assert "huifang_session" not in browser.cookies
    answer = await browser.ask("POST", "/sign-in", form={**fields, "csrf_token": token}, csrf=False)
    assert (answer.status, answer.header("Location")) == (303, "/")
    assert "huifang_session" in browser.cookies
    assert "huifang_form" not in browser.cookies


@pytest_twisted.ensureDeferred
async def test_the_session_cookie_is_out_of_reach(site: RunningSite) -> None:
    browser = site.browser()
    answer = await browser.sign_in("admin")
    cookie = next(
        line for line in answer.headers.getRawHeaders("Set-Cookie") or [] if line.startswith("huifang_session")
    )
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert "Secure" not in cookie


@pytest_twisted.ensureDeferred
async def test_the_session_cookie_stays_on_tls_where_there_is_tls(sqlite_url: str) -> None:
    site = await start_site(sqlite_url, SiteSettings(secure_cookies=True))
    try:
        answer = await site.browser().sign_in("admin")
        cookies = answer.headers.getRawHeaders("Set-Cookie") or []
        assert all("Secure" in line for line in cookies)
    finally:
        await site.stop()


@pytest_twisted.ensureDeferred
async def test_after_signing_in_one_stays_on_this_site(site: RunningSite) -> None:
    for target in (
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "/\t/evil",
        "evil",
    ):
        browser = site.browser()
        await browser.get("/sign-in")
        answer = await browser.ask(
            "POST",
            "/sign-in",
            form={
                "username": "admin",
                "password": PASSWORD,
                "next": target,
                "csrf_token": browser.cookies["huifang_form"],
            },
        )
        assert (answer.status, answer.header("Location")) == (303, "/"), target


@pytest_twisted.ensureDeferred
async def test_a_bearer_token_needs_no_csrf_and_is_no_cookie(site: RunningSite) -> None:
    program = site.browser()
    answer = await program.post("/api/v1/session", {"username": "admin", "password": PASSWORD, "token": True})
    assert not program.cookies
    bearer = {"Authorization": f"Bearer {answer.json['token']}"}
    answer = await program.post("/api/v1/departments", {"name": "眼科"}, headers=bearer, csrf=False)
    assert answer.status == 201
    assert (await program.ask("DELETE", "/api/v1/session", headers=bearer, csrf=False)).status == 204
    assert (await program.get("/api/v1/session", headers=bearer)).status == 401


@pytest.mark.parametrize("scheme", ["Basic YWRtaW46YWRtaW4=", "Bearer", "Bearer  ", "bearer"])
@pytest_twisted.ensureDeferred
async def test_any_other_authorization_frees_nobody_from_the_token(site: RunningSite, scheme: str) -> None:
    browser = await site.signed_in("admin")
    answer = await browser.post("/api/v1/departments", {"name": "x"}, headers={"Authorization": scheme}, csrf=False)
    assert answer.status == 403


FORGED = {
    "X-Forwarded-For": "10.9.9.9",
    "X-Real-IP": "10.9.9.9",
    "Forwarded": "for=10.9.9.9;host=evil.example;proto=https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-User": "admin",
    "X-Remote-User": "admin",
    "Remote-User": "admin",
}


@pytest_twisted.ensureDeferred
async def test_forwarded_headers_of_strangers_are_not_believed(site: RunningSite) -> None:
    stranger = site.browser()
    assert (await stranger.get("/api/v1/users", headers=FORGED)).status == 401
    answer = await stranger.post("/api/v1/session", {"username": "admin", "password": PASSWORD}, headers=FORGED)
    stranger.csrf = answer.json["csrf"]
    entries = (await stranger.get("/api/v1/audit?action=sign-in")).json["items"]
    assert entries[0]["address"] == "127.0.0.1"
    evil = {**FORGED, "Origin": "https://evil.example"}
    assert (await stranger.post("/api/v1/departments", {"name": "x"}, headers=evil)).status == 403


@pytest_twisted.ensureDeferred
async def test_the_proxy_is_believed_as_far_as_it_goes(sqlite_url: str) -> None:
    site = await start_site(sqlite_url, SiteSettings(trusted_proxies=frozenset({"127.0.0.1", "10.0.0.2"})))
    try:
        browser = site.browser()
        # The left-most was written by whoever asked; the nearest that is no proxy of ours counts.
        headers = {"X-Forwarded-For": "1.1.1.1, 10.9.9.9, 10.0.0.2"}
        answer = await browser.post("/api/v1/session", {"username": "admin", "password": PASSWORD}, headers=headers)
        browser.csrf = answer.json["csrf"]
        entries = (await browser.get("/api/v1/audit?action=sign-in")).json["items"]
        assert entries[0]["address"] == "10.9.9.9"
        through = {"X-Forwarded-Host": "calls.example", "X-Forwarded-Proto": "https", "Origin": "https://calls.example"}
        assert (await browser.post("/api/v1/departments", {"name": "眼科"}, headers=through)).status == 201
    finally:
        await site.stop()
