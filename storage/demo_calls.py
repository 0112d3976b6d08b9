"""Weeks of invented work: calls, what agents did, a line that was lost now and then. The same for the same days.

Nobody is on two calls at once, nobody waits for an agent who is free, and nothing of it is left to do today.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from storage.demo import SEED
from storage.models import AgentStateSpan, Alarm, CallRecord, LineServiceSpan, PatientPhone

# Calls of a working day by the hour in which they begin, from 8 to 17.
_LOAD = (9, 18, 17, 12, 6, 7, 15, 16, 12, 6)
_FIRST_HOUR = 8
_WEEKEND_SHARE = 0.35
_OUTCOMES = ("completed",) * 6 + ("no_answer", "call_back", "refused", "wrong_number")
_CALLERS = 400
_PATIENCE = (4.0, 90.0)


@dataclass
class _Agent:
    """Somebody at work: free from ``free`` on; ``spans`` of the day so far."""

    user_id: int
    free: datetime
    spans: list[tuple[str, str, datetime]] = field(default_factory=list)

    def enter(self, state: str, at: datetime, reason: str = "") -> None:
        self.spans.append((state, reason, at))


@dataclass
class _Day:
    """One day while it is invented."""

    random: Random
    opens: datetime
    closes: datetime
    lines: dict[int, datetime]
    agents: list[_Agent]
    callers: Sequence[tuple[int, str]]
    calls: list[dict[str, Any]] = field(default_factory=list)

    def invent(self, moments: Sequence[datetime]) -> None:
        """A call at each of ``moments``, in order."""
        for at in moments:
            free = [one for one, until in self.lines.items() if until <= at]
            incoming = self.random.random() < 0.62
            if incoming and free:
                self._incoming(free[-1], at)
            elif incoming:
                self._add(next(iter(self.lines)), at, at, None, None, "busy")
            elif free:
                self._outgoing(free[0], at)

    def _incoming(self, line: int, at: datetime) -> None:
        patience = timedelta(seconds=self.random.uniform(*_PATIENCE))
        agent = min(self.agents, key=lambda one: (max(one.free, at), self.random.random()))
        takes = max(agent.free, at) + timedelta(seconds=self.random.triangular(3, 22, 7))
        if takes - at > patience or takes >= self.closes:
            self.lines[line] = at + patience
            self._add(line, at, at + patience, None, None, "abandoned")
            return
        talk = timedelta(seconds=self.random.triangular(25, 620, 140))
        agent.enter("ringing", max(agent.free, at))
        self._spoken(line, agent, at, takes, takes + talk, "in")

    def _outgoing(self, line: int, at: datetime) -> None:
        agent = next((one for one in self.agents if one.free <= at), None)
        if agent is None:
            return
        rang = timedelta(seconds=self.random.triangular(6, 40, 15))
        agent.enter("ringing", at)
        if self.random.random() < 0.2:
            over = at + rang
            agent.enter("available", over)
            agent.free = self.lines[line] = over
            self._add(line, at, over, None, agent, self.random.choice(("no_answer", "busy")), "out")
            return
        talk = timedelta(seconds=self.random.triangular(40, 540, 160))
        self._spoken(line, agent, at, at + rang, at + rang + talk, "out")

    def _spoken(
        self, line: int, agent: _Agent, at: datetime, answered: datetime, over: datetime, direction: str
    ) -> None:
        done = over + timedelta(seconds=self.random.triangular(8, 150, 40))
        agent.enter("talking", answered)
        agent.enter("wrap_up", over)
        agent.enter("available", done)
        agent.free, self.lines[line] = done, over
        reason = self.random.choice(("far_end", "far_end", "hung_up"))
        self._add(line, at, over, answered, agent, reason, direction, done)

    def _add(
        self,
        line: int,
        at: datetime,
        over: datetime,
        answered: datetime | None,
        agent: _Agent | None,
        reason: str,
        direction: str = "in",
        done: datetime | None = None,
    ) -> None:
        known = self.random.random() < 0.8 and self.callers
        patient, number = self.random.choice(self.callers) if known else (None, self._stranger())
        missed = direction == "in" and answered is None
        handler = self.random.choice(self.agents).user_id if missed else None
        self.calls.append(
            {
                "line_id": line, "direction": direction, "state": "ended", "number": number, "number_received": number,
                "number_absent": "", "number_verified": True, "caller_name": "", "rings": 0 if answered else 3,
                "patient_id": patient, "agent_id": agent.user_id if agent else None, "department_id": None,
                "certainty": "sure" if answered else "", "started_at": at, "claimed_at": at if agent else None,
                "answered_at": answered, "ended_at": over,
                "talk_seconds": int((over - answered).total_seconds()) if answered else None, "end_reason": reason,
                "wrap_up": "done" if done else "", "wrapped_up_at": done,
                "outcome": self.random.choice(_OUTCOMES) if done else "", "call_back": "", "notes": "",
                "missed": missed, "missed_handled_at": over + timedelta(minutes=20) if missed else None,
                "missed_handled_by": handler, "version": 1,
            }
        )  # fmt: skip

    def _stranger(self) -> str:
        return f"+86138555{self.random.randrange(100_000):05d}"


def fill_history(
    session: Session,
    lines: Mapping[int, str],
    agents: Sequence[int],
    supervisor_id: int | None,
    time_zone: str,
    today: date,
    days: int,
) -> int:
    """Invent the ``days`` before ``today`` and give the number of calls; nothing where there are calls already.

    ``lines`` are ids with names, best those first that can dial.
    """
    if not (lines and agents and days) or session.scalar(select(CallRecord.id).limit(1)) is not None:
        return 0
    callers = [
        (patient_id, number)
        for patient_id, number in session.execute(
            select(PatientPhone.patient_id, PatientPhone.number).order_by(PatientPhone.patient_id).limit(_CALLERS)
        )
    ]
    zone = ZoneInfo(time_zone)
    made = [_one_day(today - timedelta(days=back), zone, list(lines), agents, callers) for back in range(days, 0, -1)]
    calls = sorted((call for day in made for call in day.calls), key=lambda call: call["started_at"])
    session.execute(insert(CallRecord), calls)
    session.execute(insert(AgentStateSpan), [row for day in made for row in _spans(day)])
    _line_history(session, lines, supervisor_id, zone, today, days)
    return len(calls)


def _one_day(
    day: date, zone: ZoneInfo, lines: Sequence[int], agents: Sequence[int], callers: Sequence[tuple[int, str]]
) -> _Day:
    random = Random(f"{SEED}{day}")  # noqa: S311 - invented calls, no secret
    opens, closes = _at(day, 8, zone), _at(day, 18, zone)
    quiet = day.weekday() >= 5
    there = agents[: max(1, len(agents) // 2)] if quiet else agents
    people = [_Agent(user_id, opens + timedelta(minutes=random.randrange(-10, 6))) for user_id in there]
    for person in people:
        person.enter("available", person.free)
    made = _Day(random, opens, closes, dict.fromkeys(lines, opens), people, callers)
    moments: list[datetime] = []
    for hour, load in enumerate(_LOAD, _FIRST_HOUR):
        expected = load * (_WEEKEND_SHARE if quiet else 1.0) * random.uniform(0.75, 1.25)
        moments += [_at(day, hour, zone) + timedelta(seconds=random.uniform(0, 3600)) for _ in range(round(expected))]
    moments.sort()
    noon = _at(day, 12, zone)
    made.invent([at for at in moments if at < noon])
    for place, person in enumerate(people):
        begins = max(person.free, noon + timedelta(minutes=25 * (place % 2)))
        person.enter("away", begins, "午餐")
        person.free = begins + timedelta(minutes=30)
        person.enter("available", person.free)
    made.invent([at for at in moments if noon <= at < closes - timedelta(minutes=15)])
    for person in people:
        person.enter("offline", max(person.free, closes))
    return made


def _at(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), zone).astimezone(UTC)


def _spans(day: _Day) -> list[dict[str, Any]]:
    """The states of everybody, each until the next one; who went home is offline until midnight, then nobody knows."""
    rows = []
    for agent in day.agents:
        ends = [at for _, _, at in agent.spans[1:]] + [day.closes + timedelta(hours=4)]
        rows += [
            {"user_id": agent.user_id, "state": state, "reason": reason, "started_at": at, "ended_at": until}
            for (state, reason, at), until in zip(agent.spans, ends, strict=True)
            if until > at
        ]
    return rows


def _line_history(
    session: Session, lines: Mapping[int, str], supervisor_id: int | None, zone: ZoneInfo, today: date, days: int
) -> None:
    """In service, but for some minutes on some days: then there was an alarm, and somebody dealt with it."""
    random = Random(SEED)  # noqa: S311 - invented trouble, no secret
    start, end = _at(today - timedelta(days=days), 0, zone), _at(today, 0, zone)
    trouble = {day: random.choice(list(lines)) for day in random.sample(range(days), k=min(days, max(1, days // 8)))}
    spans = []
    for line_id in lines:
        since = start
        for day in sorted(day for day, line in trouble.items() if line == line_id):
            lost = _at(today - timedelta(days=days - day), 7, zone) + timedelta(minutes=random.randrange(600))
            back = lost + timedelta(minutes=random.randrange(3, 25))
            spans += [_span(line_id, "in_service", since, lost), _span(line_id, "lost", lost, back)]
            session.add(_alarm(line_id, lines[line_id], supervisor_id, lost, back))
            since = back
        spans += [_span(line_id, "in_service", since, end), _span(line_id, "stopped", end, None)]
    session.execute(insert(LineServiceSpan), spans)


def _span(line_id: int, state: str, since: datetime, until: datetime | None) -> dict[str, Any]:
    said = {"code": "unplugged", "values": {}} if state == "lost" else None
    reason = "the device was unplugged or its port closed" if state == "lost" else ""
    return {
        "line_id": line_id, "state": state, "reason": reason, "reason_said": said, "started_at": since,
        "ended_at": until,
    }  # fmt: skip


def _alarm(line_id: int, name: str, supervisor_id: int | None, lost: datetime, back: datetime) -> Alarm:
    details = {
        "line": name, "reason": "the device was unplugged or its port closed",
        "reason_said": {"code": "unplugged", "values": {}},
    }  # fmt: skip
    return Alarm(
        kind="line_lost", subject=str(line_id), line_id=line_id, details=details, opened_at=lost, times=1,
        cleared_at=back, handled_at=back + timedelta(minutes=2), handled_by=supervisor_id,
        note="USB 插头松动，已重新插紧",
    )  # fmt: skip
