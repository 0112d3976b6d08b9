"""What lines and devices say reaches people in their language: pages, wallboard, problem documents."""

from __future__ import annotations

import json
from string import Formatter
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import update
from sqlalchemy.orm import Session

from callcenter.text import Text, translated
from protocols.sayings import Said, Saying
from protocols.signals import CommandFailed, LineLost, LineReady
from storage.models import PhoneLine
from tests.peers.site import RunningSite
from tests.peers.socket_client import open_page
from tests.web.test_sockets import stop
from web.catalogues import load_translations
from web.static_files import message_files


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("saying", Saying)
def test_every_saying_keeps_its_values_in_chinese(saying: Saying) -> None:
    chinese = load_translations("zh_CN").gettext(saying.value)
    assert chinese != saying.value
    assert places(chinese) == places(saying.value)


def test_the_pages_get_every_saying_by_its_code() -> None:
    for name, file in message_files().items():
        _, _, sayings = file.body.decode().partition("export const sayings = ")
        found = json.loads(sayings.partition(";\n")[0])
        assert set(found) == {saying.code for saying in Saying}, name


def test_what_is_said_within_is_translated_and_names_are_not() -> None:
    chinese = load_translations("zh_CN").gettext
    said = Said(Saying.UNAVAILABLE, line="Idle", why=Said(Saying.UNPLUGGED))
    assert translated(chinese, said) == "线路 Idle 不可用：设备已拔出或端口已关闭"
    assert translated(chinese, Text("{name} has taken this call.", name="Idle")).startswith("Idle")


@pytest_twisted.ensureDeferred
async def test_a_lost_line_says_why_in_any_language_and_so_does_a_refusal(site: RunningSite) -> None:
    agent = await site.signed_in("agent")
    page = await open_page(site, agent, "lines")
    await site.hear(LineLost(Said(Saying.CANNOT_OPEN, port="/dev/ttyACM0", why="Permission denied")))
    lost = await page.until(
        lambda message: message.get("type") == "line.updated" and message["data"]["state"] == "lost"
    )
    assert lost["data"]["reason"] == "cannot open /dev/ttyACM0: Permission denied"
    assert lost["data"]["reason_said"] == {
        "code": "cannot_open", "values": {"port": "/dev/ttyACM0", "why": "Permission denied"}
    }  # fmt: skip
    (listed, _) = (await agent.get("/api/v1/lines")).json["items"]
    assert listed["reason_said"] == lost["data"]["reason_said"]

    await site.hear(LineReady("back"), CommandFailed("answer", Said(Saying.NOT_OFF_HOOK)))
    noted = await page.until(lambda message: "op" not in message and message["data"]["note"])
    assert noted["data"]["note_said"] == {
        "code": "answer_failed", "values": {"why": {"code": "not_off_hook", "values": {}}}
    }  # fmt: skip

    site.lines[0].broken = site.lines[1].broken = Said(Saying.UNAVAILABLE, line="1", why=Said(Saying.SILENT))
    refused = await agent.post("/api/v1/calls/dial", {"number": "10086"}, headers={"Accept-Language": "zh-CN"})
    assert (refused.status, refused.json["detail"]) == (503, "线路 1 不可用：调制解调器无应答")
    await stop(site, page)


@pytest_twisted.ensureDeferred
async def test_a_reason_from_before_there_were_codes_is_still_shown(site: RunningSite) -> None:
    def write(session: Session) -> None:
        session.execute(update(PhoneLine).values(reason="an old reason", reason_said=None))

    await site.database.run(write)
    found: list[dict[str, Any]] = (await (await site.signed_in("agent")).get("/api/v1/lines")).json["items"]
    assert [(line["reason"], line["reason_said"]) for line in found] == [("an old reason", None)] * 2
