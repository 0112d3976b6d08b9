"""Lists, forms, account and sign-in as people use them, without a single script."""

from __future__ import annotations

import re
from html import escape, unescape
from html.parser import HTMLParser
from itertools import chain
from urllib.parse import parse_qs, urlsplit

import pytest_twisted

from callcenter.administration.permissions import RESOURCES
from callcenter.telephony.late_claims import LateClaimService
from protocols.signals import AbsentReason, CallerIdentified, Ended, Rang
from tests.peers.hospital import PASSWORD
from tests.peers.site import Answer, Browser, RunningSite
from web.words import ACTIONS, RESOURCE_WORDS


class Form(HTMLParser):
    """What a browser would send of the form that posts to ``action``."""

    def __init__(self, html: str, action: str) -> None:
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self._action = action
        self._inside = False
        self._select = ""
        self._first = ""
        self._area = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = found.get("action") == self._action and found.get("method") == "post"
            # Two forms of a page may lead to the same address; the later one is in the middle of the page.
            self.fields = {} if self._inside else self.fields
        name = found.get("name", "")
        if not self._inside:
            return
        if tag == "input" and name:
            if found.get("type") != "checkbox" or "checked" in found:
                self.fields.setdefault(name, []).append(found.get("value", ""))
        elif tag == "select":
            self._select, self._first = name, ""
        elif tag == "textarea":
            self._area = name
            self.fields[name] = [""]
        elif tag == "option" and self._select and ("selected" in found or self._select not in self.fields):
            self.fields[self._select] = [found.get("value", "")]

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""
        elif tag == "form":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside and self._area:
            self.fields[self._area][0] += data


def way(text: str, relation: str) -> str:
    """Where the pager leads, empty where it does not."""
    found = re.search(rf'rel="{relation}" href="([^"]+)"', text)
    return unescape(found[1]) if found else ""


async def submit(browser: Browser, page: Answer, action: str, **changes: object) -> Answer:
    fields: dict[str, object] = dict(Form(page.text, action).fields)
    assert "csrf_token" in fields, f"no form for {action}"
    fields.update({name.replace("__", "."): value for name, value in changes.items()})
    return await browser.ask("POST", action, form={name: value for name, value in fields.items() if value is not None})


@pytest_twisted.ensureDeferred
async def test_signing_in_by_hand_leads_where_one_wanted(site: RunningSite) -> None:
    browser = site.browser()
    answer = await browser.get("/patients?q=zs&sort=name")
    assert answer.status == 303
    page = await browser.get(answer.header("Location"))
    wrong = await submit(browser, page, "/sign-in", username="agent", password="wrong password")
    assert wrong.status == 401
    assert 'value="agent"' in wrong.text
    assert "wrong password" not in wrong.text
    done = await submit(browser, wrong, "/sign-in", username="agent", password=PASSWORD)
    assert (done.status, done.header("Location")) == (303, "/patients?q=zs&sort=name")
    answer = await browser.get("/patients?q=zs&sort=name")
    assert "张三" in answer.text


@pytest_twisted.ensureDeferred
async def test_one_begins_on_the_page_one_works_with(site: RunningSite) -> None:
    places = {
        "agent": "/console",
        "supervisor": "/console",
        "doctor": "/inbox",
        "admin": "/wallboard",
        "clerk": "/account",
    }
    for name, place in places.items():
        assert (await (await site.signed_in(name)).get("/")).header("Location") == place, name


@pytest_twisted.ensureDeferred
async def test_a_list_can_be_walked_to_its_end_and_back(site: RunningSite) -> None:
    browser = await site.signed_in("admin")
    for number in range(25):
        await browser.post("/api/v1/departments", {"name": f"Ward {number:02}"})
    seen: list[list[str]] = []
    address = "/departments?q=Ward&limit=10"
    pages = []
    while address:
        page = await browser.get(address)
        pages.append(address)
        seen.append(re.findall(r">(Ward \d\d)<", page.text))
        address = way(page.text, "next")
    assert [len(one) for one in seen] == [10, 10, 5]
    assert list(chain.from_iterable(seen)) == [f"Ward {number:02}" for number in range(25)]
    # The addresses reproduce the view, and lead back the same way.
    page = await browser.get(pages[-1])
    for expected in (seen[1], seen[0]):
        page = await browser.get(way(page.text, "prev"))
        assert re.findall(r">(Ward \d\d)<", page.text) == expected
    assert 'rel="prev"' not in page.text
    other = await site.signed_in("second")
    assert re.findall(r">(Ward \d\d)<", (await other.get(pages[1])).text) == seen[1]


