"""An invented hospital: departments and plausible patients, the same at every start.

No name or number is taken from anybody. The mobile numbers lie in blocks 555x behind real operator prefixes and the
landlines in exchanges 555x, so that they look right, parse and show a region; a demo dials simulated lines only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from storage import demo_words as words
from storage.demo_talking import seed_demo_talking
from storage.models.administration import Department
from storage.models.crm import Patient, PatientPhone, PatientTerm
from storage.queries.terms import pinyin_of, terms_for
from storage.seed import seed_outcomes

SEED = 20_260_101
DEMO_PATIENTS = 2_000
TODAY = date(2026, 1, 1)
"""The day that ages are counted from; fixed, so that every demo has the same patients."""

BATCH = 2_000


@dataclass(frozen=True)
class DemoPhone:
    """A canonical number and whose it is."""

    number: str
    label: str = ""


@dataclass(frozen=True)
class DemoPatient:
    """One invented patient; ``department`` is the name of a clinical department."""

    record_number: str
    name: str
    sex: str
    birth_date: date
    department: str
    tier: str
    allergies: str
    address: str
    do_not_call: bool
    registered_at: datetime
    phones: tuple[DemoPhone, ...]


@dataclass(frozen=True)
class DemoContents:
    """What ``fill_demo`` made, or found made before: ids by department name, and how many patients were added."""

    departments: Mapping[str, int]
    patients: int


@dataclass(frozen=True)
class _Family:
    """Who lives together: one surname for some, one address, a landline and perhaps a mobile that all share."""

    surname: str
    address: str
    area: str
    landline: str
    shared_mobile: str


@dataclass
class _Inventor:
    """Makes patient after patient from one stream of chance."""

    random: Random
    made: int = 0
    mobiles: int = 0
    family: list[_Family] = field(default_factory=list)

    def patient(self) -> DemoPatient:
        """The next one."""
        random, self.made = self.random, self.made + 1
        family = self._family()
        sex = random.choice(("male", "female"))
        age = int(random.triangular(0, 96, 63))
        born = TODAY - timedelta(days=age * 365 + random.randrange(365))
        surname = family.surname if random.random() < 0.6 else self._surname()
        return DemoPatient(
            record_number=f"HF{self.made:08d}",
            name=surname + self._given_name(sex),
            sex=sex,
            birth_date=born,
            department=self._department(sex, age),
            tier=random.choices(("", "silver", "gold"), (90, 8, 2))[0],
            allergies=random.choices(("", *words.ALLERGIES), (80, *[20 / len(words.ALLERGIES)] * len(words.ALLERGIES)))[
                0
            ],
            address=family.address,
            do_not_call=random.random() < 0.02,
            registered_at=datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=random.randrange(525_600)),
            phones=self._phones(family, age),
        )

    def _family(self) -> _Family:
        """Half of all patients come from the family of the one before."""
        if not self.family or self.random.random() < 0.5:
            area, city, districts = self.random.choice(words.CITIES)
            street = f"{self.random.choice(words.STREETS)}{self.random.randrange(1, 300)}号"
            self.family = [
                _Family(
                    self._surname(),
                    f"{city}{self.random.choice(districts)}{street}",
                    area,
                    self._landline(area),
                    self._mobile(),
                )
            ]
        return self.family[0]

    def _surname(self) -> str:
        surname: str = self.random.choices(words.SURNAMES, words.SURNAME_WEIGHTS)[0]
        return surname

    def _given_name(self, sex: str) -> str:
        characters: tuple[str, ...] = words.GIVEN[sex]
        return "".join(self.random.choices(characters, k=self.random.choices((1, 2), (25, 75))[0]))

    def _department(self, sex: str, age: int) -> str:
        if age < 14:
            return "儿科"
        fitting = [name for name in words.CLINICAL if name != "儿科" and (sex == "female" or name != "妇产科")]
        return self.random.choice(fitting)

    def _phones(self, family: _Family, age: int) -> tuple[DemoPhone, ...]:
        """Children and many old people are reached through the family, some through a work place's switchboard."""
        own = DemoPhone(self._mobile(), "本人")
        shared = DemoPhone(family.shared_mobile, "家属")
        phones = [shared] if age < 14 or (age > 75 and self.random.random() < 0.5) else [own]
        if self.random.random() < 0.3:
            phones.append(DemoPhone(family.landline, "住宅"))
        if 20 <= age <= 60 and self.random.random() < 0.1:
            extension = self.random.randrange(200, 9000)
            phones.append(DemoPhone(f"{self._landline(family.area)};ext={extension}", "单位"))
        return tuple(phones)

    def _mobile(self) -> str:
        """Each number once, spread over the prefixes by a step that shares no factor with their count."""
        self.mobiles += 1
        place = self.mobiles * 7_919 % (len(words.MOBILE_PREFIXES) * 100_000)
        prefix, rest = divmod(place, 100_000)
        return f"+86{words.MOBILE_PREFIXES[prefix]}555{rest:05d}"

    def _landline(self, area: str) -> str:
        return f"+86{area}555{self.random.randrange(10_000, 99_999)}"


