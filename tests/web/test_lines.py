"""Lines set up and tried through the API, the pages and the socket."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest_twisted

from hardware.trace import Way
from protocols.signals import CallerIdentified, Ended, LineReady, Rang
from tests.peers.site import RunningSite, all_rows, with_rights
from tests.peers.socket_client import knock, open_page
from tests.web.test_pages import Form
from tests.web.test_sockets import stop
from web.api.line_models import Devices, Drivers, Setup, Setups, Trial

NEW = {"name": "<img src=x onerror=alert(1)>", "driver": "hayes", "port": "/dev/serial/by-id/none-such"}


@pytest_twisted.ensureDeferred
async def test_a_line_by_the_api_from_its_beginning_to_its_end(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    page = await open_page(site, admin, "lines")
    made = await admin.post("/api/v1/lines", {**NEW, "baud": 9600})
    assert made.status == 201
    line = Setup.model_validate(made.json)
    assert set(made.json) == set(Setup.model_fields)
    await page.until(lambda message: "op" not in message and message["data"]["name"] == NEW["name"])
    address = f"/api/v1/lines/{line.id}"
    assert [one["name"] for one in (await admin.get("/api/v1/lines")).json["items"]][-1] == NEW["name"]
    assert Setups.model_validate((await admin.get("/api/v1/lines/setups")).json).items[-1].id == line.id

    changed = await admin.ask("PATCH", address, {"name": "护士站", "group": "骨科", "version": 1})
    assert (changed.status, changed.json["name"], changed.json["version"]) == (200, "护士站", 2)
    stale = await admin.ask("PATCH", address, {"name": "x", "version": 1})
    assert (stale.status, stale.json["code"], stale.json["details"]["current"]["name"]) == (409, "conflict", "护士站")
    wrong = await admin.ask("PATCH", address, {"port": "COM1", "version": 2}, headers={"Accept-Language": "zh-CN"})
    assert wrong.status == 422
    assert "设备路径" in wrong.json["fields"]["port"]

    site.workbench.last.say(Rang())
    await site.settle()
    busy = await admin.ask("DELETE", address, {"version": 2})
    assert busy.status == 409
    site.workbench.last.say(Ended(by_far_end=True))
    await site.settle()
    assert (await admin.ask("DELETE", address, {"version": 2})).status == 204
    gone = await page.until(lambda message: message.get("type") == "line.removed")
    assert gone["data"] == {"id": line.id, "name": "护士站"}
    assert (await admin.get(f"{address}/setup")).status == 404
    await stop(site, page)


@pytest_twisted.ensureDeferred
async def test_what_there_is_to_choose_from(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    drivers = Drivers.model_validate((await admin.get("/api/v1/lines/drivers?lang=zh_CN")).json).items
    assert ("hayes", "语音调制解调器") in [(one.driver, one.label) for one in drivers]
    assert "asterisk" not in [one.driver for one in drivers]
    Devices.model_validate((await admin.get("/api/v1/lines/ports")).json)


@pytest_twisted.ensureDeferred
async def test_bodies_of_any_kind_are_refused_and_change_nothing(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    before = await all_rows(site)
    for body in (
        {}, [], {"name": ["x"], "driver": "hayes", "port": "/dev/x"}, {**NEW, "driver": {}}, {**NEW, "secret": "x"},
        {**NEW, "baud": {}}, {**NEW, "name": "x" * 200}, {**NEW, "port": "x" * 2000}, {**NEW, "trace": "maybe"},
        {**NEW, "driver": "asterisk", "port": "main/PJSIP/8001"}, {**NEW, "trunk": True},
    ):  # fmt: skip
        answer = await admin.post("/api/v1/lines", body)
        assert answer.status == 422, body
    for body in ({"name": "x"}, {"version": "one"}, {"version": None, "name": "x"}):
        assert (await admin.ask("PATCH", "/api/v1/lines/1", body)).status == 422
    assert await all_rows(site) == before


@pytest_twisted.ensureDeferred
async def test_a_supervisor_arranges_and_tests_and_sets_up_no_device(site: RunningSite) -> None:
    supervisor = await site.signed_in("supervisor")
    admin = await site.signed_in("admin")
    line_id = (await admin.post("/api/v1/lines", NEW)).json["id"]
    await site.settle()
    before = await all_rows(site)
    refused = await supervisor.ask(
        "PATCH", f"/api/v1/lines/{line_id}", {"port": "tcp://169.254.169.254:80", "version": 1}
    )
    assert refused.status == 403
    assert (await supervisor.post("/api/v1/lines", NEW)).status == 403
    assert await all_rows(site) == before
    page = (await supervisor.get(f"/lines/{line_id}/edit")).text
    assert 'name="port"' not in page
    assert NEW["port"] in page
    form = {"name": "二线", "group": "", "bound_agent": "agent", "version": "1"}
    assert (await supervisor.post(f"/lines/{line_id}/edit", form=form)).status == 303
    seat = (await supervisor.get(f"/api/v1/lines/{line_id}/setup")).json
    assert (seat["name"], seat["bound_name"]) == ("二线", "Agent")


@pytest_twisted.ensureDeferred
async def test_the_pages_keep_what_was_typed_and_escape_it(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    bad = await admin.post("/lines/new", form={**NEW, "port": "/etc/passwd", "dial_prefix": "9;"})
    assert bad.status == 422
    assert "onerror" in bad.text
    assert "<img" not in bad.text
    assert 'value="/etc/passwd"' in bad.text
    made = await admin.post("/lines/new", form={**NEW, "baud": "", "ring_timeout": "8", "international_prefix": ""})
    assert made.status == 303
    line_id = int(made.header("Location").split("/")[2])
    listed = (await admin.get("/lines")).text
    assert "<img" not in listed
    assert (await admin.get(f"/lines/{line_id}/test")).status == 200
    setup = (await admin.get(f"/api/v1/lines/{line_id}/setup")).json
    assert setup["settings"] == {**NEW, "ring_timeout": 8.0, "international_prefix": ""}

    # A form that does not say what it was opened with: all of it is meant, and the second is told of the first.
    first = {**NEW, "name": "甲", "ring_timeout": "9", "version": "1"}
    assert (await admin.post(f"/lines/{line_id}/edit", form=first)).status == 303
    second = await admin.post(f"/lines/{line_id}/edit", form={**first, "name": "乙"})
    assert second.status == 409
    assert moved(second.text) == ["名称: 甲 · 您填写的 乙 仍保留在下方"]
    assert 'value="乙"' in second.text
    assert 'name="version" value="2"' in second.text
    assert f"最后修改：{site.people['admin'].display_name}" in second.text
    # A refusal for another reason does not make the first's work unseen.
    refused = await admin.post(f"/lines/{line_id}/edit", form={**first, "name": "乙", "ring_timeout": "0"})
    assert (refused.status, 'name="version" value="1"' in refused.text) == (422, True)
    gone = await admin.post(f"/lines/{line_id}/remove", form={"version": "2"})
    assert gone.status == 303
    assert "甲 已移除" in (await admin.get(f"{gone.header('Location')}&lang=zh_CN")).text
    kept = await admin.post("/lines/1/remove", form={"version": "1"})
    assert kept.status == 409


@pytest_twisted.ensureDeferred
async def test_of_two_at_one_line_each_keeps_what_only_that_one_changed(site: RunningSite) -> None:
    admin, supervisor = await site.signed_in("admin"), await site.signed_in("supervisor")
    line_id = (await admin.post("/api/v1/lines", NEW | {"ring_timeout": 8})).json["id"]
    path = f"/lines/{line_id}/edit"
    form = Form((await admin.get(path)).text, path).fields
    arranging = Form((await supervisor.get(path)).text, path).fields
    theirs = {"name": "甲", "ring_timeout": "", "trace": "true", "baud": "9600"}
    assert (await admin.post(path, form={**form, **theirs})).status == 303
    late = await admin.post(f"{path}?lang=en", form={**form, "dial_prefix": "9", "baud": "19200"})
    assert late.status == 409
    assert moved(late.text) == [
        "Name: 甲 · taken over below",
        "Speed of the port: 9600 · you typed 19200, which is still below",
        "Ringing stops after (s): – · taken over below",
        "Raw trace in a file: yes · taken over below",
    ]
    assert (await admin.post(path, form=Form(late.text, path).fields)).status == 303
    kept = (await admin.get(f"/api/v1/lines/{line_id}/setup")).json["settings"]
    assert kept == {**NEW, "name": "甲", "dial_prefix": "9", "baud": 19200, "trace": True}
    # What is not on a supervisor's form is nothing to decide about there; the name is.
    late = await supervisor.post(f"{path}?lang=en", form={**arranging, "group": "骨科"})
    assert (late.status, moved(late.text)) == (409, ["Name: 甲 · taken over below"])
    again = Form(late.text, path).fields
    assert (await admin.post(path, form={**Form((await admin.get(path)).text, path).fields, "baud": ""})).status == 303
    assert (await supervisor.post(path, form=again)).status == 303
    setup = (await admin.get(f"/api/v1/lines/{line_id}/setup")).json
    assert (setup["name"], setup["group"], "baud" in setup["settings"]) == ("甲", "骨科", False)


def moved(page: str) -> list[str]:
    """What the page says somebody else changed."""
    return [unescape(re.sub(r"<[^>]+>", "", one)) for one in re.findall(r"<li data-moved>(.*?)</li>", page)]


def shown(message: dict[str, Any]) -> str:
    return "".join(one["text"] for one in message["data"]["entries"])


@pytest_twisted.ensureDeferred
async def test_a_test_over_the_socket(site: RunningSite) -> None:
    supervisor = await site.signed_in("supervisor")
    page = await open_page(site, supervisor, "lines", "line-test/1")
    idle = await page.until(lambda message: message.get("op") == "test")
    assert (idle["line_id"], idle["data"]["running"]) == (1, False)
    begun = await supervisor.post("/api/v1/lines/1/test")
    Trial.model_validate(begun.json)
    site.lines[0].trace(Way.RECEIVED, b"RING 13800138000")
    site.lines[0].say(LineReady("scripted"), Rang(), CallerIdentified("13800138000"))
    told = await page.until(lambda message: message.get("op") == "test" and "RING" in shown(message))
    assert [one["step"] for one in told["data"]["steps"] if one["at"]] == ["port", "ready", "ring", "caller_id"]
    assert "13800138000" in shown(told)
    polled = (await supervisor.get("/api/v1/lines/1/test?after=1")).json
    assert (polled["entries"], polled["last"]) == ([], 1)
    trace = await supervisor.get("/api/v1/lines/1/test/trace")
    assert (trace.status, "|RING 13800138000|" in trace.text) == (200, True)
    assert "attachment" in trace.header("Content-Disposition")
    assert (await supervisor.ask("DELETE", "/api/v1/lines/1/test", {})).json["end"] == "stopped"
    assert site.lines[0].watcher is None
    await page.until(lambda message: message.get("op") == "test" and message["data"]["end"] == "stopped")
    audit = await (await site.signed_in("admin")).get("/api/v1/audit?action=test")
    assert [(one["subject_type"], one["subject_id"]) for one in audit.json["items"]] == [("line", "1")]
    await stop(site, page)


@pytest_twisted.ensureDeferred
async def test_whose_numbers_are_masked_gets_none_by_a_test(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    technician = await with_rights(site, admin, "lines.view", "lines.test")
    page = await open_page(site, technician, "line-test/1")
    await technician.post("/api/v1/lines/1/test")
    site.lines[0].trace(Way.RECEIVED, b"RING 13800138000")
    site.lines[0].say(CallerIdentified("13800138000"))
    told = await page.until(lambda message: message.get("op") == "test" and "RING" in shown(message))
    trace = await technician.get("/api/v1/lines/1/test/trace")
    assert "13800138000" not in f"{told}{page.messages}{trace.text}"
    assert "138****8000" in str(told)
    await stop(site, page)


@pytest_twisted.ensureDeferred
async def test_a_line_called_by_its_number_is_saved_with_it_by_whoever_sees_no_numbers(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    line_id = (await admin.post("/api/v1/lines", {**NEW, "name": "门诊 010-62345678"})).json["id"]
    await site.settle()
    technician = await with_rights(site, admin, "lines.view", "lines.edit")
    path = f"/lines/{line_id}/edit"
    form = Form((await technician.get(path)).text, path).fields
    assert (await technician.post(path, form={**form, "group": ""})).status == 303
    assert (await admin.get(f"/api/v1/lines/{line_id}/setup")).json["name"] == "门诊 010-62345678"


@pytest_twisted.ensureDeferred
async def test_who_may_not_look_at_tests_hears_nothing(site: RunningSite) -> None:
    agent = await site.signed_in("agent")
    page = await knock(site, browser=agent)
    for topic, code in (
        ("line-test/1", "not-allowed"), ("line-test/x", "malformed"), ("line-test/0", "malformed"),
        ("line-test/" + "9" * 30, "malformed"),
    ):  # fmt: skip
        page.messages.clear()
        page.hello(None, "lines", topic)
        assert (await page.until(lambda message: "op" in message))["code"] == code, topic
    supervisor = await site.signed_in("supervisor")
    other = await knock(site, browser=supervisor)
    other.hello(None, "lines", "line-test/1", "line-test/4711")
    assert (await other.until(lambda message: message.get("op") == "error"))["code"] == "not-found"
    await supervisor.post("/api/v1/lines/1/test")
    site.lines[0].trace(Way.RECEIVED, b"RING")
    other.messages.clear()
    other.hello(None, "lines")
    await other.ready()
    assert not [message for message in other.messages if message.get("op") == "test"]
    await stop(site, page, other)
