"""Pages of the SMS centre: to whom one text goes, the rules of sending, totals, one message."""

from __future__ import annotations

import pytest_twisted

from tests.peers.site import RunningSite


@pytest_twisted.ensureDeferred
async def test_whoever_writes_to_many_reads_whom_it_is_for(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    everybody = len((await admin.get("/api/v1/patients")).json["items"])
    shown = (await admin.get("/messages/new?whom=list")).text
    assert f'data-chosen="{everybody}"' in shown
    assert "未设任何筛选条件" in shown
    department = (await admin.get("/api/v1/departments")).json["items"][0]
    shown = (await admin.get(f"/messages/new?whom=list&q=zzz&department_id={department['id']}")).text
    assert 'data-chosen="0"' in shown
    assert "<strong>zzz</strong>" in shown
    assert f"<strong>{department['name']}</strong>" in shown
    assert "data-chosen" not in (await admin.get("/messages/new")).text
    assert (await admin.get("/messages/new?whom=list&colour=red")).status == 422
