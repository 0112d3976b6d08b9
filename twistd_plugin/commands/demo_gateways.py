"""The simulated SMS gateways of a demo: one that speaks CMPP, one that speaks SMPP and takes over from it, and an HTTP
provider that takes over from both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.principal import SYSTEM
from callcenter.messaging.gateways.rows import make_gateway_row
from callcenter.messaging.gateways.secret_box import SecretBox
from callcenter.messaging.gateways.settings import read_set_up
from hardware.gateways.drivers import MODELS
from hardware.gateways.settings import GatewayKind
from storage.models import SmsGateway
from storage.models.base import NO
from twistd_plugin.commands.demo_folder import SimulatedGateway
from twistd_plugin.commands.demo_simulators import SimulatorProgram
from twistd_plugin.commands.ports import free_port

# Known to everybody: they open a simulator on the loopback interface and nothing else.
_USER, _SECRET = "900001", "888888"
_HERE = "127.0.0.1"
_ANY_PORT = 1
_COST = 45
"""Of a part, in thousandths of a yuan."""
_RECEIPTS = ("--receipt-after", "2")


@dataclass(frozen=True)
class DemoGateway:
    """``number`` is what patients see. ``options`` and ``secrets`` as the gateway's kind takes them."""

    name: str
    kind: GatewayKind
    number: str
    priority: int
    options: Mapping[str, Any]
    secrets: Mapping[str, str]


DEMO_GATEWAYS = (
    DemoGateway(
        "演示 CMPP",
        GatewayKind.CMPP3,
        "1069000001",
        1,
        {"sp_id": _USER, "sp_number": "1069000001", "rate": 100},
        {"secret": _SECRET},
    ),
    DemoGateway(
        "演示 SMPP",
        GatewayKind.SMPP,
        "1069000002",
        5,
        {"system_id": _USER, "source": "1069000002", "rate": 50},
        {"password": _SECRET},
    ),
    DemoGateway(
        "演示 56短信网",
        GatewayKind.HTTP,
        "",
        9,
        {"preset": "sms56_a", "account": _USER, "company": "1001", "inside": True, "rate": 5},
        {"password": _SECRET},
    ),
)


def fill_gateways(session: Session, box: SecretBox, signature: str, controls: Path) -> list[SimulatedGateway]:
    """The gateways of the demo, made where there are none yet, each at a port of this process: that of the last start
    may be somebody else's by now, or be about to.

    What was changed of them stays; one that was removed, or set to another host, is left alone.
    """
    found = []
    first = session.scalar(select(SmsGateway.id).limit(1)) is None
    for number, demo in enumerate(DEMO_GATEWAYS):
        row = session.scalar(select(SmsGateway).where(SmsGateway.name == demo.name, SmsGateway.disabled == NO))
        if row is None and first:
            row = _make(session, demo, box, signature)
        if row is None or not _is_here(row.settings):
            continue
        port = free_port()
        row.settings = {**row.settings, **_place(demo.kind, port)}
        found.append(
            SimulatedGateway(demo.name, demo.kind.value, port, demo.number, str(controls / f"gateway-{number}"))
        )
    return found


def _place(kind: GatewayKind, port: int) -> dict[str, Any]:
    """Where a gateway of ``kind`` is found that is simulated at ``port``."""
    if kind is GatewayKind.HTTP:
        return {"url": f"http://{_HERE}:{port}/"}
    return {"host": _HERE, "port": port}


def _is_here(settings: Mapping[str, Any]) -> bool:
    """Whether a gateway is on this machine."""
    return (urlsplit(settings["url"]).hostname if "url" in settings else settings.get("host")) == _HERE


def _make(session: Session, demo: DemoGateway, box: SecretBox, signature: str) -> SmsGateway:
    arrangement = {
        "name": demo.name,
        "priority": demo.priority,
        "signature": signature,
        "number": demo.number,
        "cost": _COST,
    }
    # Where it is, is said at each start.
    options = {**_place(demo.kind, _ANY_PORT), **demo.options}
    made = read_set_up(MODELS, demo.kind, arrangement, options, demo.secrets)
    kept = make_gateway_row(session, SYSTEM, made, box, datetime.now(UTC))
    return session.get_one(SmsGateway, kept.gateway_id)


def gateway_programs(gateways: Sequence[SimulatedGateway]) -> list[SimulatorProgram]:
    """What simulates ``gateways``."""
    return [
        SimulatorProgram(
            f"gateway {one.name}",
            "hardware.simulators.smsc",
            (
                "--protocol",
                one.kind,
                "--port",
                str(one.port),
                "--user",
                _USER,
                "--secret",
                _SECRET,
                *_RECEIPTS,
            ),
            Path(one.control),
        )
        for one in gateways
    ]
