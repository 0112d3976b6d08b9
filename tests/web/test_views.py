"""Saved views on the pages of lists and in the API: checked like the list itself, shown as chips, opened by default."""

from __future__ import annotations

import re
from html import unescape

import pytest
import pytest_twisted

from callcenter.administration.saved_views import LISTS
from tests.peers.site import Answer, Browser, RunningSite, all_rows

PATHS = {name: f"/{name}" for name in LISTS} | {"missed": "/calls/missed"}
KEPT = {
    "calls": ("sort=-number&direction=in&missed=True&cursor=a&limit=9", "direction=in&missed=true&sort=-number"),
    "missed": ("line_id=1&plain=1", "line_id=1"),
    "patients": ("q=zs&tier=gold&department_id=&done=made&key=7", "q=zs&tier=gold"),
    "users": ("disabled=true&sort=-display_name", "disabled=true&sort=-display_name"),
    "roles": ("?q=a", "q=a"),
    "departments": ("clinical=true", "clinical=true"),
    "outcomes": ("sort=code", "sort=code"),
    "groups": ("q=hot&sort=name", "q=hot&sort=name"),
    "templates": ("q=%E5%A4%8D%E6%9F%A5&purpose=care", "purpose=care&q=%E5%A4%8D%E6%9F%A5"),
    "phrases": ("sort=-category", "sort=-category"),
    "auto_replies": ("q=x", "q=x"),
    "skills": ("sort=-name", "sort=-name"),
    "scripts": ("sort=-position&q=x&limit=9", "q=x&sort=-position"),
    "articles": ("q=shys&sort=-title", "q=shys&sort=-title"),
    "alarms": ("handled=False&kind=line_lost&limit=9", "handled=false&kind=line_lost"),
    "complaints": ("overdue=true&severity=1&sort=due_at&limit=9", "overdue=true&severity=1&sort=due_at"),
    "audit": ("subject_type=patient&from_day=2026-03-01&sort=at", "from_day=2026-03-01&sort=at&subject_type=patient"),
}  # fmt: skip
REFUSED = (
    ("calls", "colour=red"),
    ("calls", "direction=sideways"),
    ("calls", "sort=notes"),
    ("complaints", "sort=said"),
    ("calls", "direction=in&direction=out"),
    ("patients", "password=x"),
    ("patients", "sort=id_document"),
    ("patients", "department_id=x"),
    ("patients", "tier=diamond"),
    ("users", "username=x"),
    ("audit", "sort=user_id"),
    ("audit", "scope=all"),
    ("calls", "plain=1"),
    ("calls", ""),
    ("calls", "number=" + "1" * 2000),
)


async def save(browser: Browser, list_name: str, name: str, query: str, **more: bool) -> dict[str, object]:
    answer = await browser.post("/api/v1/views", {"list": list_name, "name": name, "query": query, **more})
    assert answer.status == 201, answer.text
    made: dict[str, object] = answer.json
    return made


def chips(text: str) -> dict[str, tuple[str, bool]]:
    """Name → address and whether it is the present one."""
    found = re.findall(r'<a class="chip" href="([^"]*)"( aria-current="page")?>\s*(?:<i [^>]*></i>)?([^<]*)</a>', text)
    return {unescape(name).strip(): (unescape(href), bool(current)) for href, current, name in found}


@pytest.mark.parametrize("list_name", sorted(LISTS))
@pytest_twisted.ensureDeferred
async def test_every_list_keeps_what_it_knows_and_finds_it_again(site: RunningSite, list_name: str) -> None:
    browser, path = await site.signed_in("admin"), PATHS[list_name]
    query, kept = KEPT[list_name]
    assert "Save this view" in (await browser.get(f"{path}?lang=en&{kept}")).text
    assert "Save this view" not in (await browser.get(f"{path}?lang=en")).text
    made = await save(browser, list_name, "Mine <b>", query)
    assert made["query"] == kept
    shown = chips((await browser.get(f"{path}?{kept}&lang=en")).text)
    assert shown == {"All": (path, False), "Mine <b>": (f"{path}?{kept}", True)}
    shown = chips((await browser.get(f"{path}?lang=en")).text)
    assert shown == {"All": (path, True), "Mine <b>": (f"{path}?{kept}", False)}


@pytest_twisted.ensureDeferred
async def test_what_the_list_does_not_take_is_not_kept(site: RunningSite) -> None:
    browser, doctor = await site.signed_in("admin"), await site.signed_in("doctor")
    before = await all_rows(site)
    for list_name, query in REFUSED:
        answer = await browser.post("/api/v1/views", {"list": list_name, "name": "x", "query": query})
        assert (answer.status, answer.json["code"]) == (422, "invalid"), (list_name, query)
    for list_name, query in (("users", "sort=username"), ("audit", "sort=at")):
        assert (await doctor.post("/api/v1/views", {"list": list_name, "name": "x", "query": query})).status == 403
    answer = await doctor.post("/api/v1/views", {"list": "calls", "name": "x", "query": "sort=number"})
    assert answer.status == 422, "the order of numbers tells what is masked"
    assert await all_rows(site) == before


