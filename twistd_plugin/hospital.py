"""Builds the hospital's services and tells each only what it needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from prometheus_client import CollectorRegistry

from callcenter.administration.audit_log import AuditLog
from callcenter.administration.departments import department_resource
from callcenter.administration.outcomes import outcome_resource
from callcenter.administration.passwords import Passwords
from callcenter.administration.resource_service import ResourceService
from callcenter.administration.roles import role_resource
from callcenter.administration.sessions import SessionLimits
from callcenter.administration.sign_in import SignIn
from callcenter.administration.users import user_resource
from callcenter.bus import EventBus
from callcenter.crm.patient_resource import patient_resource
from callcenter.crm.patients import PatientService
from callcenter.settings import AsteriskSettings, Settings
from callcenter.telephony.service import Telephony
from callcenter.telephony.settings import TelephonySettings
from hardware.asterisk_pbx import PbxSettings, pbx_directory
from hardware.drivers import create_line_device
from hardware.pbx_port import PbxAddress
from protocols.ami.settings import AmiSettings, AmiTimings
from storage.database import Database
from web.services import Services


def telephony_settings(settings: Settings) -> TelephonySettings:
    """Telephony's part of the configuration."""
    return TelephonySettings(
        time_zone=settings.hospital.time_zone,
        area_code=settings.hospital.area_code,
        **settings.telephony.model_dump(),
    )


def pbx_settings(settings: AsteriskSettings) -> PbxSettings:
    """A PBX's part of the configuration."""
    port = settings.port or (5039 if settings.tls else 5038)
    session = AmiSettings(
        settings.username,
        settings.secret.get_secret_value(),
        plain_login=settings.plain_login,
        context=settings.context,
        timings=AmiTimings(phone_rings=settings.telephone_rings),
    )
    return PbxSettings(settings.name, PbxAddress(settings.host, port, settings.tls, settings.authorities), session)


def build_services(
    settings: Settings,
    database: Database,
    bus: EventBus,
    reactor: Any,
    registry: CollectorRegistry,
    ready: Callable[[], Awaitable[list[str]]],
) -> Services:
    """Every service, not started."""
    passwords = Passwords(reactor)
    limits = SessionLimits(absolute=timedelta(days=settings.web.session_days))
    sign_in = SignIn(database, reactor, passwords, limits)
    resources = (
        user_resource(passwords, sign_in.rights_changed),
        role_resource(sign_in.rights_changed),
        department_resource(),
        outcome_resource(),
    )
    area_code = settings.hospital.area_code
    return Services(
        reactor=reactor,
        database=database,
        bus=bus,
        sign_in=sign_in,
        telephony=_telephony(settings, database, bus, reactor),
        patients=PatientService(patient_resource(reactor, area_code), database, reactor, area_code),
        resources={resource.name: ResourceService(resource, database, reactor) for resource in resources},
        audit=AuditLog(database, reactor),
        registry=registry,
        ready=ready,
    )


def _telephony(settings: Settings, database: Database, bus: EventBus, reactor: Any) -> Telephony:
    pbxes = pbx_directory(map(pbx_settings, settings.asterisk), reactor)
    lines = [(line, create_line_device(line, reactor, settings.trace_folder, pbxes)) for line in settings.lines]
    return Telephony(database=database, bus=bus, reactor=reactor, lines=lines, settings=telephony_settings(settings))
