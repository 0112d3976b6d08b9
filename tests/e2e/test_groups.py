"""A group is set up on its pages; its calls then go from one agent's page to the next, and say why they are there."""

from __future__ import annotations

import sqlite3

import pytest
from playwright.sync_api import expect

from tests.peers.browser import Browsers, arrive, remember
from tests.peers.daemon import RINGS_ON, DemoDaemon
from tests.peers.patience import PATIENCE, wait_for

pytestmark = pytest.mark.browser


def a_vip(daemon: DemoDaemon) -> tuple[str, str]:
    """Make somebody with a mobile of their own a VIP; name and number."""
    client = daemon.client("admin")
    for patient in client.get("/api/v1/patients?limit=60")["items"]:
        record = client.get(f"/api/v1/patients/{patient['id']}")
        for phone in record["phones"]:
            number = phone["number"].removeprefix("+86")
            if number.startswith("1") and len(client.get(f"/api/v1/patients/match?number={number}")["patients"]) == 1:
                client.send(
                    "PATCH", f"/api/v1/patients/{patient['id']}", {"tier": "gold", "version": record["version"]}
                )
                return record["name"], number
    pytest.fail("the demo has nobody with a mobile of their own")


def test_a_call_goes_from_the_page_of_one_agent_to_the_next(daemon: DemoDaemon, browsers: Browsers) -> None:
    name, number = a_vip(daemon)
    pages = {role: browsers.window(daemon, role, "/console").page for role in ("agent", "agent2")}
    office = browsers.window(daemon, "supervisor", "/groups").page
    office.locator("a[href='/groups/new']").first.click()
    arrive(office, "/groups/new")
    office.fill("[name=name]", "随访热线")
    for person in ("王秀英", "刘敏"):
        office.get_by_label(person).check()
    office.get_by_label("振铃规则").select_option("round_robin")
    assert office.input_value("[name=ring_seconds]") == "20"
    # So long may it take until it was looked at where it rings.
    office.fill("[name=ring_seconds]", "40")
    office.get_by_role("button", name="保存").click()
    expect(office.locator("#list")).to_contain_text("王秀英")
    with sqlite3.connect(daemon.var / "huifang.db", timeout=PATIENCE) as database:
        database.execute("update phone_line set agent_group_id = (select id from agent_group)")
    database.close()

    daemon.simulate("call", number, "--line", "1", "--rings", RINGS_ON, "--detach")
    ids = {role: daemon.client(role).get("/api/v1/session")["user"]["id"] for role in pages}
    first, second = sorted(pages, key=lambda role: ids[role])
    head = pages[first].locator("#card-head")
    expect(head.locator("[data-why=round_robin]")).to_have_text("轮到您接听")
    expect(head.locator("[data-badge=priority]")).to_have_text("VIP")
    expect(pages[second].locator("#card")).to_be_hidden()
    farewell = remember(pages[first], ".pop-farewell")
    expect(pages[second].locator("#card .pop-name")).to_contain_text(name)
    expect(pages[second].locator("[data-action=answer]")).to_be_enabled()
    pages[second].keyboard.press("a")
    expect(pages[second].locator("[data-action=hang-up]")).to_be_enabled()
    wait_for(lambda: "来电已转给其他坐席" in farewell(), "the farewell")
    pages[second].keyboard.press("h")