@pytest_twisted.ensureDeferred
async def test_a_list_opens_with_the_default_and_can_be_seen_plain(site: RunningSite) -> None:
    browser, other = await site.signed_in("admin"), await site.signed_in("second")
    made = await save(browser, "patients", "Gold", "tier=gold", default=True)
    opened = await browser.get("/patients")
    assert (opened.status, opened.header("Location")) == (303, "/patients?tier=gold")
    plain = await browser.get("/patients?plain=1&lang=en")
    assert chips(plain.text)["All"] == ("/patients?plain=1", True)
    narrowed = await browser.get("/patients?tier=gold&lang=en")
    assert re.search(r'href="/patients\?plain=1">\s*Clear', narrowed.text)
    # A part of the page for a filter that was emptied is that filter's, not the default's.
    assert (await browser.get("/patients", headers={"HX-Request": "true"})).status == 200
    assert (await browser.get("/patients?q=")).status == 200
    assert (await other.get("/patients")).status == 200
    changed = await browser.ask("PATCH", f"/api/v1/views/{made['id']}", {"default": False, "name": "Golden"})
    assert (changed.status, changed.json["name"]) == (200, "Golden")
    assert (await browser.get("/patients")).status == 200
    assert (await other.ask("DELETE", f"/api/v1/views/{made['id']}")).status == 404
    assert (await browser.ask("DELETE", f"/api/v1/views/{made['id']}")).status == 204
    assert (await browser.get("/api/v1/views?list=patients")).json == {"items": []}


@pytest_twisted.ensureDeferred
async def test_a_view_that_the_list_does_not_take_any_more_locks_nobody_out(site: RunningSite) -> None:
    browser = await site.signed_in("admin")
    await site.services.views.save(site.people["admin"], "patients", "Old", "gone=1", default=True)
    await site.services.views.save(site.people["admin"], "calls", "Old", "sort=gone", default=True)
    for path, query in (("/patients", "gone=1"), ("/calls", "sort=gone")):
        page = await browser.get(f"{path}?{query}&lang=en")
        assert page.status == 422
        assert "is not known here" in page.text
        assert chips(page.text).keys() == {"All", "Old"}
        assert (await browser.get(chips(page.text)["All"][0])).status == 200


async def followed(browser: Browser, path: str) -> tuple[str, Answer]:
    """Where one ends who opens ``path`` as the menu does; clearing the filters wherever that is offered."""
    seen = set()
    while path not in seen:
        seen.add(path)
        answer = await browser.get(path)
        if answer.status == 303:
            path = answer.header("Location")
        elif answer.status == 422 and (clear := re.search(r'href="([^"]*)">(?:Clear filters|清除筛选)', answer.text)):
            path = unescape(clear[1])
        else:
            return path, answer
    raise AssertionError(f"it leads to itself: {path}")


def outdated(text: str) -> list[str]:
    """What is told of views that the list does not know whole any more."""
    return [unescape(one) for one in re.findall(r'views-outdated"[^>]*>\s*<span>(.*?)</span>', text)]


BROKEN = (
    ("calls", "direction=sideways", "", "direction=sideways"),
    ("calls", "direction=in&gone=1&line_id=x", "direction=in", "gone=1, line_id=x"),
    ("missed", "sort=gone&number=138", "number=138", "sort=gone"),
    ("audit", "scope=all&sort=at", "sort=at", "scope=all"),
    ("audit", "from_day=yesterday", "", "from_day=yesterday"),
    ("alarms", "kind=gone", "", "kind=gone"),
    ("complaints", "severity=9&overdue=true", "overdue=true", "severity=9"),
    ("patients", "tier=diamond&q=zs", "q=zs", "tier=diamond"),
    ("users", "q=a&sort=password", "q=a", "sort=password"),
    ("users", "q=%FF", "", "q=%FF"),
)


@pytest.mark.parametrize(("list_name", "query", "kept", "left_out"), BROKEN)
@pytest_twisted.ensureDeferred
async def test_a_default_view_of_which_something_is_not_known_any_more_opens_the_list_without_that_and_says_so(
    site: RunningSite, list_name: str, query: str, kept: str, left_out: str
) -> None:
    browser, path = await site.signed_in("admin"), PATHS[list_name]
    old = await site.services.views.save(site.people["admin"], list_name, "Old <b>", query, default=True)
    where, page = await followed(browser, path)
    assert (where, page.status) == (f"{path}?{kept}" if kept else path, 200)
    (told,) = outdated(page.text)
    assert "Old <b>" in told
    assert told.endswith(left_out)
    # The chip leads to the same, and from here the view can be deleted.
    assert chips(page.text)["Old <b>"] == (f"{path}?{kept or 'plain=1'}", bool(kept))
    assert re.search(
        rf'<form [^>]*data-view="{old["id"]}"[^>]*>(?:(?!</form>).)*data-delete-view', page.text, re.DOTALL
    )
    assert (await browser.ask("DELETE", f"/api/v1/views/{old['id']}")).status == 204
    assert outdated((await browser.get(path)).text) == []


@pytest_twisted.ensureDeferred
async def test_whoever_may_not_sort_by_it_any_more_gets_the_list_in_its_usual_order(site: RunningSite) -> None:
    doctor = await site.signed_in("doctor")
    await site.services.views.save(
        site.people["doctor"], "calls", "By number", "direction=in&sort=number", default=True
    )
    where, page = await followed(doctor, "/calls")
    assert (where, page.status) == ("/calls?direction=in", 200)