def demo_patients(count: int, seed: int = SEED) -> Iterator[DemoPatient]:
    """``count`` patients; the first ones are the same whatever ``count`` is. Mobile numbers repeat after 3 million."""
    inventor = _Inventor(Random(seed))  # noqa: S311 - invented people, no secret
    return (inventor.patient() for _ in range(count))


def fill_demo(
    session: Session, *, count: int = DEMO_PATIENTS, doctors: Mapping[int, Sequence[int]] | None = None
) -> DemoContents:
    """What a hospital begins with, and ``count`` patients, in one transaction; nothing twice when called again.

    ``doctors`` gives, by department id, the user ids among whom its patients are shared out.
    """
    seed_outcomes(session)
    seed_demo_talking(session)
    departments = seed_demo_departments(session)
    if session.scalar(select(Patient.id).limit(1)) is not None:
        return DemoContents(departments, 0)
    patients = demo_patients(count)
    while batch := list(islice(patients, BATCH)):
        insert_patients(session, batch, departments, doctors or {})
    return DemoContents(departments, count)


def seed_demo_departments(session: Session) -> dict[str, int]:
    """Add the demo's departments that are missing; give the ids of all departments by name."""
    present = set(session.scalars(select(Department.name)))
    names = [(name, True) for name in words.CLINICAL] + [(name, False) for name in words.ADMINISTRATIVE]
    session.add_all(Department(name=name, clinical=clinical) for name, clinical in names if name not in present)
    session.flush()
    return {name: key for key, name in session.execute(select(Department.id, Department.name))}


def insert_patients(
    session: Session,
    patients: Sequence[DemoPatient],
    departments: Mapping[str, int],
    doctors: Mapping[int, Sequence[int]],
) -> list[int]:
    """Insert patients with phones and search terms, many to a statement; give their ids in the given order."""
    rows = [_row(patient, departments[patient.department], doctors) for patient in patients]
    ids = list(session.scalars(insert(Patient).returning(Patient.id, sort_by_parameter_order=True), rows))
    phones: list[dict[str, Any]] = []
    terms: list[dict[str, Any]] = []
    for key, patient in zip(ids, patients, strict=True):
        numbers = [phone.number for phone in patient.phones]
        phones.extend(
            {"patient_id": key, "position": place, "number": phone.number, "label": phone.label}
            for place, phone in enumerate(patient.phones)
        )
        terms.extend(
            {"term": term, "patient_id": key} for term in terms_for(patient.name, patient.record_number, numbers)
        )
    terms.sort(key=lambda row: row["term"])
    # The session would look at each row; there may be twenty million.
    connection = session.connection()
    connection.execute(insert(PatientPhone), phones)
    connection.execute(insert(PatientTerm), terms)
    return ids


def _row(patient: DemoPatient, department_id: int, doctors: Mapping[int, Sequence[int]]) -> dict[str, Any]:
    mine = doctors.get(department_id, ())
    return {
        "record_number": patient.record_number,
        "name": patient.name,
        "pinyin": pinyin_of(patient.name),
        "sex": patient.sex,
        "birth_date": patient.birth_date,
        "department_id": department_id,
        "doctor_id": mine[int(patient.record_number[2:]) % len(mine)] if mine else None,
        "tier": patient.tier,
        "allergies": patient.allergies,
        "address": patient.address,
        "do_not_call": patient.do_not_call,
        "created_at": patient.registered_at,
        "updated_at": patient.registered_at,
    }
