"""An agent on a PBX's telephone holds, consults and transfers; a supervisor listens, and another one sees it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.peers.ami_thread import AmiThread, ami_thread
from tests.peers.browser import Browsers
from tests.peers.daemon import DemoDaemon
from tests.peers.patience import wait_for
from twistd_plugin.commands.configuration_text import configuration_text

pytestmark = pytest.mark.browser

CALLER = "13666660001"
PHONES = {"8001": "agent", "8002": "agent2", "8009": "supervisor"}


@pytest.fixture(scope="module")
def pbx() -> Iterator[AmiThread]:
    with ami_thread() as server:
        yield server


@pytest.fixture(scope="module")
def daemon(pbx: AmiThread, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoDaemon]:
    """A demo hospital with three telephones on a PBX beside its modems."""
    running = DemoDaemon(tmp_path_factory.mktemp("daemon") / "var")
    configure(running.var, pbx.port)
    running.start()
    yield running
    running.stop()


def configure(var: Path, port: int) -> None:
    var.mkdir()
    file = var / "callcenter.toml"
    text = configuration_text(file=str(file), name="回访示范医院", folder=".", port=0, area_code="010")
    text += f'\n[[asterisk]]\nname = "main"\nhost = "127.0.0.1"\nport = {port}\nusername = "huifang"\n'
    text += 'secret = "s3cret"\ncontrol = "huifang-control"\n'
    for phone, agent in PHONES.items():
        text += f'\n[[lines]]\nname = "{phone}"\ndriver = "asterisk"\n'
        text += f'port = "main/PJSIP/{phone}"\nbound_agent = "{agent}"\n'
    file.write_text(text)


def test_an_agent_holds_consults_and_transfers_while_supervisors_look_on(
    daemon: DemoDaemon, pbx: AmiThread, browsers: Browsers
) -> None:
    agent = browsers.window(daemon, "agent", "/console").page
    colleague = browsers.window(daemon, "agent2", "/console").page
    wait_for(lambda: talking_ready(daemon), what="the telephones")
    with pbx.lock:
        caller, phone = pbx.pbx.call("PJSIP/8001", CALLER)
        pbx.pbx.answer(caller, phone)
    state = agent.locator("#card-head .pop-state")
    expect(state).to_have_attribute("data-state", "talking")

    # On hold and back, by keyboard.
    expect(agent.locator("#card-control [data-action=hold]")).to_be_enabled()
    agent.keyboard.press("k")
    expect(state).to_contain_text("通话保持")
    expect(agent.locator("#card-control")).to_contain_text("对方正在听音乐")
    agent.keyboard.press("k")
    expect(state).to_contain_text("通话中")

    # A supervisor listens, and another one sees it.
    wall = browsers.window(daemon, "supervisor", "/wallboard").page
    other = browsers.window(daemon, "admin", "/wallboard").page
    wall.locator("[data-listen=listen]").click()
    expect(other.locator("[data-listener]")).to_contain_text("李主管话机振铃")
    ear = wait_for(lambda: pbx.leg_of("PJSIP/8009"), what="the supervisor's telephone")
    pbx.lift(ear)
    expect(other.locator("[data-listener]")).to_contain_text("李主管监听中")
    wall.reload()
    expect(wall.locator("[data-listener]")).to_contain_text("我监听中")
    # Not the agent: nobody who may not listen is told.
    expect(agent.locator("[data-listener]")).to_have_count(0)

    # A colleague is asked, answers, and takes the call.
    agent.keyboard.press("r")
    agent.locator("[data-colleague]", has_text="刘敏").click()
    agent.locator("[data-how=consult]").click()
    expect(state).to_contain_text("正在呼叫刘敏")
    # Keys are for the call when the sheet has gone, which the answer may do after the news.
    expect(agent.locator("dialog[open]")).to_have_count(0)
    third = wait_for(lambda: pbx.leg_of("Local/8002@"), what="the call to the colleague")
    with pbx.lock:
        third.number = "8001"
        theirs = pbx.pbx.ring(third, "PJSIP/8002")
        pbx.pbx.state(theirs, 6)
        pbx.pbx.dial_end(third, theirs, "ANSWER")
    pbx.lift(third)
    expect(state).to_contain_text("咨询刘敏")
    expect(other.locator("#calls")).to_contain_text("咨询刘敏")
    agent.keyboard.press("j")
    expect(state).to_contain_text("三方通话")
    agent.keyboard.press("e")
    expect(state).to_contain_text("已转接给刘敏")
    expect(other.locator("[data-listener]")).to_have_count(0)

    # The colleague sees whom they speak with now.
    expect(colleague.locator("#card-head")).to_contain_text("136 6666 0001")
    the_call_page_tells(agent, daemon)


def talking_ready(daemon: DemoDaemon) -> bool:
    lines = daemon.client("supervisor").get("/api/v1/lines")["items"]
    return all(line["state"] == "idle" for line in lines if line["name"] in PHONES)


def the_call_page_tells(page: Page, daemon: DemoDaemon) -> None:
    calls = daemon.client("supervisor").get("/api/v1/calls?limit=5")["items"]
    (given,) = [call for call in calls if call["transfer"]]
    (taken,) = [call for call in calls if call["transferred_from_id"] == given["id"]]
    assert (given["transfer"], taken["agent"]["name"]) == ("attended", "刘敏")
    page.goto(f"/calls/{given['id']}")
    expect(page.locator(".facts")).to_contain_text("转接给刘敏")
    expect(page.locator(".facts")).to_contain_text("咨询后转接")
    done = {"outcome": "completed", "finish": True}
    daemon.client("agent").post(f"/api/v1/calls/{given['id']}/wrap-up", done)


def test_what_cannot_be_done_is_said_beside_the_field(daemon: DemoDaemon, pbx: AmiThread, browsers: Browsers) -> None:
    agent = browsers.window(daemon, "agent", "/console", locale="en").page
    with pbx.lock:
        pbx.pbx.unknown_numbers.add("8765")
        caller, phone = pbx.pbx.call("PJSIP/8001", CALLER)
        pbx.pbx.answer(caller, phone)
    state = agent.locator("#card-head .pop-state")
    expect(state).to_have_attribute("data-state", "talking")
    expect(agent.locator("#card-control [data-action=transfer]")).to_be_enabled()
    agent.keyboard.press("r")
    agent.fill("#transfer-number", "*72")
    agent.locator("[data-how=transfer]").click()
    expect(agent.locator(".transfer-sheet .field-error")).to_contain_text("begin with * or #")
    agent.fill("#transfer-number", "8765")
    agent.locator("[data-how=transfer]").click()
    expect(agent.locator(".toast-line[data-kind=bad]")).to_contain_text("knows no number 8765")
    expect(state).to_have_attribute("data-state", "talking")
    with pbx.lock:
        pbx.pbx.end(phone, caller, by=caller)
    expect(state).to_have_attribute("data-state", "ended")
