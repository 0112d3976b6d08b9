"""The audit log in the words of those who read it: labels, names, yes and no; codes and ids stay in the API."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest_twisted

from callcenter.telephony.listening_rights import NO_RIGHT, Unentitled, tell_cut_off
from protocols.signals import CallerIdentified, Ended, Rang
from tests.peers.site import Answer, Browser, RunningSite, start_site
from tests.web.test_exports import rows_of
from web.words import AUDIT_ACTIONS, AUDIT_SUBJECTS

ROOT = Path(__file__).parents[2]


def told(page: Answer) -> dict[str, str]:
    """Label → "before → after" of the newest entry on the page."""
    newest = page.text.partition("<details>")[2].partition("</details>")[0]
    pairs = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", newest, re.DOTALL)
    return {unescape(label): unescape(value) for label, value in pairs}


async def edit(browser: Browser, path: str, **changes: Any) -> None:
    version = (await browser.get(path)).json["version"]
    answer = await browser.ask("PATCH", path, {**changes, "version": version})
    assert answer.status == 200, answer.text


def constants_of_calls(name: str) -> set[tuple[str, str]]:
    """Action and subject type of every entry that the services write, as far as they stand there as constants."""
    found = set()
    for path in (ROOT / "callcenter").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name and len(node.args) > 3:
                action, subject = node.args[2:4]
                found.add((getattr(action, "value", ""), getattr(subject, "value", "")))
    return found


def test_there_is_a_word_for_everything_that_is_logged() -> None:
    found = constants_of_calls("record_audit") | constants_of_calls("Audited")
    assert ("claim", "call") in found
    assert ("hang-up", "call") in found
    actions, subjects = ({one for one in column if type(one) is str and one} for column in zip(*found, strict=True))
    assert actions <= set(AUDIT_ACTIONS)
    assert subjects <= set(AUDIT_SUBJECTS)


@pytest_twisted.ensureDeferred
async def test_changes_of_records_have_labels_names_and_words(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    await edit(admin, "/api/v1/patients/1", department_id=2, do_not_call=True, tier="gold", birth_date=None)
    shown = told(await admin.get("/audit?lang=zh_CN&subject_type=patient&action=edit"))
    assert shown.items() >= {"科室": "骨科 → 内科", "VIP 等级": "– → 金卡", "出生日期": "1960-03-01 → –"}.items()
    assert "否 → 是" in shown.values()
    assert "修改时间" not in shown, "the time of the entry says it"
    assert (await admin.post("/api/v1/departments/3/disable", {})).status == 200
    assert told(await admin.get("/audit?lang=en&action=disable")) == {"Disabled": "no → yes"}
    shown = told(await admin.get("/audit?lang=en&subject_type=patient&action=edit"))
    wanted = {"Clinical department": "骨科 → 内科", "Do not call": "no → yes", "Tier": "– → Gold"}
    assert shown.items() >= wanted.items()
    raw = (await admin.get("/api/v1/audit?subject_type=patient&action=edit")).json["items"][0]
    assert raw["after"]["department_id"] == 2
    assert "张三" in (await admin.get("/audit?subject_type=patient")).text


@pytest_twisted.ensureDeferred
async def test_what_is_known_by_a_word_is_told_by_its_label(postgresql_url: str) -> None:
    """Outcomes have no numbers for keys; PostgreSQL compares no word with a number."""
    site = await start_site(postgresql_url)
    try:
        admin = await site.signed_in("admin")
        await edit(admin, "/api/v1/outcomes/all/busy", label_en="Line engaged")
        page = await admin.get("/audit?lang=zh_CN&subject_type=outcome")
        assert page.status == 200
        assert told(page) == {"英文名称": "Busy → Line engaged"}
        assert (await admin.get("/api/v1/audit/export?format=csv")).status == 200
    finally:
        await site.stop()


@pytest_twisted.ensureDeferred
async def test_a_role_tells_permission_by_permission(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    role = site.roles["head"]
    grants = (await admin.get(f"/api/v1/roles/{role}")).json["grants"]
    del grants["audit.view"]
    await edit(admin, f"/api/v1/roles/{role}", grants={**grants, "patients.view": "all"})
    shown = told(await admin.get("/audit?lang=en&subject_type=role&action=edit"))
    assert shown == {"Audit log: View": "own department → –", "Patients: View": "own department → all"}


@pytest_twisted.ensureDeferred
async def test_deeds_with_calls_and_exports_are_told_in_words(site: RunningSite) -> None:
    agent, admin = await site.signed_in("agent"), await site.signed_in("admin")
    await site.hear(Rang(), CallerIdentified("13911112222"))
    call = (await agent.get("/api/v1/calls/open")).json["items"][0]["id"]
    assert (await agent.post(f"/api/v1/calls/{call}/claim")).status == 200
    assert told(await admin.get("/audit?lang=en&action=claim")) == {"Agent": "Agent"}
    await agent.post(f"/api/v1/calls/{call}/attach-patient", {"patient_id": 1, "remember": True})
    shown = told(await admin.get("/audit?lang=en&action=attach-patient"))
    assert shown == {"Patient": "赵六 → 张三", "Remembered for this number": "– → yes"}
    await site.hear(Ended(by_far_end=True))
    assert (await admin.get("/api/v1/patients/export?department_id=1&sort=-name&format=csv")).status == 200
    shown = told(await admin.get("/audit?lang=en&action=export&subject_type=patient"))
    wanted = {"Clinical department": "骨科", "Sorted by": "Full name ↓", "Include disabled": "no"}
    assert shown.items() >= wanted.items()
    assert (await admin.get("/api/v1/calls/export?line_id=1&direction=in&format=csv")).status == 200
    shown = told(await admin.get("/audit?lang=en&action=export&subject_type=call"))
    assert shown == {"Direction": "Incoming", "Line": "line 1"}


@pytest_twisted.ensureDeferred
async def test_who_was_cut_off_while_listening_and_why_is_told_in_words(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    one = Unentitled(1, 7, site.people["supervisor"].user_id or 0, "whisper", NO_RIGHT)
    await site.database.run(tell_cut_off, [one], datetime(2026, 3, 2, 8, tzinfo=UTC))
    assert told(await admin.get("/audit?lang=en&action=cut-off-listener")) == {
        "Who listened": "Supervisor", "How": "Whisper to the agent", "Why": "the right to it was taken away",
    }  # fmt: skip
    shown = told(await admin.get("/audit?lang=zh_CN&action=cut-off-listener"))
    assert shown["原因"] == "权限已被取消"


@pytest_twisted.ensureDeferred
async def test_the_exported_log_reads_like_the_page(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    await edit(admin, "/api/v1/departments/1", name="新骨科", clinical=False)
    heading, row = rows_of(await admin.get("/api/v1/audit/export?format=csv&lang=zh_CN&action=edit"))
    cells = dict(zip(heading, row, strict=True))
    assert (cells["操作"], cells["对象"], cells["对象名称"]) == ("修改", "部门", "新骨科")
    assert cells["修改前"].splitlines() == ["名称: 骨科", "临床科室: 是"]
    assert cells["修改后"].splitlines() == ["名称: 新骨科", "临床科室: 否"]


@pytest_twisted.ensureDeferred
async def test_names_out_of_the_readers_reach_are_not_told(site: RunningSite) -> None:
    """The head of orthopaedics reads of a colleague's deed with a patient of another department."""
    agent, admin, head = [await site.signed_in(name) for name in ("agent", "admin", "head")]
    await site.hear(Rang(), CallerIdentified("13911112222"))
    call = (await agent.get("/api/v1/calls/open")).json["items"][0]["id"]
    await agent.post(f"/api/v1/calls/{call}/claim")
    await agent.post(f"/api/v1/calls/{call}/attach-patient", {"patient_id": 2})
    await edit(admin, f"/api/v1/users/{site.people['agent'].user_id}", department_id=1)
    address = "/audit?lang=en&action=attach-patient"
    assert told(await admin.get(address))["Patient"] == "赵六 → 李四"
    assert told(await head.get(address))["Patient"] == "4 → 2"


@pytest_twisted.ensureDeferred
async def test_lines_are_told_of_in_words_also_when_they_are_no_more(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    line = {"name": "门诊一线", "driver": "hayes", "port": "/dev/serial/by-id/none-such", "baud": 9600}
    line_id = (await admin.post("/api/v1/lines", line)).json["id"]
    change = {"group": "骨科", "trace": True, "baud": None, "version": 1}
    assert (await admin.ask("PATCH", f"/api/v1/lines/{line_id}", change)).status == 200
    assert (await admin.ask("DELETE", f"/api/v1/lines/{line_id}", {"version": 2})).status == 204
    page = await admin.get("/audit?lang=zh_CN&subject_type=line&action=edit")
    assert told(page) == {"端口速率": "9600 → –", "所属组": "– → 骨科", "将原始报文写入文件": "– → 是"}
    assert "门诊一线" in page.text
    assert told(await admin.get("/audit?lang=zh_CN&subject_type=line&action=create"))["设备"] == "语音调制解调器"
    assert "移除" in (await admin.get("/audit?lang=zh_CN&subject_type=line&action=remove")).text