@pytest_twisted.ensureDeferred
async def test_a_patients_timeline_is_walked_with_the_pager_of_every_list(site: RunningSite) -> None:
    browser = await site.signed_in("supervisor")
    for _ in range(3):
        await site.hear(Rang(), CallerIdentified("+861062345678;ext=801"), Ended(by_far_end=True))
    address, seen = "/patients/3?limit=1", []
    while address:
        page = await browser.get(address)
        assert page.status == 200, page.text
        seen += re.findall(r'timeline-item" data-call="(\d+)"', page.text)
        address = way(page.text, "next")
    assert seen == ["3", "2", "1"]
    back = await browser.get(way(page.text, "prev"))
    assert re.findall(r'timeline-item" data-call="(\d+)"', back.text) == ["2"]
    assert 'rel="prev"' not in (await browser.get("/patients/3")).text


@pytest_twisted.ensureDeferred
async def test_headings_sort_and_keep_what_was_searched(site: RunningSite) -> None:
    browser = await site.signed_in("admin")
    page = await browser.get("/users?q=e&lang=en")
    hrefs = [unescape(href) for href in re.findall(r'<a href="(/users\?[^"]*sort=[^"]*)"', page.text)]
    assert hrefs
    assert all(parse_qs(urlsplit(href).query)["q"] == ["e"] for href in hrefs)
    turned = await browser.get("/users?sort=-username&lang=en")
    assert 'aria-sort="descending"' in turned.text


@pytest_twisted.ensureDeferred
async def test_calls_are_sorted_by_their_headings_and_the_address_says_how(site: RunningSite) -> None:
    browser = await site.signed_in("supervisor")
    for number in ("13911112222", "13800138000", ""):
        absent = None if number else AbsentReason.PRIVATE
        await site.hear(Rang(), CallerIdentified(number, absent=absent), Ended(by_far_end=True))
    page = await browser.get("/calls?lang=en&missed=True")
    assert re.findall(r'aria-sort="([a-z]+)"', page.text) == ["descending", *["none"] * 6]
    found = re.search(r'<a href="(/calls\?[^"]*sort=number[^"]*)"', page.text)
    assert found is not None
    address = unescape(found[1])
    assert parse_qs(urlsplit(address).query) == {"missed": ["true"], "sort": ["number"]}

    def numbers(text: str) -> list[str]:
        return re.findall(r'data-dial="([^"]+)"', text)

    for who in (browser, await site.signed_in("admin")):
        page = await who.get(f"{address}&limit=2")
        assert 'aria-sort="ascending"' in page.text
        assert numbers(page.text) == ["+8613800138000", "+8613911112222"]
        assert f'href="{escape("/api/v1/calls/export?missed=true&sort=number&format=csv")}"' in page.text
    rest = re.search(r'rel="next" href="([^"]+)"', page.text)
    assert rest is not None
    page = await browser.get(unescape(rest[1]))
    assert (numbers(page.text), page.text.count("<tr data-call=")) == ([], 1)
    for link in re.findall(
        r'href="(/(?:api/v1/)?calls[^"]*(?:sort|format)=[^"]*)"', (await browser.get("/calls?missed=False")).text
    ):
        assert parse_qs(urlsplit(unescape(link)).query)["missed"] == ["false"], link
    wrong = await browser.get("/calls?sort=colour&lang=en")
    assert (wrong.status, "Allowed are: started_at" in wrong.text) == (422, True)
    log = await (await site.signed_in("admin")).get("/audit?sort=at&lang=en")
    assert 'aria-sort="ascending"' in log.text


@pytest_twisted.ensureDeferred
async def test_an_empty_list_says_what_to_do(site: RunningSite) -> None:
    browser = await site.signed_in("admin")
    page = await browser.get("/patients?q=nobodylikethis&lang=en")
    assert "No results. Try fewer words" in page.text
    assert "Clear the search" in page.text


