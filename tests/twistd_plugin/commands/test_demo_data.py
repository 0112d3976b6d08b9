"""The invented hospital: whoever writes in the README's example is a patient of the demo's doctor."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine, text

from callcenter.config import load
from callcenter.numbers import normalise
from twistd_plugin.commands.configuration_text import configuration_text
from twistd_plugin.commands.demo_data import DemoContent, fill
from twistd_plugin.commands.demo_folder import DemoFolder
from twistd_plugin.commands.migrate import migrate

README = Path(__file__).parents[3] / "README.md"
OWNERS = text(
    "SELECT u.username FROM patient p JOIN patient_phone n ON n.patient_id = p.id "
    "LEFT JOIN user_account u ON u.id = p.doctor_id WHERE n.number = :number"
)


def made(place: Path, patients: int) -> DemoContent:
    folder = DemoFolder(place)
    folder.create()
    words = configuration_text(file="here", name="回访示范医院", folder=".", port=0, area_code="010", lines=[])
    folder.configuration.write_text(words, encoding="utf-8")
    configuration = load(folder.configuration)
    migrate(configuration)
    return fill(configuration, folder, patients, 0)


def test_the_one_who_writes_is_a_patient_of_the_doctor_and_nobody_elses_number(tmp_path: Path) -> None:
    content = made(tmp_path, 2000)
    engine = create_engine(f"sqlite:///{tmp_path / 'huifang.db'}")
    with engine.connect() as connection:
        number = normalise(content.writing_number).number
        assert connection.scalars(OWNERS, {"number": number}).all() == ["doctor"]
    engine.dispose()
    readme = README.read_text(encoding="utf-8")
    assert f"simulate sms {content.writing_number} " in readme
    assert f"simulate call {content.known_number} " in readme


def test_a_small_demo_has_somebody_who_writes_too(tmp_path: Path) -> None:
    content = made(tmp_path, 5)
    assert content.writing_number
