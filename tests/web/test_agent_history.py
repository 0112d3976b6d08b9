"""The history of an agent's states, asked for by a program."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest_twisted

from tests.peers.site import RunningSite


@pytest_twisted.ensureDeferred
async def test_the_history_of_an_agent(site: RunningSite) -> None:
    agent, clerk = await site.signed_in("agent"), await site.signed_in("clerk")
    await agent.post("/api/v1/agents/me/state", {"state": "away", "reason": "lunch"})
    address = f"/api/v1/agents/{site.people['agent'].user_id}/states"
    today = (await agent.get(address)).json
    assert today["from"] < today["items"][-1]["started_at"] < today["until"]
    # Of both days, if one ends just now.
    day, now = timedelta(days=1), datetime.now(UTC)
    asked = {"from": (now - day).isoformat(), "until": (now + day).isoformat()}
    spans = (await agent.get(f"{address}?{urlencode(asked)}")).json["items"]
    assert [(span["state"], span["reason"], span["ended_at"] is None) for span in spans] == [
        ("available", "", False),
        ("away", "lunch", True),
    ]
    asked = {"from": "2020-01-01T00:00:00+08:00", "until": "2020-01-02T00:00:00+08:00"}
    old = (await agent.get(f"{address}?from={asked['from']}&until={asked['until']}".replace("+", "%2B"))).json
    assert old == today | {"from": "2019-12-31T16:00:00.000Z", "until": "2020-01-01T16:00:00.000Z", "items": []}
    assert (await agent.get(f"{address}?from=2020-01-01T00:00:00")).json["fields"].keys() == {"from"}
    assert (await agent.get(f"/api/v1/agents/{site.people['second'].user_id}/states")).status == 404
    assert (await clerk.get(address)).status == 403
