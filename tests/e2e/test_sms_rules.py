"""Two people change the SMS rules at the same time: neither loses what was typed, neither undoes the other unasked."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.peers.browser import Browsers, let_toasts_stay
from tests.peers.daemon import DemoDaemon

pytestmark = pytest.mark.browser


def test_two_who_change_the_rules_keep_what_they_typed(daemon: DemoDaemon, browsers: Browsers) -> None:
    admin = daemon.client("admin")
    window = browsers.window(daemon, "admin", "/desk-rules")
    receiving = window.page
    sending = window.tab("/sending-rules")

    # What is changed among the sending rules is nobody's concern among the receiving ones.
    sending.locator("[name=closes]").fill("21:00")
    sending.locator("[name=daily_cap]").fill("3")
    sending.locator("main button.btn-primary").click()
    expect(sending.locator(".notice-good")).to_be_visible()
    let_toasts_stay(receiving)
    receiving.locator("[name=auto_reply_hours]").fill("20")
    receiving.locator("main button.btn-primary").click()
    expect(receiving.locator("#toasts")).to_contain_text("已保存")

    # Somebody else is first: it is shown, what was typed stays, and saving again is a decision.
    rules = admin.get("/api/v1/desk-rules")
    theirs = {"version": rules["version"], "staffed_to": "18:30", "days": [1, 2, 3, 4]}
    assert admin.send("PATCH", "/api/v1/desk-rules", theirs).status == 200
    receiving.locator("[name=auto_reply_hours]").fill("36")
    receiving.locator("main button.btn-primary").click()
    problem = receiving.locator("[data-problem]")
    expect(problem).to_contain_text("18:30")
    expect(problem).to_contain_text("周一 周二 周三 周四")
    assert receiving.locator("[name=auto_reply_hours]").input_value() == "36"
    # What was left alone here is taken over: saving again undoes nothing.
    expect(problem).to_contain_text("18:30 · 已更新到表单")
    assert receiving.locator("[name=staffed_to]").input_value() == "18:30"
    receiving.locator("main button.btn-primary").click()
    # Hidden when it is saved.
    expect(problem).to_be_hidden()

    told = admin.get("/api/v1/desk-rules")
    assert (told["auto_reply_hours"], told["staffed_to"], len(told["days"])) == (36, "18:30", 4)
    held = admin.get("/api/v1/messaging-rules")
    assert (held["closes"], held["opens"], held["daily_cap"]) == ("21:00", "08:00", 3)
    assert not window.problems
