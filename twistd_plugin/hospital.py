"""The hospital's services, each given what it needs and nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from prometheus_client import CollectorRegistry

from callcenter.administration.audit_log import AuditLog
from callcenter.administration.passwords import Passwords
from callcenter.administration.sign_in import SignIn
from callcenter.bus import LocalBus
from callcenter.records import Records
from callcenter.settings import Settings
from callcenter.telephony.service import Telephony
from callcenter.telephony.settings import TelephonySettings
from hardware.drivers import create_line_device
from storage.database import Database
from web.services import Services


def telephony_settings(settings: Settings) -> TelephonySettings:
    """Telephony's part of the configuration, with the hospital's place and time."""
    section = settings.telephony.model_dump() | {
        "time_zone": settings.hospital.time_zone,
        "area_code": settings.hospital.area_code,
    }
    return TelephonySettings.model_validate(section)


def build_services(
    settings: Settings,
    database: Database,
    bus: LocalBus,
    reactor: Any,
    registry: CollectorRegistry,
    ready: Callable[[], Awaitable[list[str]]],
) -> Services:
    """Everything that the site calls, not started."""
    passwords = Passwords(reactor)
    sign_in = SignIn(database, reactor, passwords)
    records = Records(database, reactor, sign_in, passwords, settings.hospital.area_code)
    lines = [(line, create_line_device(line, reactor, settings.trace_folder)) for line in settings.lines]
    telephony = Telephony(
        database=database, bus=bus, reactor=reactor, lines=lines, settings=telephony_settings(settings)
    )
    return Services(
        reactor=reactor,
        database=database,
        bus=bus,
        sign_in=sign_in,
        telephony=telephony,
        patients=records.patients,
        resources=records,
        audit=AuditLog(database, reactor),
        registry=registry,
        ready=ready,
    )
