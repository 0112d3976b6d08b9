"""The form of a gateway with the settings of real kinds: what is wrong is said there, and nothing typed is lost."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
import pytest_twisted

from tests.peers.site import Browser, RunningSite, with_rights
from tests.web.test_pages import Form

OWN = {"o-own.fields": "to = {numbers}\nmsg = {text}", "o-own.accepted": "OK", "o-own.codes": "7 = gateway 余额不足"}
HTTP = {"kind": "http", "name": "服务商", "priority": "5", "o-url": "http://sms.example.com/", "o-preset": "linkws"}
GSM = {"kind": "gsm", "name": "短信猫", "priority": "5", "o-port": "/dev/ttyUSB0"}
CMPP = {"kind": "cmpp3", "name": "移动", "o-host": "10.0.0.9", "o-sp_id": "900001", "o-secret": "geheim"}


def wrong_at(page: str) -> dict[str, str]:
    """Field → what is said to be wrong with it."""
    return dict(re.findall(r'id="([\w.-]+)-about"[^>]*>\s*<span class="field-error">([^<]*)<', page))


async def add(admin: Browser, typed: dict[str, Any]) -> dict[str, Any]:
    answer = await admin.post("/gateways/new", form=typed)
    assert answer.status == 303, wrong_at(answer.text)
    (gateway,) = (await admin.get("/api/v1/gateways")).json["items"]
    found: dict[str, Any] = (await admin.get(f"/api/v1/gateways/{gateway['id']}")).json
    return found


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        (HTTP | {"o-url": "ftp://x/"}, "o-url", "http://"),
        (HTTP | {"o-preset": ""}, "o-preset", "必填"),
        (HTTP | {"o-push_secret": "short"}, "o-push_secret", "16"),
        (HTTP | {"o-rate": "0"}, "o-rate", "大于 0"),
        (HTTP | {"o-sender": "12a"}, "o-sender", "20 位数字"),
        (HTTP | {"name": "\u202e\u200b"}, "name", "必填"),
        (HTTP | {"name": "线" * 41}, "name", "40"),
        (HTTP | {"signature": "签" * 21}, "signature", "20"),
        (HTTP | {"cost": "200"}, "cost", "100 元"),
        (HTTP | {"cost": "0.0456"}, "cost", "三位小数"),
        (HTTP | {"prefixes": "13x"}, "prefixes", "数字"),
        (HTTP | OWN | {"o-preset": "custom", "o-own.fields": ""}, "o-own.fields", "必填"),
        (HTTP | OWN | {"o-preset": "custom", "o-own.fields": "to = {numbers}"}, "o-own.fields", "{text}"),
        (HTTP | OWN | {"o-preset": "custom", "o-own.fields": "to = {nobody}"}, "o-own.fields", "没有 {nobody}"),
        (HTTP | OWN | {"o-preset": "custom", "o-own.fields": "to = 1\nmsg"}, "o-own.fields", "第 2 行"),
        (HTTP | OWN | {"o-preset": "custom", "o-own.codes": "7 = perhaps"}, "o-own.codes", "later, never, gateway"),
        (HTTP | OWN | {"o-preset": "custom", "o-own.code": "abc"}, "o-own.code", "括号"),
        (
            HTTP | OWN | {"o-preset": "custom", "o-own.accepted": "a("},
            "o-own.accepted",
            "：有括号没有闭合（第 2 个字符）",
        ),
        (HTTP | OWN | {"o-preset": "custom", "o-own.code": "(a**)"}, "o-own.code", "重复符号连在一起（第 4 个字符）"),
        (HTTP | OWN | {"o-preset": "custom", "o-own.longest": "0"}, "o-own.longest", "1"),
        (HTTP | OWN | {"o-preset": "custom", "o-own.path": "页"}, "o-own.path", "sms/send"),
        (GSM | {"o-pin": "12"}, "o-pin", "4 到 8"),
        (GSM | {"o-number": "x"}, "o-number", "电话号码"),
        (GSM | {"number": "1" * 31}, "number", "30"),
        (GSM | {"o-port": "COM1"}, "o-port", "usb:VID:PID"),
        (CMPP | {"o-sp_id": ""}, "o-sp_id", "必填"),
        (CMPP | {"o-sp_id": "9000011"}, "o-sp_id", "6"),
        (CMPP | {"o-host": "http://x"}, "o-host", "不带 http"),
        (CMPP | {"o-country": "0"}, "o-country", "1 到 4"),
        (CMPP | {"o-utc_offset": "8.1"}, "o-utc_offset", "0.25"),
        (CMPP | {"o-port": "99999"}, "o-port", "65535"),
        (CMPP | {"o-numbers": "roman"}, "o-numbers", "national, international, plus"),
        (CMPP | {"o-service_id": "服务"}, "o-service_id", "半角"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_wrong_value_has_the_right_words_at_its_field_and_everything_stays(
    site: RunningSite, typed: dict[str, str], field: str, says: str
) -> None:
    admin = await site.signed_in("admin")
    answer = await admin.post("/gateways/new?lang=zh_CN", form=typed)
    assert answer.status == 422
    wrong = wrong_at(answer.text)
    assert list(wrong) == [field]
    assert says in wrong[field].replace("&#39;", "'")
    shown = Form(answer.text, "/gateways/new").fields
    secret = {"o-secret", "o-pin", "o-push_secret"}
    for name, value in typed.items():
        if name not in secret and not (field == name and name in ("o-numbers", "o-preset")):
            assert shown[name][0].strip() == (value.strip() if name != "signature" else value), name


@pytest_twisted.ensureDeferred
async def test_a_name_that_turns_round_is_cleaned(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    assert (await add(admin, GSM | {"name": " 短信\u202e猫\u200b  一 "}))["name"] == "短信猫 一"


@pytest_twisted.ensureDeferred
async def test_the_number_of_the_sim_is_not_the_number_of_the_gateway(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    made = await add(admin, GSM | {"number": "10690", "o-number": "+8613800138000"})
    assert (made["number"], made["options"]["number"]) == ("10690", "+8613800138000")
    path = f"/gateways/{made['id']}/edit"
    page = (await admin.get(path)).text
    form = Form(page, path).fields
    assert (form["number"], form["o-number"]) == (["10690"], ["+8613800138000"])
    assert page.count('id="number-about"') == page.count('id="o-number-about"') == 1
    refused = await admin.post(path, form={**form, "number": "1" * 31, "o-number": "x"})
    assert set(wrong_at(refused.text)) == {"number", "o-number"}


@pytest_twisted.ensureDeferred
async def test_a_provider_of_ones_own_is_saved_opened_and_changed(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    made = await add(admin, HTTP | OWN | {"o-preset": "custom", "o-own.method": "GET", "o-own.joins": "true"})
    own = {
        "method": "GET",
        "fields": {"to": "{numbers}", "msg": "{text}"},
        "accepted": "OK",
        "codes": {"7": {"refusal": "gateway", "words": "余额不足"}},
        "joins": True,
    }
    assert made["options"]["own"] == own
    path = f"/gateways/{made['id']}/edit"
    form = Form((await admin.get(path)).text, path).fields
    assert form["o-own.fields"][0].strip() == OWN["o-own.fields"]
    assert form["o-own.codes"][0].strip() == OWN["o-own.codes"]
    again = await admin.post(path, form=form)
    assert again.header("Location") == "/gateways?done=changed", wrong_at(again.text)
    assert (await admin.get(f"/api/v1/gateways/{made['id']}")).json["options"] == made["options"]
    form = Form((await admin.get(path)).text, path).fields
    await admin.post(path, form={**form, "o-own.codes": "", "o-own.longest": "300"})
    changed = (await admin.get(f"/api/v1/gateways/{made['id']}")).json["options"]["own"]
    assert changed == {name: value for name, value in own.items() if name != "codes"} | {"longest": 300}
    form = Form((await admin.get(path)).text, path).fields
    await admin.post(path, form={**form, "o-preset": "sms_aspx"})
    assert "own" not in (await admin.get(f"/api/v1/gateways/{made['id']}")).json["options"]


@pytest_twisted.ensureDeferred
async def test_a_secret_that_was_typed_in_vain_is_asked_for_again(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    answer = await admin.post("/gateways/new?lang=zh_CN", form=CMPP | {"o-sp_id": ""})
    assert "geheim" not in answer.text
    assert "请重新填写" in answer.text
    assert "请重新填写" not in (await admin.get("/gateways/new?kind=cmpp3")).text


@pytest_twisted.ensureDeferred
async def test_the_api_names_a_setting_by_its_place(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    options = {"url": "http://x/", "preset": "custom", "own": {"fields": {"a": "{numbers}{text}"}}, "colour": "red"}
    answer = await admin.post("/api/v1/gateways", {"kind": "http", "name": "x", "options": options})
    assert answer.status == 422
    assert {name for name in ("options.own.accepted", "options.colour") if name in answer.text} == {
        "options.own.accepted",
        "options.colour",
    }


async def two_forms(admin: Browser, typed: dict[str, Any], **first: str) -> tuple[str, dict[str, Any]]:
    """The form of a gateway as it was before somebody else saved ``first``, and its address."""
    made = await add(admin, typed)
    path = f"/gateways/{made['id']}/edit"
    form = Form((await admin.get(path)).text, path).fields
    saved = await admin.post(path, form={**form, **first})
    assert saved.header("Location") == "/gateways?done=changed", wrong_at(saved.text)
    return path, form


def moved(page: str) -> list[str]:
    """What the page says somebody else changed."""
    return [unescape(re.sub(r"<[^>]+>", "", one)) for one in re.findall(r"<li data-moved>(.*?)</li>", page)]


@pytest_twisted.ensureDeferred
async def test_of_two_at_one_form_each_keeps_what_only_that_one_changed(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    path, form = await two_forms(
        admin, HTTP | OWN | {"o-preset": "custom", "cost": "0.05"},
        priority="2", **{"o-own.longest": "300", "o-fetch": "true", "o-rate": "7", "purposes": "reminder"},
    )  # fmt: skip
    late = await admin.post(f"{path}?lang=zh_CN", form={**form, "o-rate": "9", "signature": "仁和", "cost": "0.06"})
    assert late.status == 409
    assert moved(late.text) == [
        "用途: 提醒 · 已更新到下方",
        "优先级: 2 · 已更新到下方",
        "每秒最多条数: 7 · 您填写的 9 仍保留在下方",
        "主动获取状态报告和回复: 是 · 已更新到下方",
        "单次最多字数: 300 · 已更新到下方",
    ]
    assert f"最后修改：{site.people['admin'].display_name}" in late.text
    again = Form(late.text, path).fields
    assert (await admin.post(path, form=again)).header("Location") == "/gateways?done=changed"
    kept = (await admin.get(f"/api/v1{path.removesuffix('/edit')}")).json
    assert [kept[name] for name in ("priority", "purposes", "signature", "cost")] == [2, ["reminder"], "仁和", 60]
    # To fetch is the default, which is not written down.
    assert (kept["options"]["rate"], "fetch" in kept["options"], kept["options"]["own"]["longest"]) == (9, False, 300)


@pytest_twisted.ensureDeferred
async def test_a_third_change_is_decided_about_too(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    path, form = await two_forms(admin, GSM, priority="2")
    late = await admin.post(path, form={**form, "o-rate": "0.5"})
    again = Form(late.text, path).fields
    assert (await admin.post(path, form={**again, "o-rate": "", "priority": "3"})).status == 303
    latest = await admin.post(f"{path}?lang=en", form=again)
    assert latest.status == 409
    assert moved(latest.text) == ["Priority: 3 · taken over below"]


@pytest_twisted.ensureDeferred
async def test_who_changed_the_same_or_nothing_is_asked_nothing(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    path, form = await two_forms(admin, GSM, priority="2")
    assert (await admin.post(path, form={**form, "priority": "2", "signature": "仁和"})).status == 303
    kept = (await admin.get(f"/api/v1{path.removesuffix('/edit')}")).json
    assert (kept["priority"], kept["signature"], kept["version"]) == (2, "仁和", 3)


@pytest.mark.parametrize(
    ("theirs", "mine", "told"),
    [
        ({"o-password": "neu-1"}, {}, "Password: another one is saved · it stays so"),
        ({"o-password": "neu-1"}, {"o-password": "neu-2"}, "Password: another one is saved · type yours in again"),
        ({"o-password": "neu-1"}, {"x-password": "true"}, "Password: another one is saved · you want it removed"),
        ({"x-password": "true"}, {}, "Password: it was removed · it stays so"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_of_a_secret_no_more_is_told_than_that_it_changed(
    site: RunningSite, theirs: dict[str, str], mine: dict[str, str], told: str
) -> None:
    admin = await site.signed_in("admin")
    path, form = await two_forms(admin, HTTP | {"o-password": "alt"}, **theirs)
    late = await admin.post(f"{path}?lang=en", form={**form, **mine})
    assert late.status == 409
    (line,) = moved(late.text)
    assert line.startswith(told)
    assert not any(secret in late.text for secret in ("neu-1", "neu-2", "alt&"))
    again = Form(late.text, path).fields
    assert again["o-password"] == [""]
    assert ("x-password" in again) == ("x-password" in mine)
    assert (await admin.post(path, form=again)).status == 303
    kept = (await admin.get(f"/api/v1{path.removesuffix('/edit')}")).json["secrets"]
    assert kept == ([] if "x-password" in theirs | mine else ["password"])


@pytest_twisted.ensureDeferred
async def test_a_secret_that_nobody_touched_is_no_difference_and_stays(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    path, form = await two_forms(admin, CMPP, priority="2")
    late = await admin.post(f"{path}?lang=en", form={**form, "signature": "仁和"})
    assert moved(late.text) == ["Priority: 2 · taken over below"]
    mark = json.loads(form["seen"][0])["o-secret"]
    assert json.loads(Form(late.text, path).fields["seen"][0])["o-secret"] == mark
    assert "geheim" not in mark


@pytest_twisted.ensureDeferred
async def test_lines_as_browsers_end_them_are_no_difference(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    path, form = await two_forms(admin, HTTP | OWN | {"o-preset": "custom"}, priority="2")
    sent = {**form, "o-own.fields": OWN["o-own.fields"].replace("\n", "\r\n")}
    late = await admin.post(f"{path}?lang=zh_CN", form=sent)
    assert late.status == 409
    assert len(moved(late.text)) == 1


@pytest_twisted.ensureDeferred
async def test_a_refusal_does_not_hide_what_somebody_else_changed(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    path, form = await two_forms(admin, GSM, priority="2")
    refused = await admin.post(path, form={**form, "o-pin": "x"})
    assert refused.status == 422
    again = Form(refused.text, path).fields
    late = await admin.post(f"{path}?lang=en", form=again)
    assert (late.status, moved(late.text)) == (409, ["Priority: 2 · taken over below"])


@pytest_twisted.ensureDeferred
async def test_what_somebody_else_changed_is_not_removed_unseen(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    path, _ = await two_forms(admin, GSM, priority="2")
    late = await admin.post(path.replace("edit", "remove"), form={"version": "1"})
    assert late.status == 409
    assert Form(late.text, path).fields["priority"] == ["2"]


@pytest_twisted.ensureDeferred
async def test_the_log_tells_every_setting_by_its_name(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    await two_forms(admin, GSM | {"number": "10690"}, number="10691", **{"o-number": "+8613800138000"})
    log = re.sub(r"<[^>]+>", " ", (await admin.get("/audit?subject_type=gateway&lang=zh_CN")).text)
    for told in ("患者看到的号码", "SIM 卡号码", "10690", "10691", "+8613800138000"):
        assert told in log, told
    (edit,) = (await admin.get("/api/v1/audit?subject_type=gateway&action=edit")).json["items"]
    assert edit["after"] == {"number": "10691", "options.number": "+8613800138000"}


@pytest_twisted.ensureDeferred
async def test_who_sees_no_numbers_of_patients_sets_up_the_hospitals_own(site: RunningSite) -> None:
    """The number of the SIM card is the hospital's: what is saved is what was typed, never a mask."""
    admin = await site.signed_in("admin")
    made = await add(admin, GSM | {"name": "短信猫 13800138000", "number": "+8613800138000"})
    technician = await with_rights(site, admin, "gateways.view", "gateways.edit", "gateways.test")
    path = f"/gateways/{made['id']}/edit"
    form = Form((await technician.get(path)).text, path).fields
    refused = await technician.post(path, form={**form, "o-pin": "x"})
    assert refused.status == 422
    form = Form(refused.text, path).fields
    assert (await technician.post(path, form={**form, "priority": "2"})).status == 303
    kept = (await admin.get(f"/api/v1/gateways/{made['id']}")).json
    assert (kept["name"], kept["number"]) == ("短信猫 13800138000", "+8613800138000")
    test = f"/gateways/{made['id']}/test"
    wrong = await technician.post(test, form={"number": "13800138000", "text": ""})
    assert Form(wrong.text, test).fields["number"] == ["13800138000"]
