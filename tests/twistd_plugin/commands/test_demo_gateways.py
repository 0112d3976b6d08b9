"""The SMS gateways of a demo: made once, moved to a free port, left alone when somebody changed them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url, select
from sqlalchemy.orm import Session

from callcenter.messaging.gateways.secret_box import SecretBox
from hardware.simulators.control import request
from storage import schema
from storage.engines import writing_engine
from storage.models import SmsGateway
from tests.peers.patience import PATIENCE
from twistd_plugin.commands.demo_folder import SimulatedGateway
from twistd_plugin.commands.demo_gateways import DEMO_GATEWAYS, fill_gateways, gateway_programs
from twistd_plugin.commands.demo_simulators import Simulators


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    url = make_url(f"sqlite:///{tmp_path}/huifang.db")
    schema.upgrade(url)
    engine = writing_engine(url, 1)
    with Session(engine) as session:
        yield session
    engine.dispose()


def filled(session: Session, folder: Path) -> list[SimulatedGateway]:
    box = SecretBox.at(folder / "secrets.key")
    return fill_gateways(session, box, "示范医院", folder)


def test_they_are_made_once_with_their_secrets_sealed(session: Session, tmp_path: Path) -> None:
    made = filled(session, tmp_path)
    assert [one.name for one in made] == [demo.name for demo in DEMO_GATEWAYS]
    again = filled(session, tmp_path)
    assert [replace(one, port=0) for one in again] == [replace(one, port=0) for one in made]
    rows = session.scalars(select(SmsGateway).order_by(SmsGateway.priority)).all()
    assert [row.kind for row in rows] == ["cmpp3", "smpp", "http"]
    assert all("888888" not in str(row.settings) + row.secrets and row.secrets for row in rows)


def test_each_has_a_port_of_this_process_at_each_start_and_one_removed_or_elsewhere_is_not_simulated(
    session: Session, tmp_path: Path
) -> None:
    ports = [one.port for _ in range(2) for one in filled(session, tmp_path)]
    assert len(set(ports)) == len(ports)
    rows = {row.name: row for row in session.scalars(select(SmsGateway))}
    first, second, third = filled(session, tmp_path)
    assert (rows[first.name].settings["port"], rows[second.name].settings["port"]) == (first.port, second.port)
    assert rows[third.name].settings["url"] == f"http://127.0.0.1:{third.port}/"
    rows[first.name].settings = {**rows[first.name].settings, "host": "203.0.113.5"}
    rows[second.name].disabled = True
    rows[third.name].settings = {**rows[third.name].settings, "url": "http://sms.example.com/"}
    session.flush()
    assert filled(session, tmp_path) == []


def test_their_simulators_answer(session: Session, tmp_path: Path) -> None:
    gateways = filled(session, tmp_path)
    simulators = Simulators(gateway_programs(gateways))
    simulators.start()
    try:
        for gateway in gateways:
            assert request(gateway.control_path, {"command": "status"}, PATIENCE)["accepted"]
            with socket.create_connection(("127.0.0.1", gateway.port), 5):
                pass
    finally:
        simulators.stop()
