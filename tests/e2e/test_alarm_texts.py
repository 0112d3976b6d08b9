"""Whoever is on duty is told by SMS that a line was lost, and the list of alarms says what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.peers.browser import Browsers
from tests.peers.daemon import DemoDaemon
from tests.peers.patience import wait_for

pytestmark = pytest.mark.browser

ENGINEERS = '\n[[alarm_texts]]\nname = "engineers"\nnumbers = ["138 0013-8001", "13800138002"]\nkinds = ["line_lost"]\n'


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoDaemon]:
    """The demo, whose configuration names two engineers."""
    running = DemoDaemon(tmp_path_factory.mktemp("texts") / "demo")
    running.start()
    running.stop()
    file = running.var / "callcenter.toml"
    file.write_text(file.read_text("utf-8") + ENGINEERS, "utf-8")
    running.start()
    yield running
    running.stop()


def test_engineers_are_told_by_sms_and_the_list_shows_that_it_arrived(daemon: DemoDaemon, browsers: Browsers) -> None:
    supervisor = daemon.client("supervisor")

    def texts() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = supervisor.get("/api/v1/messages?purpose=alarm&sort=created_at")["items"]
        return [one for one in found if "线路 3：线路中断。" in one["text"]]

    # A busy machine may have lost a line for a moment when the daemon started.
    before = [one["id"] for one in texts()]
    daemon.simulate("unplug", "--line", "3")
    told = [("+8613800138001", "delivered"), ("+8613800138002", "delivered")]
    wait_for(
        lambda: sorted((one["number"], one["state"]) for one in texts() if one["id"] not in before) == told, "the texts"
    )
    page = browsers.window(daemon, "supervisor", "/alarms").page
    row = page.locator("#list tbody tr", has_text="线路 3").first
    expect(row).to_contain_text("engineers · 发生")
    expect(row.locator(".sms-state[data-state=delivered]")).to_contain_text("已送达")
    row.get_by_role("link", name="查看短信").click()
    expect(page.locator("tr[data-message]")).to_have_count(2)
