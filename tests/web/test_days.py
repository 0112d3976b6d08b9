"""Days and moments in an address, up to the ends of the calendar: taken, or refused in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from urllib.parse import quote

import pytest_twisted
from hypothesis import given
from hypothesis import strategies as st

from callcenter.errors import InvalidError
from tests.peers.site import RunningSite
from web.parsing import Day, Input, Moment, check

LISTS = (
    "/api/v1/calls", "/api/v1/calls/missed", "/api/v1/messages", "/api/v1/audit", "/api/v1/alarms",
    "/api/v1/complaints", "/api/v1/call-tasks", "/api/v1/reports/calls", "/calls", "/calls/missed", "/messages",
    "/audit", "/alarms", "/complaints", "/call-tasks", "/reports", "/calls/export", "/messages/export", "/audit/export",
)  # fmt: skip
ONE_DAY = ("/api/v1/reports/agents", "/api/v1/reports/lines", "/reports/agents", "/reports/lines")
TOTALS = "/api/v1/messages/totals"
FAR = ("9999-12-31", "9999-12-30", "0001-01-01", "0001-01-02")


class Asked(Input):
    """What is asked for."""

    day: Day | None = None
    at: Moment | None = None


def taken(fields: dict[str, str]) -> Asked | None:
    """What was asked for, None where it is refused."""
    try:
        return check(Asked, fields)
    except InvalidError:
        return None


@given(st.dates())
def test_a_day_that_is_taken_has_neighbours(day: date) -> None:
    asked = taken({"day": day.isoformat()})
    assert (asked is not None) == (1900 <= day.year <= 2999)
    if asked is not None:
        assert asked.day == day
        assert day - timedelta(days=400) < day < day + timedelta(days=400)


@given(st.datetimes(), st.integers(-23, 23))
def test_a_moment_that_is_taken_has_a_place_in_every_zone(local: datetime, ahead: int) -> None:
    moment = local.replace(tzinfo=timezone(timedelta(hours=ahead)))
    asked = taken({"at": moment.isoformat()})
    assert (asked is not None) == (1900 <= local.year <= 2999)
    if asked is not None:
        assert asked.at == moment.astimezone(UTC)


@pytest_twisted.ensureDeferred
async def test_days_at_the_ends_of_the_calendar_are_refused_in_words_by_every_list(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    known = [path for path in LISTS if (await admin.get(path)).status == 200]
    wanted = [f"{path}?{name}={day}" for path in known for name in ("from_day", "to_day") for day in FAR]
    wanted += [f"{path}?day={day}" for path in ONE_DAY for day in FAR]
    wanted += [f"{TOTALS}?from_day={day}&to_day={day}" for day in FAR]
    moments = ("9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00")
    wanted += [
        f"/api/v1/{path}?{name}={quote(moment)}"
        for path in ("calls", "messages") for name in ("since", "until") for moment in moments
    ]  # fmt: skip
    answers = {address: (await admin.get(address)).status for address in wanted}
    assert {address: status for address, status in answers.items() if status != 422} == {}
    assert len(known) >= 14, sorted(set(LISTS) - set(known))
    refused = await admin.get("/api/v1/calls?to_day=9999-12-31")
    assert "1900" in refused.json["fields"]["to_day"]
    for path in known:
        assert (await admin.get(f"{path}?from_day=2026-03-01&to_day=2026-03-02")).status == 200, path
