"""Reports against a loop over the rows, for random days in several time zones, across midnight and changed clocks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_twisted
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.clock import day_bounds, midnight, offsets, slots
from callcenter.errors import InvalidError, NotAllowedError
from callcenter.telephony.counting import Counted
from callcenter.telephony.figures import load_figures
from callcenter.telephony.listing import CallFilter, count_calls
from callcenter.telephony.reports import NOBODY, By, ReportFilter, load_report
from callcenter.telephony.settings import TelephonySettings
from callcenter.telephony.timelines import agents_day, lines_day
from storage.database import Database
from storage.models import AgentStateSpan, CallRecord, LineServiceSpan, PhoneLine
from tests.peers.call_center import ANNA, BEN, CARDIOLOGY, CARL, FOLLOW_UP, NOW, SUSAN, CallCenter, fill

# Zone, first and last day: plain days, 23 and 25 hours, half an hour more or less, and a distance of quarters.
WEEKS = [
    ("Asia/Shanghai", date(2026, 2, 27), date(2026, 3, 3)),
    ("Europe/Berlin", date(2026, 3, 27), date(2026, 3, 31)),
    ("Europe/Berlin", date(2026, 10, 23), date(2026, 10, 27)),
    ("Australia/Lord_Howe", date(2026, 4, 3), date(2026, 4, 7)),
    ("Asia/Kathmandu", date(2026, 2, 27), date(2026, 3, 1)),
    ("America/St_Johns", date(2026, 10, 30), date(2026, 11, 3)),
]
REASONS = ("abandoned", "far_end", "hung_up", "busy", "elsewhere", "unknown", "")
AGENTS = (None, ANNA, BEN, CARL)
STATES = ("offline", "available", "ringing", "talking", "wrap_up", "away")


def random_week(session: Session, zone: str, first: date, last: date, random: Random) -> datetime:
    """Calls and shifts around these days, many near boundaries; the moment at which somebody looks."""
    start, end = midnight(first, zone) - timedelta(days=2), midnight(last, zone) + timedelta(days=3)
    edges = [moment for moment, _ in slots(start, end, zone, "%Y-%m-%d %H")]
    for line_id in (1, 2):
        session.add(
            PhoneLine(id=line_id, name=f"line {line_id}", driver="hayes", state="idle", since=start)
        )  # fmt: skip
    session.flush()
    for _ in range(300):
        session.add(_call(random, random.choice(edges)))
    for agent in (ANNA, BEN, CARL):
        _shifts(session, random, agent.user_id or 0, start, end)
    session.flush()
    return end if random.random() < 0.5 else start + (end - start) * random.random()


def _call(random: Random, edge: datetime) -> CallRecord:
    at = edge + timedelta(seconds=random.choice((-0.001, 0, 0.001, random.uniform(-3600, 3600))))
    direction = random.choice(("in", "in", "in", "out"))
    answered = at + timedelta(seconds=random.choice((0, 5, 19.999, 20, 20.001, 90))) if random.random() < 0.6 else None
    over = random.random() < 0.95
    rang = timedelta(seconds=random.choice((0, 4.999, 5, 5.001, 40)))
    call = CallRecord(
        line_id=random.choice((1, 2)), direction=direction, state="ended" if over else "talking", started_at=at,
        department_id=random.choice((None, FOLLOW_UP, CARDIOLOGY)),
    )  # fmt: skip
    call.answered_at = answered
    call.ended_at = (
        (answered or at) + (timedelta(seconds=random.randrange(600)) if answered else rang) if over else None
    )
    call.end_reason = random.choice(REASONS) if over else ""
    call.missed = direction == "in" and answered is None and over and call.end_reason != "elsewhere"
    agent = random.choice(AGENTS) if answered else None
    call.agent_id = None if agent is None else agent.user_id
    if agent is not None and direction == "in" and random.random() < 0.2:
        # Of which call is all the same.
        call.transferred_from_id = 1
    return call


def _shifts(session: Session, random: Random, user_id: int, start: datetime, end: datetime) -> None:
    """States one after the other, the last one going on. Some wrap-ups begin when a call of the agent ended."""
    ended = sorted(
        session.scalars(
            select(CallRecord.ended_at).where(CallRecord.agent_id == user_id, CallRecord.ended_at.is_not(None))
        )
    )
    begins, state = start, "offline"
    while begins < end:
        later = [moment for moment in ended if moment is not None and moment > begins]
        if later and random.random() < 0.7:
            until, following = later[0], "wrap_up"
        else:
            until, following = begins + timedelta(seconds=random.choice((60, 3600, 40_000))), random.choice(STATES)
        session.add(AgentStateSpan(user_id=user_id, state=state, started_at=begins, ended_at=until))
        begins, state = until, following
    session.add(AgentStateSpan(user_id=user_id, state=state, started_at=begins))


# The same figures as anybody would count them who knows the definitions and no SQL.


def naive(
    calls: list[CallRecord], spans: list[AgentStateSpan], start: datetime, end: datetime, now: datetime
) -> dict[str, Any]:
    """Of ``calls``, which are those wanted already, and of the work of ``spans`` between two moments."""
    found: dict[str, float] = defaultdict(float)
    for call in calls:
        taken_over = call.transferred_from_id is not None
        incoming = call.direction == "in" and call.end_reason != "elsewhere" and not taken_over
        answered = incoming and call.answered_at is not None
        missed = incoming and call.missed
        abandoned = missed and call.end_reason != "busy"
        short = abandoned and call.ended_at is not None and (call.ended_at - call.started_at).total_seconds() < 5
        handled = call.answered_at is not None and call.ended_at is not None and call.agent_id and (
            call.end_reason not in ("unknown", "")
        )  # fmt: skip
        wait = (call.answered_at - call.started_at).total_seconds() if call.answered_at else 0.0
        found["incoming"] += incoming
        found["outgoing"] += call.direction == "out"
        found["answered"] += answered
        found["in_time"] += answered and wait <= 20
        found["missed"] += missed
        found["abandoned"] += abandoned
        found["short_abandoned"] += short
        found["waited"] += wait if answered else 0.0
        if handled:
            found["handled"] += 1
            found["talked"] += (call.ended_at - call.answered_at).total_seconds()
            for span in spans:
                follows = span.user_id == call.agent_id and span.started_at == call.ended_at
                if follows and span.state == "wrap_up":
                    found["wrapped"] += ((span.ended_at or now) - span.started_at).total_seconds()
    for span in spans:
        seconds = (min(span.ended_at or now, end, now) - max(span.started_at, start)).total_seconds()
        kind = {"available": "available"} | dict.fromkeys(("ringing", "talking", "wrap_up"), "handling")
        if seconds > 0 and span.state in kind:
            found[kind[span.state]] += seconds
    lost = found["abandoned"] - found["short_abandoned"]
    offered = found["answered"] + lost
    found |= {"lost": lost, "offered": offered}
    shares = {
        "service_level": (found["in_time"], offered),
        "average_speed_of_answer": (found["waited"], found["answered"]),
        "abandon_share": (lost, offered),
        "average_handling_time": (found["talked"] + found["wrapped"], found["handled"]),
        "occupancy": (found["handling"], found["handling"] + found["available"]),
    }
    return dict(found) | {name: part / whole if whole else None for name, (part, whole) in shares.items()}


def assert_same(row: dict[str, Any], expected: dict[str, Any], what: object) -> None:
    for name, value in row.items():
        wanted = expected.get(name, 0.0)
        if name in ("key", "name"):
            continue
        # SQLite measures each call and span to a millisecond; some hundred are added up.
        tolerance = {"occupancy": 1e-4} | dict.fromkeys(("waited", "talked", "wrapped", "handling", "available"), 0.3)
        tolerance |= dict.fromkeys(("average_speed_of_answer", "average_handling_time"), 0.002)
        same = value is None if wanted is None else value == pytest.approx(wanted, abs=tolerance.get(name, 0), rel=0)
        assert same, (what, name, value, wanted)


def compare(session: Session, zone: str, first: date, last: date, now: datetime) -> None:
    settings = TelephonySettings(time_zone=zone)
    start, end = midnight(first, zone), midnight(last + timedelta(days=1), zone)
    calls = list(session.scalars(select(CallRecord).where(CallRecord.started_at >= start, CallRecord.started_at < end)))
    spans = list(session.scalars(select(AgentStateSpan)))
    departments = {person.user_id: person.department_id for person in (ANNA, BEN, CARL)}
    local = ZoneInfo(zone)

    def report(by: By, **more: Any) -> dict[str, Any]:
        return load_report(session, SUSAN, settings, ReportFilter(first, last, by, **more), now)

    whole = naive(calls, spans, start, end, now)
    for by in (By.DAY, By.HOUR, By.AGENT, By.GROUP):
        assert_same(report(by)["total"], whole, by)
    for row in report(By.DAY)["rows"]:
        day = date.fromisoformat(row["key"])
        begins, ends = midnight(day, zone), midnight(day + timedelta(days=1), zone)
        of_day = [call for call in calls if call.started_at.astimezone(local).date() == day]
        assert_same(row, naive(of_day, spans, begins, ends, now), day)
    pieces = slots(start, end, zone, "%Y-%m-%d %H")
    ends = [moment for moment, _ in pieces[1:]] + [end]
    for row in report(By.HOUR)["rows"]:
        of_hour = [call for call in calls if call.started_at.astimezone(local).hour == row["key"]]
        expected = naive(of_hour, spans, start, start, now)
        work = [
            naive([], spans, begins, until, now)
            for (begins, text), until in zip(pieces, ends, strict=True)
            if int(text[-2:]) == row["key"]
        ]
        for name in ("handling", "available"):
            expected[name] = sum(one.get(name, 0.0) for one in work)
        staffed = expected["handling"] + expected["available"]
        expected["occupancy"] = expected["handling"] / staffed if staffed else None
        assert_same(row, expected, row["key"])
    for row in report(By.AGENT)["rows"]:
        key = row["key"] or None
        theirs = [span for span in spans if span.user_id == key]
        of_agent = [call for call in calls if call.agent_id == key]
        expected = naive(of_agent, theirs, start, end, now)
        assert_same(row, expected, ("agent", key))
    for row in report(By.GROUP)["rows"]:
        key = row["key"] or None
        of_group = [call for call in calls if call.department_id == key]
        expected = naive(of_group, spans, start, start, now)
        theirs = [span for span in spans if departments[span.user_id] == key]
        expected |= {name: naive([], theirs, start, end, now).get(name, 0.0) for name in ("handling", "available")}
        expected["occupancy"] = naive([], theirs, start, end, now)["occupancy"]
        assert_same(row, expected, ("group", key))
    for row in report(By.LINE)["rows"]:
        of_line = [call for call in calls if call.line_id == row["key"]]
        expected = naive(of_line, spans, start, start, now) | {"handling": 0.0, "available": 0.0, "occupancy": None}
        assert_same(row, expected, ("line", row["key"]))
    narrowed = [call for call in calls if call.line_id == 1 and call.agent_id == ANNA.user_id]
    total = report(By.DAY, line_id=1, agent_id=ANNA.user_id)["total"]
    assert (total["incoming"], total["handled"]) == tuple(
        naive(narrowed, spans, start, start, now).get(name, 0) for name in ("incoming", "handled")
    )
    counts_lead_to_as_many_calls(session, settings, report, start, end)
    wallboard_says_the_same(session, settings, now)


def counts_lead_to_as_many_calls(session: Session, settings: TelephonySettings, report: Any, *period: datetime) -> None:
    """Every count of every row, and the list that it leads to."""
    since, until = period
    whole = CallFilter(since=since, until=until)
    for by in By:
        for row in report(by)["rows"]:
            narrowed = {
                By.DAY: lambda key: {
                    "since": midnight(date.fromisoformat(key), settings.time_zone),
                    "until": midnight(date.fromisoformat(key) + timedelta(days=1), settings.time_zone),
                },
                By.HOUR: lambda key: {"hour": key},
                By.GROUP: lambda key: {"department_id": key},
                By.LINE: lambda key: {"line_id": key},
                By.AGENT: lambda key: {"agent_id": key},
            }[by](row["key"])
            for counted in Counted:
                wanted = replace(whole, counted=counted.value, **narrowed)
                assert count_calls(session, SUSAN, wanted, settings) == row[counted.value], (by, row["key"], counted)


def wallboard_says_the_same(session: Session, settings: TelephonySettings, now: datetime) -> None:
    start, end = day_bounds(now, settings.time_zone)
    day = start.astimezone(ZoneInfo(settings.time_zone)).date()
    board = load_figures(session, SUSAN, settings, now)
    total = load_report(session, SUSAN, settings, ReportFilter(day, day), now)["total"]
    names = {"abandoned": "abandon_share"}
    for name, figure in board["figures"].items():
        if name != "longest_wait":
            assert figure["value"] == pytest.approx(total[names.get(name, name)], abs=1e-6), name
    for name in ("incoming", "outgoing", "answered", "abandoned", "short_abandoned", "handled"):
        assert board["counts"][name] == total[name]
    assert end > start


@pytest.mark.parametrize("week", WEEKS, ids=lambda week: f"{week[0]}-{week[1]}")
@pytest_twisted.ensureDeferred
async def test_every_figure_is_what_a_loop_over_the_rows_gives(
    database: Database, week: tuple[str, date, date]
) -> None:
    zone, first, last = week
    await database.run(fill)
    now = await database.run(random_week, zone, first, last, Random(f"{zone}{first}"))
    await database.read(compare, zone, first, last, now)


def test_where_clocks_are_changed() -> None:
    start, end = midnight(date(2026, 3, 28), "Europe/Berlin"), midnight(date(2026, 3, 31), "Europe/Berlin")
    assert offsets(start, end, "Europe/Berlin") == [(start, 3600), (datetime(2026, 3, 29, 1, tzinfo=UTC), 7200)]
    assert offsets(start, end, "Asia/Shanghai") == [(start, 28800)]
    days = slots(start, end, "Europe/Berlin", "%Y-%m-%d")
    lengths = [(later - begins).total_seconds() / 3600 for (begins, _), (later, _) in pairwise(days)]
    assert lengths == [24.0, 23.0]
    autumn = slots(*day_bounds(datetime(2026, 10, 25, 12, tzinfo=UTC), "Europe/Berlin"), "Europe/Berlin", "%H")
    assert [text for _, text in autumn] == [f"{hour:02}" for hour in range(24)]


@pytest_twisted.ensureDeferred
async def test_only_what_is_in_reach_is_counted(database: Database) -> None:
    await database.run(fill)
    zone, first, last = WEEKS[0]
    now = await database.run(random_week, zone, first, last, Random(7))
    settings, wanted = TelephonySettings(time_zone=zone), ReportFilter(first, last, By.GROUP)
    head = Principal(99, "head", "Head", CARDIOLOGY, {"reports.view": Scope.DEPARTMENT})
    rows = (await database.read(load_report, head, settings, wanted, now))["rows"]
    assert [row["key"] for row in rows] == [CARDIOLOGY]
    everything = (await database.read(load_report, SUSAN, settings, wanted, now))["rows"]
    assert next(row for row in everything if row["key"] == CARDIOLOGY)["incoming"] == rows[0]["incoming"]
    assert {row["key"] for row in everything} == {CARDIOLOGY, FOLLOW_UP, NOBODY}
    day = await database.read(agents_day, head, settings, first, now)
    assert {one["id"] for one in day["items"]} <= {CARL.user_id}
    lines = await database.read(lines_day, head, settings, first, now)
    assert sum(len(line["calls"]) for line in lines["items"]) < 60
    with pytest.raises(NotAllowedError):
        await database.read(load_report, ANNA, settings, wanted, now)


@pytest_twisted.ensureDeferred
async def test_days_that_cannot_be(hospital: CallCenter) -> None:
    for first, last in ((date(2026, 3, 2), date(2026, 3, 1)), (date(2025, 1, 1), date(2026, 1, 2))):
        with pytest.raises(InvalidError):
            await hospital.telephony.reports.calls(SUSAN, ReportFilter(first, last))
    empty = await hospital.telephony.reports.calls(SUSAN, ReportFilter(date(2025, 1, 1), date(2026, 1, 1)))
    assert len(empty["rows"]) == 366
    assert empty["total"]["service_level"] is None


def a_transferred_call(session: Session) -> None:
    line_id = session.scalar(select(PhoneLine.id).where(PhoneLine.name == "line 1"))
    first = _part(line_id, ANNA.user_id, 60, 120)
    first.end_reason, first.transfer, first.transferred_agent_id = "transferred", "attended", BEN.user_id
    session.add(first)
    session.flush()
    taken = _part(line_id, BEN.user_id, 100, 400)
    taken.transferred_from_id = first.id
    session.add(taken)


def _part(line_id: int | None, agent_id: int | None, begins: int, ends: int) -> CallRecord:
    at = NOW - timedelta(hours=1)
    call = CallRecord(line_id=line_id, direction="in", state="ended", started_at=at + timedelta(seconds=begins))
    call.answered_at, call.ended_at = at + timedelta(seconds=begins + 10), at + timedelta(seconds=ends)
    call.agent_id, call.end_reason = agent_id, "far_end"
    return call


@pytest_twisted.ensureDeferred
async def test_a_transferred_caller_is_one_call_and_talk_time_of_both_agents(hospital: CallCenter) -> None:
    await hospital.database.run(a_transferred_call)
    report = await hospital.telephony.reports.calls(SUSAN, ReportFilter(NOW.date(), NOW.date(), By.AGENT))
    rows = {row["key"]: row for row in report["rows"]}
    names = ("incoming", "answered", "in_time", "offered", "waited", "handled", "talked")
    assert [report["total"][name] for name in names] == [1, 1, 1, 1, pytest.approx(10), 2, pytest.approx(340)]
    assert [rows[ANNA.user_id][name] for name in names[:-1]] == [1, 1, 1, 1, pytest.approx(10), 1]
    assert [rows[BEN.user_id][name] for name in names[:-1]] == [0, 0, 0, 0, 0, 1]
    assert (rows[ANNA.user_id]["talked"], rows[BEN.user_id]["talked"]) == (pytest.approx(50), pytest.approx(290))
    board = await hospital.telephony.wallboard.figures(SUSAN)
    assert {name: board["counts"][name] for name in ("incoming", "answered", "handled")} == {
        "incoming": 1, "answered": 1, "handled": 2,
    }  # fmt: skip


def a_day_of_anna(session: Session) -> None:
    begins = midnight(date(2026, 3, 2), "Asia/Shanghai")
    times = [begins - timedelta(hours=1), begins + timedelta(hours=1), begins + timedelta(hours=2)]
    for state, since, until in zip(("available", "away"), times[:-1], times[1:], strict=True):
        session.add(AgentStateSpan(user_id=ANNA.user_id, state=state, reason="午餐", started_at=since, ended_at=until))
    session.add(AgentStateSpan(user_id=ANNA.user_id, state="talking", started_at=times[-1]))
    session.add(AgentStateSpan(user_id=BEN.user_id, state="offline", started_at=begins))
    line_id = session.scalar(select(PhoneLine.id).where(PhoneLine.name == "line 1"))
    session.query(LineServiceSpan).delete()
    session.add(LineServiceSpan(line_id=line_id, state="in_service", started_at=times[0], ended_at=times[1]))
    session.add(LineServiceSpan(line_id=line_id, state="lost", reason="x", started_at=times[1]))
    call = CallRecord(line_id=line_id, direction="in", state="talking", started_at=times[-1], agent_id=ANNA.user_id)
    call.answered_at = times[-1]
    session.add(call)


@pytest_twisted.ensureDeferred
async def test_a_day_is_cut_at_midnight_and_at_now(hospital: CallCenter) -> None:
    await hospital.database.run(a_day_of_anna)
    day = await hospital.telephony.reports.agents_day(SUSAN, date(2026, 3, 2))
    assert (day["begins"], day["ends"]) == ("2026-03-01T16:00:00.000Z", "2026-03-02T16:00:00.000Z")
    (anna,) = day["items"]
    assert [(one["state"], one["seconds"] / 3600) for one in anna["spans"]] == [
        ("available", 1.0),
        ("away", 1.0),
        ("talking", 14.0),
    ]
    assert anna["spans"][-1]["ended_at"] == "2026-03-02T08:00:00.000Z"
    assert [call["ended_at"] for call in anna["calls"]] == ["2026-03-02T08:00:00.000Z"]
    lines = await hospital.telephony.reports.lines_day(SUSAN, date(2026, 3, 2))
    first, second = lines["items"]
    assert [(one["state"], one["seconds"] / 3600) for one in first["spans"]] == [("in_service", 1.0), ("lost", 15.0)]
    assert (len(first["calls"]), second["spans"]) == (1, [])
    with pytest.raises(NotAllowedError):
        await hospital.telephony.reports.agents_day(ANNA, date(2026, 3, 2))
    assert NOW.date() == date(2026, 3, 2)


def steps_of_all(session: Session) -> list[str]:
    """The steps of SQLite's plans for every statement of a day's reports, as far as they find calls and spans."""
    connection = session.connection()
    steps: list[str] = []

    def explain(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if statement.startswith("SELECT"):
            rows = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps.extend(row[3] for row in rows.fetchall())

    event.listen(connection, "before_cursor_execute", explain)
    settings, day, now = TelephonySettings(), date(2026, 3, 1), NOW
    for by in By:
        load_report(session, SUSAN, settings, ReportFilter(day, day, by), now)
    agents_day(session, SUSAN, settings, day, now)
    load_figures(session, SUSAN, settings, now)
    event.remove(connection, "before_cursor_execute", explain)
    return [step for step in steps if "agent_state_span" in step or "call_record" in step]


@pytest_twisted.ensureDeferred
async def test_no_report_of_a_day_goes_through_all_calls_or_spans(sqlite_database: Database) -> None:
    await sqlite_database.run(fill)
    await sqlite_database.run(random_week, *WEEKS[0], Random(1))
    steps = await sqlite_database.read(steps_of_all)
    assert len(steps) > 20
    assert not [step for step in steps if step.startswith("SCAN") or "ix_agentspan_ended" in step], steps
