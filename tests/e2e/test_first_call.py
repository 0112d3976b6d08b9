"""The agent's story in a real browser: the phone rings, the card is there, and what came of it is on record."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.peers.browser import PATIENCE, Browsers
from tests.peers.daemon import DemoDaemon, wait_for

pytestmark = pytest.mark.browser


def known_patient(daemon: DemoDaemon) -> tuple[str, str]:
    """Name and mobile of somebody whose number nobody shares."""
    client = daemon.client("agent")
    for patient in client.get("/api/v1/patients?limit=50")["items"]:
        for phone in client.get(f"/api/v1/patients/{patient['id']}/card")["phones"]:
            number = phone["number"]
            found = client.get(f"/api/v1/patients/match?number={number[3:]}")
            if number.startswith("+861") and len(found["patients"]) == 1:
                return patient["name"], number[3:]
    raise AssertionError("the demo has nobody with a mobile of their own")


def test_the_phone_rings_and_the_call_is_answered_written_down_and_on_record(
    fresh_daemon: DemoDaemon, browsers: Browsers
) -> None:
    fresh_daemon.start()
    name, number = known_patient(fresh_daemon)
    page = browsers.window(fresh_daemon, "agent", "/console").page
    expect(page.locator("#live")).to_have_attribute("data-state", "live", timeout=PATIENCE)
    ringing = fresh_daemon.simulate("call", number, "--line", "1", "--rings", "15", "--detach")
    assert ringing.returncode == 0, ringing.stderr
    card = page.get_by_role("link", name=name).first
    expect(card).to_be_visible(timeout=PATIENCE)
    page.reload()
    expect(page.get_by_role("link", name=name).first).to_be_visible(timeout=PATIENCE)
    second = page.context.new_page()
    second.goto(page.url)
    expect(second.get_by_role("link", name=name).first).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="接听").first.click()
    hang_up = page.get_by_role("button", name="挂断").first
    expect(hang_up).to_be_enabled(timeout=PATIENCE)
    hang_up.click()
    page.locator("input[name=outcome][value=completed]").check()
    page.locator("textarea").first.fill("伤口愈合良好")
    page.get_by_role("button", name=re.compile("^完成")).last.click()

    client = fresh_daemon.client("agent")

    def finished() -> bool:
        call = client.get("/api/v1/calls?limit=1")["items"][0]
        return bool(call["wrap_up"] == "done" and call["outcome"] == "completed" and call["notes"] == "伤口愈合良好")

    wait_for(finished, 15, "the finished wrap-up")
    call = client.get("/api/v1/calls?limit=1")["items"][0]
    assert (call["patient"]["name"], call["agent"]["name"], call["end_reason"]) == (name, "王秀英", "hung_up")
    page.goto(f"{fresh_daemon.base_url}/patients/{call['patient']['id']}")
    expect(page.get_by_text("本端挂断").or_(page.get_by_text("已完成")).first).to_be_visible(timeout=PATIENCE)
