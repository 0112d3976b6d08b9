"""Fills a demo's database once: departments, patients, outcomes, and people who may sign in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from argon2 import PasswordHasher
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from callcenter.administration.first_users import DEMO_USERS, create_demo_users
from callcenter.config import Configuration
from callcenter.messaging.gateways.secret_box import SecretBox
from callcenter.numbers import NumberKind, normalise
from callcenter.settings import Settings
from hardware.settings import LineSettings
from storage.demo import fill_demo, seed_demo_departments
from storage.demo_calls import fill_history
from storage.demo_complaints import fill_complaints
from storage.demo_texts import seed_demo_texts
from storage.models import Patient, PatientPhone, PhoneLine, UserAccount
from twistd_plugin.commands.demo_folder import DemoFolder, SimulatedGateway
from twistd_plugin.commands.demo_gateways import fill_gateways
from twistd_plugin.commands.demo_simulators import control_folder
from twistd_plugin.commands.output import CommandError, remark
from twistd_plugin.commands.transaction import in_one_transaction

SHOWN_ROLES = ("agent", "supervisor", "doctor", "officer", "admin")
DOCTORS_DEPARTMENT = "心内科"
_LOOKED_AT = 100
_SIGNATURE = 20
# The passwords stand in clear beside the database, so nobody need guess them, and to hash eight of them well takes two
# seconds of the first start. Whoever signs in has a good hash from then on.
_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass(frozen=True)
class DemoContent:
    """``users``: role → username and password; ``known_number`` belongs to one patient, ``writing_number`` to one of
    the doctor's.
    """

    users: Mapping[str, Mapping[str, str]]
    known_number: str
    writing_number: str
    gateways: Sequence[SimulatedGateway]


def fill(configuration: Configuration, folder: DemoFolder, patients: int, past_days: int) -> DemoContent:
    """Fill the database unless it is; blocks. ``past_days`` of work are invented. Raises ``CommandError``."""
    users = folder.users()
    if users is None:
        remark(f"Inventing {patients} patients")
        users = in_one_transaction(configuration, _create_users)
        # Written before anything else may fail: passwords are not kept anywhere else.
        folder.write_users(users)
    numbers = in_one_transaction(configuration, lambda session: _fill(session, patients))
    in_one_transaction(configuration, lambda session: _fill_past(session, configuration.settings, past_days))
    gateways = in_one_transaction(configuration, lambda session: _gateways(session, configuration.settings, folder))
    return DemoContent({role: users[role] for role in SHOWN_ROLES if role in users}, *numbers, gateways)


def _gateways(session: Session, settings: Settings, folder: DemoFolder) -> list[SimulatedGateway]:
    box = SecretBox.at(settings.key_file)
    return fill_gateways(session, box, settings.hospital.name[:_SIGNATURE], control_folder(folder.path))


def _create_users(session: Session) -> dict[str, dict[str, str]]:
    departments = seed_demo_departments(session)
    made = create_demo_users(
        session, datetime.now(UTC), doctors_department=departments.get(DOCTORS_DEPARTMENT), hasher=_HASHER
    )
    return {key: {"username": account.username, "password": account.password} for key, account in made.items()}


def _fill(session: Session, patients: int) -> tuple[str, str]:
    fill_demo(session, count=patients)
    seed_demo_texts(session)
    known = _number_of_one_patient(session)
    if known is None:
        raise CommandError("the demo has no patient with a mobile number of his own; choose more with --patients")
    return known, _number_of_one_patient(session, Patient.doctor_id == _give_patients(session)) or known


def _give_patients(session: Session) -> int | None:
    """The doctor, who has all patients of the department from now on that have nobody else."""
    username = DEMO_USERS["doctor"][0]
    doctor = session.scalar(select(UserAccount).where(UserAccount.username == username))
    if doctor is None:
        return None
    theirs = Patient.department_id == doctor.department_id, Patient.doctor_id.is_(None)
    session.execute(update(Patient).where(*theirs).values(doctor_id=doctor.id))
    return doctor.id


def _fill_past(session: Session, settings: Settings, days: int) -> None:
    """The days before today, on the lines of the configuration."""
    people = {name: key for key, name in session.execute(select(UserAccount.id, UserAccount.username))}
    agents = [people[name] for _, (name, _, role) in DEMO_USERS.items() if role == "agent" and name in people]
    now = datetime.now(ZoneInfo(settings.hospital.time_zone))
    if days:
        lines = {_line(session, entry, now): entry.name for entry in settings.lines}
        supervisor = people.get("supervisor")
        fill_history(session, lines, agents, supervisor, settings.hospital.time_zone, now.date(), days)
        fill_complaints(session, agents, people.get("officer", supervisor), now)


def _line(session: Session, entry: LineSettings, now: datetime) -> int:
    """The record of a configured line, as the daemon will find it."""
    line = session.scalar(select(PhoneLine).where(PhoneLine.name == entry.name))
    if line is None:
        line = PhoneLine(name=entry.name, driver=entry.driver.value, state="lost", since=now)
        line.group_name, line.out_of_service, line.removed = entry.group, False, False
        session.add(line)
        session.flush()
    return line.id


def _number_of_one_patient(session: Session, *which: ColumnElement[bool]) -> str | None:
    """A mobile number that no two patients share, of one of ``which``, as the network would send it."""
    lonely = (
        select(PatientPhone.number, func.min(PatientPhone.patient_id).label("patient_id"))
        .where(PatientPhone.number.like("+861%"))
        .group_by(PatientPhone.number)
        .having(func.count() == 1)
        .subquery()
    )
    theirs = select(lonely.c.number).join(Patient, Patient.id == lonely.c.patient_id).where(*which)
    found = session.scalars(theirs.order_by(lonely.c.patient_id).limit(_LOOKED_AT))
    numbers = (normalise(number) for number in found)
    return next((number.dialable for number in numbers if number.kind is NumberKind.MOBILE), None)
