"""Fifty agents press the button at once: through the real site, on real connections, exactly one gets the call."""

from __future__ import annotations

import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.rights import give_roles
from protocols.signals import CallerIdentified, Rang
from storage.models import AuditEntry, CallRecord, UserAccount
from tests.peers.hospital import NOW
from tests.peers.site import RunningSite, start_site, together

ENGLISH = {"Accept-Language": "en"}
CROWD = [f"nurse{number}" for number in range(50)]


def hire(session: Session, role_id: int) -> None:
    """Fifty people with the agent's password and role."""
    hashed = session.scalar(select(UserAccount.password_hash).where(UserAccount.username == "agent"))
    for name in CROWD:
        person = UserAccount(username=name, display_name=name.title(), password_hash=hashed or "", created_at=NOW)
        person.must_change_password = False
        session.add(person)
        session.flush()
        give_roles(session, person.id, [role_id])


async def race(site: RunningSite) -> None:
    await site.database.run(hire, site.roles["agent"])
    browsers = [await site.signed_in(name) for name in CROWD]
    await site.hear(Rang(), CallerIdentified("13800138000"))
    call = (await browsers[0].get("/api/v1/calls/open")).json["items"][0]
    assert len(call["offered_to"]) == len(CROWD)
    answers = await together(
        *(browser.post(f"/api/v1/calls/{call['id']}/claim", headers=ENGLISH) for browser in browsers)
    )
    winners = [answer.json for answer in answers if answer.status == 200]
    losers = [answer.json for answer in answers if answer.status == 409]
    assert (len(winners), len(losers)) == (1, len(CROWD) - 1)
    agent = winners[0]["agent"]
    assert {loser["details"]["agent"]["name"] for loser in losers} == {agent["name"]}
    assert {loser["detail"] for loser in losers} == {f"{agent['name']} has taken this call."}

    def written(session: Session) -> tuple[int | None, int]:
        claims = session.scalars(select(AuditEntry.user_id).where(AuditEntry.action == "claim")).all()
        return session.get_one(CallRecord, call["id"]).agent_id, len(claims)

    assert await site.database.read(written) == (agent["id"], 1)


@pytest_twisted.ensureDeferred
async def test_of_fifty_who_claim_at_once_through_the_site_one_gets_the_call(database_url: str) -> None:
    site = await start_site(database_url)
    try:
        await race(site)
    finally:
        await site.stop()
