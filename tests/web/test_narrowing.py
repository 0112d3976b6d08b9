"""An address of a list that cannot be understood whole shows the list by the rest of it, and says what was wrong."""

from __future__ import annotations

import re

import pytest
import pytest_twisted

from tests.peers.site import RunningSite

DATE = "This must be a date such as 1960-03-31."
LISTS = (
    "/messages", "/messages/totals", "/calls", "/calls/missed", "/call-tasks", "/complaints", "/alarms", "/audit",
    "/reports",
)  # fmt: skip


def wrong(text: str) -> dict[str, tuple[str, str]]:
    """Name → what was typed, and the word for it."""
    found = re.findall(r'<li data-name="(.*?)" data-typed="(.*?)"><span class="field-error">(.*?)</span>', text)
    return {name: (typed, word) for name, typed, word in found}


@pytest.mark.parametrize("path", LISTS)
@pytest_twisted.ensureDeferred
async def test_a_broken_day_is_said_and_the_other_filters_stay(site: RunningSite, path: str) -> None:
    admin = await site.signed_in("admin")
    page = await admin.get(f"{path}?from_day=abc&to_day=2026-03-02&lang=en")
    assert (page.status, wrong(page.text)) == (422, {"from_day": ("abc", DATE)})
    assert 'name="to_day" value="2026-03-02"' in page.text
    assert wrong((await admin.get(f"{path}?to_day=2026-03-02")).text) == {}


@pytest_twisted.ensureDeferred
async def test_every_name_is_said_whoever_found_it(site: RunningSite) -> None:
    """Those that do not parse, those that there are not, and those that the service refuses."""
    admin = await site.signed_in("admin")
    for path in ("/calls", "/messages", "/alarms", "/audit"):
        page = await admin.get(f"{path}?from_day=abc&limit=many&nonsense=1&sort=bogus&lang=en")
        assert (page.status, page.text.count("</main>")) == (422, 1), path
        # Lists that say by themselves what the service refuses say it above their rows.
        assert set(wrong(page.text)) | {"sort"} == {"from_day", "limit", "nonsense", "sort"}, path
        assert "sort is not known here" in page.text, path
    page = await admin.get("/opt-outs?kind=all%27&number=138&lang=en")
    assert list(wrong(page.text)) == ["kind"]
    assert 'value="138"' in page.text
    page = await admin.get("/patients?limit=x&q=%3Cb%3E&lang=en")
    assert list(wrong(page.text)) == ["limit"]
    assert (await admin.get("/reports/agents?day=yesterday&lang=en")).status == 422


@pytest_twisted.ensureDeferred
async def test_what_was_typed_cannot_become_a_part_of_the_page(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    page = await admin.get("/calls?from_day=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert page.status == 422
    assert "<script>alert" not in page.text


@pytest_twisted.ensureDeferred
async def test_who_is_written_to_is_never_guessed(site: RunningSite) -> None:
    """A filter left out would mean more patients."""
    admin = await site.signed_in("admin")
    refused = await admin.get("/messages/new?whom=list&department_id=x&lang=en")
    assert (refused.status, "wrong-filters" in refused.text) == (422, False)


@pytest_twisted.ensureDeferred
async def test_programs_are_refused(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    refused = await admin.get("/api/v1/messages?from_day=abc&lang=en")
    assert (refused.status, refused.json["fields"]) == (422, {"from_day": DATE})
