"""Patient search over 1,000,000 rows on SQLite: what an agent types, first page. The floor is a select by key."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import make_url, select
from sqlalchemy.orm import Session

from storage.engines import reading_engine
from storage.models import Patient, PatientPhone
from storage.queries.patients import search_patient_ids
from tests.benchmarks.daemon import fill
from tests.benchmarks.figures import Latencies

PATIENTS, QUERIES, LIMIT = 1_000_000, 400, 20


def queries(session: Session) -> dict[str, list[str]]:
    """What people type, by kind, taken from records spread over the table."""
    chance = random.Random(2)
    keys = [chance.randrange(1, PATIENTS) for _ in range(QUERIES)]
    people = session.execute(select(Patient.name, Patient.record_number).where(Patient.id.in_(keys[:300]))).all()
    numbers = list(session.scalars(select(PatientPhone.number).where(PatientPhone.patient_id.in_(keys[:300]))))
    return {
        "name": [row.name for row in people],
        "surname": [row.name[:1] for row in people],
        "record number": [row.record_number for row in people],
        "last four digits": [number[-4:] for number in numbers],
        "fragment": [number[4:9] for number in numbers],
        "initials": ["".join(chance.choices("zlwcyhm", k=2)) for _ in range(200)],
        "surname and three digits": [
            f"{row.name[:1]} {number[-3:]}" for row, number in zip(people, numbers, strict=False)
        ],
        "surname and one digit": [f"{row.name[:1]} {chance.randrange(10)}" for row in people],
        "one digit": [str(chance.randrange(10)) for _ in range(200)],
    }


def timed(engine: Any, work: Callable[[Session], Any]) -> float:
    with Session(engine) as session:
        start = time.perf_counter()
        work(session)
        return time.perf_counter() - start


def _by_key(key: int, session: Session) -> None:
    session.execute(select(Patient.name).where(Patient.id == key)).all()


def _by_words(words: str, session: Session) -> None:
    search_patient_ids(session, words, limit=LIMIT)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        url = f"sqlite:///{Path(name)}/huifang.db"
        fill(url, PATIENTS, 0)
        engine = reading_engine(make_url(url), 1)
        with Session(engine) as session:
            asked = queries(session)
        floor = Latencies(
            "select by key: floor",
            tuple(timed(engine, partial(_by_key, key)) for key in random.Random(3).sample(range(1, PATIENTS), QUERIES)),
        )
        print(f"search: {PATIENTS} patients, first page of {LIMIT}")
        print(floor.row())
        for kind, texts in asked.items():
            times = [timed(engine, partial(_by_words, words)) for words in texts]
            print(Latencies(f"search by {kind}", tuple(times)).row(floor))
        engine.dispose()
