"""The forms of templates, phrases and automatic replies: chips, an example that is filled in, and switching on."""

from __future__ import annotations

import pytest
import pytest_twisted

from tests.peers.site import RunningSite, all_rows
from tests.peers.sms_desk import add_gateway


@pytest_twisted.ensureDeferred
async def test_an_example_is_filled_in_counted_and_priced_and_nothing_is_kept(site: RunningSite) -> None:
    await site.database.run(add_gateway)
    doctor = await site.signed_in("doctor")
    before = await all_rows(site)
    text = "{patient.name}您好，{sender.name}请您到{department}复诊。"
    shown = await doctor.post("/api/v1/templates/preview", {"text": text, "purpose": "care"})
    assert shown.status == 200, shown.text
    assert shown.json["text"] == "王小明您好，Doctor请您到骨科复诊。"
    assert (shown.json["parts"], shown.json["warnings"]) == (1, ["department"])
    assert shown.json["cost"] > 0
    assert shown.json["gateway"]
    # An answer to somebody who asked may say it.
    assert (await doctor.post("/api/v1/templates/preview", {"text": text})).json["warnings"] == []
    assert (await doctor.post("/api/v1/phrases/preview", {"text": "长" * 100})).json["parts"] == 2
    assert await all_rows(site) == before


@pytest_twisted.ensureDeferred
async def test_what_cannot_be_filled_in_is_named_as_the_form_would(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    shown = (await admin.post("/api/v1/templates/preview", {"text": "您好 {x} 再见{"})).json
    assert shown["missing"] == {"unknown": ["x", "{"], "empty": [], "unpaired": ""}
    shown = (await admin.post("/api/v1/auto_replies/preview", {"text": "{hospital}：{patient.name}"})).json
    assert shown["missing"]["empty"] == ["patient.name"]
    shown = (await admin.post("/api/v1/auto_replies/preview", {"text": "您好 {"})).json
    assert shown["missing"] == {"unknown": ["{"], "empty": [], "unpaired": "您好 {"}
    refused = await admin.post("/api/v1/auto_replies", {"keyword": "地址", "text": "您好 {"})
    assert (refused.status, refused.json["fields"]["text"]) == (422, "大括号没有配对：“您好 {”中的 { 缺少另一半。")
    assert shown["gateway"] == ""
    assert (await admin.post("/api/v1/templates/preview", {"text": "x" * 1001})).status == 422


@pytest_twisted.ensureDeferred
async def test_only_whoever_sees_such_texts_sees_an_example(site: RunningSite) -> None:
    clerk, doctor = await site.signed_in("clerk"), await site.signed_in("doctor")
    for kind in ("templates", "phrases", "auto_replies"):
        assert (await clerk.post(f"/api/v1/{kind}/preview", {"text": "您好"})).status == 403
    assert (await doctor.post("/api/v1/auto_replies/preview", {"text": "您好"})).status == 403


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("templates", ["patient.name", "doctor.name", "department", "sender.name", "hospital", "date"]),
        ("auto_replies", ["hospital", "date"]),
        ("scripts", ["patient.name", "agent.name", "hospital"]),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_form_has_a_chip_for_each_placeholder_that_may_stand_there(
    site: RunningSite, kind: str, written: list[str]
) -> None:
    admin = await site.signed_in("admin")
    page = (await admin.get(f"/{kind}/new")).text
    assert [name for name in written if f'data-insert="{{{name}}}"' in page] == written
    assert page.count("data-insert=") == len(written) * (2 if kind == "scripts" else 1)
    assert (f'data-example="/{kind}/preview"' in page) == (kind != "scripts")


@pytest_twisted.ensureDeferred
async def test_an_automatic_reply_that_was_never_on_says_what_enabling_does(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    made = (await admin.post("/api/v1/auto_replies", {"keyword": "地址", "text": "{hospital}"})).json
    page = (await admin.get(f"/auto_replies/{made['id']}/edit")).text
    assert ("重新启用" in page, ">启用</button>" in page, "按接收规则自动回复" in page) == (False, True, True)
    assert "未启用" in (await admin.get("/auto_replies")).text
    assert "非值班时间" not in (await admin.get("/auto_replies")).text
    await admin.post("/api/v1/auto_replies", {"keyword": "", "text": "{hospital}"})
    assert "非值班时间" in (await admin.get("/auto_replies")).text
    await admin.post(f"/api/v1/auto_replies/{made['id']}/enable")
    page = (await admin.get(f"/auto_replies/{made['id']}/edit")).text
    assert ("停用后不再自动回复" in page, "未启用" in page) == (True, False)
    # A sentence about it has its placeholder in braces, as nothing can be tinted there.
    page = (await admin.get(f"/auto_replies?done=enabled&key={made['id']}")).text
    assert "{医院名称} 已启用。" in page
    # What is offered to choose from is enabled again.
    made = (await admin.post("/api/v1/phrases", {"text": "您好"})).json
    await admin.post(f"/api/v1/phrases/{made['id']}/disable")
    assert "重新启用" in (await admin.get(f"/phrases/{made['id']}/edit")).text