@pytest_twisted.ensureDeferred
async def test_a_form_keeps_everything_that_was_typed(site: RunningSite) -> None:
    browser = await site.signed_in("admin")
    blank = await browser.get("/patients/new?lang=en")
    refused = await submit(
        browser, blank, "/patients/new", name="", birth_date="1960-02-31", notes="long\nnote <b>", sex="female",
        department_id="2", phones__number=["13912345678", "no number"], phones__label=["home", "work"],
        do_not_call="true",
    )  # fmt: skip
    assert refused.status == 422
    kept = Form(refused.text, "/patients/new").fields
    assert kept["notes"] == ["long\nnote <b>"]
    assert (kept["sex"], kept["department_id"], kept["do_not_call"]) == (["female"], ["2"], ["true"])
    assert kept["birth_date"] == ["1960-02-31"]
    assert kept["phones.number"][:2] == ["13912345678", "no number"]
    assert refused.text.count("field-error") >= 2
    assert refused.text.count('aria-invalid="true"') >= 2
    better = {"name": "周八", "birth_date": "1960-02-28", "phones__number": ["13912345678"], "phones__label": ["home"]}
    done = await submit(browser, refused, "/patients/new", **better)
    assert done.status == 303, done.text
    made = (await browser.get("/api/v1" + done.header("Location"))).json
    assert (made["name"], made["sex"], made["notes"]) == ("周八", "female", "long\nnote <b>")
    assert made["phones"][0]["number"] == "+8613912345678"
    assert made["do_not_call"]


@pytest_twisted.ensureDeferred
async def test_an_edit_changes_what_was_changed_and_nothing_else(site: RunningSite) -> None:
    for name, path, change in (
        ("admin", "/patients/1", {"allergies": "penicillin"}),
        ("doctor", "/patients/1", {"allergies": "pollen"}),
        ("admin", "/users/4", {"display_name": "Anna"}),
        ("admin", "/departments/1", {"name": "骨一科"}),
        ("admin", "/outcomes/busy", {"label_en": "Line busy"}),
        ("admin", "/roles/1", {"name": "客服"}),
    ):
        browser = await site.signed_in(name)
        api = "/api/v1" + path.replace("/outcomes/", "/outcomes/all/")
        before = (await browser.get(api)).json
        done = await submit(browser, await browser.get(f"{path}/edit"), f"{path}/edit", **change)
        assert done.status == 303, (
            path,
            re.findall(r"field-error[^<]*<|notice-bad.*?<strong>(.*?)<", done.text, re.DOTALL),
        )
        after = (await browser.get(api)).json
        differing = {name for name in before if before[name] != after[name]}
        assert differing - {"version", "updated_at"} == set(change), (path, differing)


@pytest_twisted.ensureDeferred
async def test_two_who_edit_the_same_record_hear_of_each_other(site: RunningSite) -> None:
    one, other = await site.signed_in("admin"), await site.signed_in("second")
    action = "/departments/1/edit"
    page_of_one, page_of_other = await one.get(f"{action}?lang=en"), await other.get(action)
    assert (await submit(other, page_of_other, action, name="骨外科")).status == 303
    conflict = await submit(one, page_of_one, action, name="骨内科")
    assert conflict.status == 409
    assert "骨外科" in conflict.text
    assert Form(conflict.text, action).fields["name"] == ["骨内科"]
    assert (await submit(one, conflict, action)).status == 303
    assert (await one.get("/api/v1/departments/1")).json["name"] == "骨内科"


@pytest_twisted.ensureDeferred
async def test_disabling_can_be_undone(site: RunningSite) -> None:
    browser = await site.signed_in("admin")
    page = await browser.get("/departments/3/edit?lang=en")
    done = await submit(browser, page, "/departments/3/disable")
    assert done.status == 303
    page = await browser.get(done.header("Location"))
    assert "办公室" in page.text
    assert not re.search(r"<td>.*?办公室", page.text)
    undone = await submit(browser, page, "/departments/3/enable")
    assert undone.status == 303
    assert not (await browser.get("/api/v1/departments/3")).json["disabled"]


