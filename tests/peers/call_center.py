"""A small call center on a real database: two departments, agents, a supervisor, a doctor, patients, two lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from twisted.internet.task import Clock

from callcenter.administration.permissions import BUILT_IN_ROLES
from callcenter.administration.principal import Principal
from callcenter.administration.session_cache import SessionCache
from callcenter.bus import LocalBus
from callcenter.recordings.settings import RecordingSettings
from callcenter.telephony.service import Telephony
from callcenter.telephony.settings import TelephonySettings
from storage.database import Database
from storage.event_log import StoredEvent
from storage.models import (
    AgentGroup,
    AuditEntry,
    Base,
    Department,
    GroupMember,
    Patient,
    PatientPhone,
    PhoneLine,
    Role,
    RolePermission,
    UserAccount,
    UserRole,
)
from storage.seed import seed_outcomes
from tests.peers.scripted_line import ScriptedLine, Workbench
from tests.peers.set_clock import SetClock

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
FOLLOW_UP, CARDIOLOGY = 101, 102

ZHANG, FAMILY_ONE, FAMILY_TWO, QUIET, HEART, GONE = 1, 2, 3, 4, 5, 6
PATIENTS = {
    ZHANG: ("张三", "+8613800138000", FOLLOW_UP),
    FAMILY_ONE: ("李四", "+8613900139000", FOLLOW_UP),
    FAMILY_TWO: ("李小四", "+8613900139000", FOLLOW_UP),
    QUIET: ("王不扰", "+8613700137000", FOLLOW_UP),
    HEART: ("赵心", "+8613600136000", CARDIOLOGY),
    GONE: ("钱停用", "+8613500135000", FOLLOW_UP),
}

_ROLE_IDS = {code: index for index, code in enumerate(BUILT_IN_ROLES, 1001)}


def principal(user_id: int, name: str, role: str, department: int | None) -> Principal:
    return Principal(user_id, name, name.title(), department, dict(BUILT_IN_ROLES[role][1]), "127.0.0.1")


ANNA = principal(11, "anna", "agent", FOLLOW_UP)
BEN = principal(12, "ben", "agent", FOLLOW_UP)
CARL = principal(13, "carl", "agent", CARDIOLOGY)
SUSAN = principal(14, "susan", "supervisor", FOLLOW_UP)
DORA = principal(15, "dora", "doctor", CARDIOLOGY)
PEOPLE: tuple[tuple[Principal, str], ...] = (
    (ANNA, "agent"),
    (BEN, "agent"),
    (CARL, "agent"),
    (SUSAN, "supervisor"),
    (DORA, "doctor"),
)


@dataclass(frozen=True)
class LineEntry:
    name: str
    driver: str = "hayes"
    group: str = ""
    bound_agent: str = ""
    port: str = "/dev/ttyACM0"


LINES = (LineEntry("line 1", group="随访中心"), LineEntry("line 2"))


def fill(session: Session) -> None:
    session.add_all([Department(id=FOLLOW_UP, name="随访中心"), Department(id=CARDIOLOGY, name="心内科")])
    seed_outcomes(session)
    for code, (name, grants) in BUILT_IN_ROLES.items():
        session.add(Role(id=_ROLE_IDS[code], code=code, name=name))
        session.flush()
        for permission, scope in grants.items():
            session.add(RolePermission(role_id=_ROLE_IDS[code], permission=permission, scope=scope.value))
    for person, role in PEOPLE:
        add_user(session, person, role)
    for key, (name, number, department) in PATIENTS.items():
        patient = Patient(id=key, record_number=f"R{key}", name=name, department_id=department)
        patient.do_not_call, patient.disabled = key == QUIET, key == GONE
        patient.created_at = patient.updated_at = NOW
        session.add(patient)
        session.flush()
        session.add(PatientPhone(patient_id=key, number=number, position=0))


def add_user(session: Session, person: Principal, role: str) -> None:
    session.add(
        UserAccount(
            id=person.user_id,
            username=person.username,
            display_name=person.display_name,
            password_hash="-",
            must_change_password=False,
            department_id=person.department_id,
            created_at=NOW,
        )
    )
    session.flush()
    session.add(UserRole(user_id=person.user_id, role_id=_ROLE_IDS[role]))


def make_group(session: Session, members: Sequence[Principal], rule: str, **values: Any) -> int:
    """A group for all lines."""
    group = AgentGroup(name="热线", rule=rule, **values)
    session.add(group)
    session.flush()
    session.add_all(GroupMember(group_id=group.id, user_id=member.user_id) for member in members)
    session.execute(update(PhoneLine).values(agent_group_id=group.id))
    return group.id


def every_row(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    """All there is, to compare before and after: what a refused request must not change."""
    return {
        table.name: sorted((tuple(map(str, row)) for row in session.execute(select(table))), key=repr)
        for table in Base.metadata.sorted_tables
    }


def audit_actions(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


NO_RECORDINGS = RecordingSettings(Path("/nonexistent/recordings"))


@dataclass
class CallCenter:
    """Telephony on ``database`` with a clock that the test moves, or the reactor. ``events`` is all that was told, in
    order; ``sessions`` is where a test ends sessions.
    """

    database: Database
    clock: Clock
    entries: tuple[LineEntry, ...] = LINES
    settings: TelephonySettings = field(default_factory=lambda: TelephonySettings(area_code="010"))
    recordings: RecordingSettings = NO_RECORDINGS
    events: list[StoredEvent] = field(default_factory=list)
    devices: list[ScriptedLine] = field(default_factory=list)
    workbench: Workbench = field(default_factory=Workbench)
    sessions: SessionCache = field(default_factory=SessionCache)

    def __post_init__(self) -> None:
        self.bus = LocalBus()
        self.bus.subscribe(self.events.extend)
        self.database.on_commit = self.bus.publish
        self.devices = self.devices or [ScriptedLine() for _ in self.entries]
        self.telephony = Telephony(
            database=self.database,
            bus=self.bus,
            reactor=self.clock,
            lines=list(zip(self.entries, self.devices, strict=True)),
            make_device=self.workbench,
            settings=self.settings,
            recordings=self.recordings,
            on_session_ended=self.sessions.listen,
        )

    @property
    def line(self) -> ScriptedLine:
        return self.devices[0]

    async def settle(self) -> None:
        """Wait until everything the lines said is committed and told."""
        while True:
            await self.database.run(_nothing)
            if not len(self.telephony._tasks) and not any(runner.journal.waiting for runner in self.telephony._board):
                return

    async def hear(self, *signals: Any, line: int = 0) -> None:
        """The device reports ``signals``, a second apart; returns when all is on disk."""
        for signal in signals:
            self.clock.advance(1)
            self.devices[line].say(signal)
        await self.settle()

    def told(self, kind: str) -> list[StoredEvent]:
        return [event for event in self.events if event.type == kind]

    def last(self, kind: str) -> dict[str, Any]:
        """The data of the last event of ``kind``."""
        return dict(self.told(kind)[-1].data)

    async def look(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await self.database.read(function, *arguments)


def clock_at(moment: datetime) -> SetClock:
    """With a wall that is far from its steady seconds, so that nobody takes one for the other."""
    return SetClock(moment)


def _nothing(_: Session) -> None:
    """Stands in the queue behind what is to be waited for."""
