"""Hold and transfer through the API: who may, what is refused, and what of a third party is shown to whom."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_twisted

from callcenter.administration.disclosure import masked
from hardware.line_device import Capability
from protocols.signals import Answered, CallerIdentified, Parties, PartiesChanged, Rang
from tests.peers.scripted_line import MODEM
from tests.peers.site import RunningSite, start_site

CONTROLLED = MODEM | Capability.HOLD | Capability.TRANSFER | Capability.CONSULT | Capability.CONFERENCE


@pytest_twisted.async_yield_fixture
async def site(sqlite_url: str) -> AsyncIterator[RunningSite]:
    running = await start_site(sqlite_url)
    running.lines[0].capabilities = CONTROLLED
    yield running
    await running.stop()


@pytest_twisted.ensureDeferred
async def test_an_agent_holds_and_transfers_and_nobody_else(site: RunningSite) -> None:
    agent = await site.signed_in("agent")
    await site.hear(Rang(), CallerIdentified("13800138000"))
    (call,) = (await agent.get("/api/v1/calls/open")).json["items"]
    address = f"/api/v1/calls/{call['id']}"
    assert (await agent.ask("POST", f"{address}/answer", {})).status == 200
    early = await agent.ask("POST", f"{address}/hold", {})
    assert (early.status, early.json["code"]) == (409, "conflict")
    await site.hear(Answered())
    for role in ("doctor", "admin"):
        other = await site.signed_in(role)
        for what in ("hold", "transfer", "consult", "complete", "conference"):
            body = {"number": "8002"} if what in ("transfer", "consult") else {}
            assert (await other.ask("POST", f"{address}/{what}", body)).status == 403, (role, what)
    for what in ("listen", "whisper", "barge"):
        assert (await agent.ask("POST", f"{address}/{what}", {})).status == 403
    assert (await agent.get("/api/v1/listeners")).status == 403
    assert (await agent.ask("POST", f"{address}/hold", {})).status == 200
    bad = await agent.ask("POST", f"{address}/consult", {"number": "*72"})
    assert (bad.status, list(bad.json["fields"])) == (422, ["number"])
    assert (await agent.ask("POST", f"{address}/consult", {"number": "139 0013 9000", "extra": 1})).status == 422
    assert (await agent.ask("POST", f"{address}/consult", {"number": "139 0013 9000"})).status == 200
    assert [asked for asked in site.lines[0].asked if asked[0] in ("hold", "consult")] == [
        ("hold", ""), ("consult", "13900139000"),
    ]  # fmt: skip
    await site.hear(PartiesChanged(Parties.CONSULTING, "13900139000"))
    shown = (await agent.get(address)).json
    assert (shown["parties"], shown["third"]["number_formatted"]) == ("consulting", "139 0013 9000")
    hidden = masked(shown)["third"]
    assert "*" in hidden["number"]
    assert "*" in hidden["number_formatted"]