@pytest_twisted.ensureDeferred
async def test_roles_are_edited_permission_by_permission(site: RunningSite) -> None:
    browser = await site.signed_in("admin")
    page = await browser.get("/roles/new?lang=en")
    # Handling an alarm is not taking a call.
    for permission, word in (("calls.handle", "Take and wrap up"), ("alarms.handle", "Handle alarms")):
        assert re.search(f'<label for="[^"]*-{permission}">{word}</label>', page.text), permission
    done = await submit(
        browser, page, "/roles/new", name="Reader", grants__patients__view="department", grants__calls__view="own"
    )  # fmt: skip
    assert done.status == 303, done.text
    roles = (await browser.get("/api/v1/roles?q=Reader")).json["items"]
    grants = (await browser.get(f"/api/v1/roles/{roles[0]['id']}")).json["grants"]
    assert grants == {"calls.view": "own", "patients.view": "department"}


@pytest_twisted.ensureDeferred
async def test_whoever_may_only_look_gets_no_inputs(site: RunningSite) -> None:
    head = await site.signed_in("head")
    page = await head.get("/roles/1/edit")
    assert page.status == 200
    assert not Form(page.text, "/roles/1/edit").fields.keys() - {"csrf_token", "version"}
    assert (await head.ask("POST", "/roles/1/edit", form={"name": "x", "version": "1"})).status == 403


@pytest_twisted.ensureDeferred
async def test_the_password_is_changed_and_other_sessions_end(site: RunningSite) -> None:
    browser, other = await site.signed_in("agent"), await site.signed_in("agent")
    page = await browser.get("/account?lang=en")
    action = "/account/password"
    fields = {"old_password": PASSWORD, "new_password": "a much better one", "repeated": "another one"}
    wrong = await submit(browser, page, action, **fields)
    assert wrong.status == 422
    assert "field-error" in wrong.text
    wrong = await submit(browser, page, action, **{**fields, "repeated": "a much better one", "old_password": "guess"})
    assert wrong.status == 422
    done = await submit(browser, page, action, **{**fields, "repeated": "a much better one"})
    assert (done.status, done.header("Location")) == (303, "/account?done=password")
    assert (await browser.get("/account")).status == 200
    assert (await other.get("/account")).status == 303
    await site.browser().sign_in("agent", "a much better one")


