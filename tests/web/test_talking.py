"""What stands beside a call, over HTTP."""

from __future__ import annotations

from pytest_twisted import ensureDeferred

from protocols.signals import CallerIdentified, Rang
from tests.peers.site import RunningSite

ANSWER = {"title": "术后饮食", "type": "饮食", "content": "清淡"}


@ensureDeferred
async def test_the_pane_of_a_call_and_the_quick_search(site: RunningSite) -> None:
    boss, agent = await site.signed_in("supervisor"), await site.signed_in("agent")
    assert (await boss.post("/api/v1/scripts", {"name": "接听", "text_zh": "{hospital}您好"})).status == 201
    refused = await boss.post("/api/v1/scripts", {"name": "x", "text_zh": "{password}"})
    assert refused.status == 422
    assert "{password}" in refused.json["fields"]["text_zh"]
    assert (await agent.post("/api/v1/scripts", {"name": "x", "text_zh": "x"})).status == 403
    assert (await boss.post("/api/v1/articles", ANSWER)).status == 201
    await site.hear(Rang(), CallerIdentified("13800138000"))
    (call,) = (await agent.get("/api/v1/calls/open")).json["items"]
    slots = (await agent.get(f"/api/v1/calls/{call['id']}/talking")).json["slots"]
    assert [slot["name"] for slot in slots] == ["scripts", "articles"]
    assert slots[0]["content"]["scripts"][0]["zh"][0] == {"text": "示范医院", "placeholder": "hospital"}
    (found,) = (await agent.get("/api/v1/articles/found?q=shys")).json["items"]
    assert {name: found[name] for name in ANSWER} == ANSWER
    assert (await agent.get("/api/v1/calls/999/talking")).status == 404
    assert (await agent.get(f"/api/v1/articles/found?q={'x' * 101}")).status == 422


@ensureDeferred
async def test_their_pages(site: RunningSite) -> None:
    boss = await site.signed_in("supervisor")
    for page in ("/scripts", "/scripts/new", "/articles", "/articles/new"):
        assert (await boss.get(page)).status == 200, page
    assert "{patient.name}" in (await boss.get("/scripts/new")).text