@pytest_twisted.ensureDeferred
async def test_a_password_that_was_given_must_be_changed_before_anything_else(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    body = {
        "username": "novice",
        "display_name": "Novice",
        "password": "given by hand 1",
        "role_ids": [site.roles["supervisor"]],
    }
    assert (await admin.post("/api/v1/users", body)).status == 201
    novice = site.browser()
    page = await novice.get("/sign-in")
    done = await submit(novice, page, "/sign-in", username="novice", password="given by hand 1")
    assert done.header("Location") == "/account"
    for path in ("/", "/patients", "/calls", "/console", "/users"):
        assert (await novice.get(path)).header("Location") == "/account", path
    refused = await novice.get("/api/v1/calls")
    assert (refused.status, refused.json["code"]) == (403, "password-expired")
    assert (await novice.get("/ws", headers={"Upgrade": "websocket"})).status == 403
    fields = {"old_password": "given by hand 1", "new_password": "my own words here", "repeated": "my own words here"}
    done = await submit(novice, await novice.get("/account"), "/account/password", **fields)
    assert done.status == 303
    assert (await novice.get("/api/v1/calls")).status == 200


@pytest_twisted.ensureDeferred
async def test_signing_out_everywhere_ends_every_session(site: RunningSite) -> None:
    here, there = await site.signed_in("agent"), await site.signed_in("agent")
    done = await submit(here, await here.get("/account"), "/account/sign-out-everywhere")
    assert done.header("Location") == "/sign-in"
    assert (await there.get("/api/v1/session")).status == 401


@pytest_twisted.ensureDeferred
async def test_the_language_is_the_askers(site: RunningSite) -> None:
    stranger = site.browser()
    chinese, english = "登录", "Sign in"
    for header, words in (
        ("", chinese), ("en-US,en;q=0.9", english), ("zh-TW", chinese), ("de, en;q=0.5, zh;q=0.4", english),
        ("de", chinese), ("en;q=0.1, zh;q=0.9", chinese), ("x" * 10_000, chinese), (";;q=q,,", chinese),
    ):  # fmt: skip
        page = await stranger.get("/sign-in", headers={"Accept-Language": header})
        assert words in page.text, header
    await stranger.get("/sign-in?lang=en")
    assert english in (await stranger.get("/sign-in", headers={"Accept-Language": "zh"})).text
    agent = await site.signed_in("agent")
    page = await agent.get("/account?lang=zh_CN")
    await submit(agent, page, "/account/language", language="en")
    assert "My account" in (await agent.get("/account", headers={"Accept-Language": "zh"})).text
    # It follows the person to another computer.
    elsewhere = await site.signed_in("agent")
    assert "My account" in (await elsewhere.get("/account")).text
    refusal = (await elsewhere.get("/api/v1/patients/424242")).json
    assert refusal["title"] == "Not found"
    refusal = (await elsewhere.get("/api/v1/patients/424242?lang=zh_CN")).json
    assert refusal["title"] != "Not found"


@pytest_twisted.ensureDeferred
async def test_the_audit_log_tells_who_changed_what(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    await admin.ask("PATCH", "/api/v1/departments/1", {"name": "新骨科", "version": 1})
    page = await admin.get("/audit?lang=en&action=edit&subject_type=department")
    assert "新骨科" in page.text
    assert "骨科" in page.text
    assert (await admin.get("/audit?from_day=2001-01-01&to_day=2001-01-02&lang=en")).text.count(
        "No matching entries"
    ) == 1


def test_there_is_a_word_for_every_permission() -> None:
    assert set(RESOURCE_WORDS) == set(RESOURCES)
    assert set(ACTIONS) >= {action for actions in RESOURCES.values() for action in actions}


@pytest_twisted.ensureDeferred
async def test_the_audit_log_shows_by_whom_it_is_narrowed(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    key = (await admin.get("/api/v1/audit")).json["items"][0]["user_id"]
    page = (await admin.get(f"/audit?user_id={key}&action=sign-in&lang=en")).text
    assert "User · admin" in page
    assert 'href="/audit?action=sign-in" title="Show all users"' in page


@pytest_twisted.ensureDeferred
async def test_a_page_that_shows_nothing_says_what_to_do(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    for path in ("/calls", "/alarms", "/messages", "/complaints", "/audit"):
        page = (await admin.get(f"{path}?from_day=2026-03-02&to_day=2026-03-01&lang=en")).text
        assert "The last day must not be before the first." in page, path
    form = (await admin.get("/users/new?lang=en")).text
    assert "Password *" in form
    assert 'There are none yet. <a href="/skills/new">New skill</a>' in form
    supervisor = await site.signed_in("supervisor")
    assert "Only administrators change these rules." in (await supervisor.get("/desk-rules?lang=en")).text
    assert "Only administrators change these rules." not in (await admin.get("/desk-rules?lang=en")).text


@pytest_twisted.ensureDeferred
async def test_what_is_set_up_has_a_page_that_shows_what_one_may_open(site: RunningSite) -> None:
    admin, doctor = await site.signed_in("admin"), await site.signed_in("doctor")
    page = (await admin.get("/settings")).text
    assert all(f'href="{path}"' in page for path in ("/users", "/gateways", "/lines", "/audit"))
    assert 'href="/settings" aria-current="page"' in (await admin.get("/users")).text
    page = (await doctor.get("/settings")).text
    assert 'href="/users"' not in page
    # Few enough to stand in the menu themselves.
    home = (await doctor.get("/patients")).text
    assert 'href="/settings"' not in home
    assert 'class="rail-item" href="/templates"' in home


@pytest_twisted.ensureDeferred
async def test_nobody_is_asked_who_spoke_where_nobody_can_say_so(site: RunningSite) -> None:
    agent = await site.signed_in("agent")
    assert 'id="unclaimed"' in (await agent.get("/console")).text
    site.services.telephony.late_claims = LateClaimService(site.database, site.services.reactor, 0)
    assert 'id="unclaimed"' not in (await agent.get("/console")).text
