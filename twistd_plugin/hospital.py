"""Builds the hospital's services and tells each only what it needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from prometheus_client import CollectorRegistry

from callcenter.administration.attempts import PER_ADDRESS, AttemptLimits
from callcenter.administration.audit_log import AuditLog
from callcenter.administration.passwords import Passwords
from callcenter.administration.saved_views import SavedViews
from callcenter.administration.sessions import SessionLimits
from callcenter.administration.sign_in import SignIn
from callcenter.administration.throttle import Limits
from callcenter.alarms.sending import AlarmSender, QueueTarget, Target
from callcenter.alarms.service import AlarmService
from callcenter.alarms.settings import WebhookError, WebhookSettings
from callcenter.alarms.webhook import Webhook
from callcenter.bus import EventBus
from callcenter.messaging.alarm_texts import AlarmTexts
from callcenter.messaging.desk import SmsDesk
from callcenter.messaging.messages.composing import House
from callcenter.recordings.settings import RecordingSettings
from callcenter.records import Records
from callcenter.servicedesk.articles import KnowledgeBase, article_slot
from callcenter.servicedesk.complaints.service import Complaints
from callcenter.settings import AsteriskSettings, Settings
from callcenter.talking.script_slot import script_slot
from callcenter.talking.slots import TalkingPane
from callcenter.telephony.line_hosts import LineHostAccess
from callcenter.telephony.service import Telephony
from callcenter.telephony.settings import TelephonySettings
from hardware.asterisk_pbx import PbxSettings, pbx_directory
from hardware.drivers import LineSettings, SharedPorts, create_line_device
from hardware.line_device import LineDevice
from hardware.outgoing.client import CheckedClient
from hardware.outgoing.endpoint import Reach
from hardware.pbx_port import PbxAddress
from hardware.supervisor import PortError
from protocols.ami.settings import AmiSettings, AmiTimings
from protocols.clocks import wall_seconds
from storage.database import Database
from twistd_plugin.messaging import build_messaging
from web.catalogues import load_translations
from web.services import Services


def session_limits(settings: Settings) -> SessionLimits:
    """How long a session lives."""
    web = settings.web
    return SessionLimits(absolute=timedelta(days=web.session_days), idle=timedelta(hours=web.session_idle_hours))


def attempt_limits(settings: Settings) -> AttemptLimits:
    """How many wrong passwords are let pass."""
    configured = settings.web.sign_in
    first = timedelta(seconds=configured.first_pause_seconds)
    longest = timedelta(minutes=configured.longest_pause_minutes)
    return AttemptLimits(
        Limits(configured.free_failures, first, longest),
        replace(PER_ADDRESS, free=configured.free_failures_per_address),
    )


def telephony_settings(settings: Settings) -> TelephonySettings:
    """Telephony's part of the configuration."""
    return TelephonySettings(
        time_zone=settings.hospital.time_zone,
        area_code=settings.hospital.area_code,
        call_tasks=settings.call_tasks,
        **settings.telephony.model_dump(),
    )


def house(settings: Settings) -> House:
    """What the hospital itself fills in where it writes."""
    return House(settings.hospital.name, settings.hospital.time_zone, settings.hospital.area_code)


def recording_settings(settings: Settings) -> RecordingSettings:
    """Recordings' part of the configuration."""
    configured = settings.recordings
    return RecordingSettings(settings.recording_folder, configured.enabled, timedelta(days=configured.keep_days))


def pbx_settings(settings: AsteriskSettings) -> PbxSettings:
    """A PBX's part of the configuration."""
    port = settings.port or (5039 if settings.tls else 5038)
    session = AmiSettings(
        settings.username,
        settings.secret.get_secret_value(),
        plain_login=settings.plain_login,
        context=settings.context,
        control=settings.control,
        timings=AmiTimings(phone_rings=settings.telephone_rings),
    )
    address = PbxAddress(settings.host, port, settings.tls, settings.authorities)
    return PbxSettings(settings.name, address, session, settings.recordings)


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
    sign_in = SignIn(database, reactor, passwords, session_limits(settings), attempt_limits(settings))
    shared = SharedPorts(reactor, pbx_directory(map(pbx_settings, settings.asterisk), reactor))
    records = Records(database, reactor, sign_in, passwords, settings.hospital.area_code)
    declared = records["templates"].resource, records.patients.records.resource
    desk = SmsDesk(database, reactor, house(settings), *declared)
    return Services(
        reactor=reactor,
        database=database,
        bus=bus,
        sign_in=sign_in,
        telephony=_telephony(settings, database, bus, reactor, shared, sign_in),
        line_hosts=LineHostAccess(database, reactor, shared.line_hosts),
        patients=records.patients,
        resources=records,
        audit=AuditLog(database, reactor),
        views=SavedViews(database),
        alarms=AlarmService(database, reactor),
        desk=desk,
        messaging=build_messaging(settings, database, bus, reactor, desk.inbox.received),
        talking=TalkingPane(database, (script_slot(settings.hospital.name), article_slot())),
        knowledge=KnowledgeBase(database),
        complaints=Complaints(database, reactor, settings.hospital.area_code),
        registry=registry,
        ready=ready,
    )


def build_sender(settings: Settings, database: Database, bus: EventBus, reactor: Any) -> AlarmSender:
    """What tells the places and people of the configuration of alarms, not started. Reads the places' authorities;
    ``WebhookError``.
    """
    hospital = settings.hospital
    say = load_translations(hospital.language).gettext
    people = {
        one.name: QueueTarget(AlarmTexts(one.name, one.numbers, say, hospital.time_zone), one.wanted_kinds)
        for one in settings.alarm_texts
    }
    places = {one.name: _target(one, reactor) for one in settings.webhooks}
    return AlarmSender(database, reactor, bus, places, people)


def _target(settings: WebhookSettings, reactor: Any) -> Target:
    reach = Reach(settings.private_addresses, settings.authorities)
    try:
        client = CheckedClient(reactor, settings.url.get_secret_value(), reach)
    except PortError as error:
        raise WebhookError(f"webhook {settings.name}: its authorities cannot be read ({error})") from error
    webhook = Webhook(settings.name, client, settings.secret.get_secret_value(), lambda: wall_seconds(reactor))
    return Target(webhook, settings.wanted_kinds)


def _telephony(
    settings: Settings, database: Database, bus: EventBus, reactor: Any, shared: SharedPorts, sign_in: SignIn
) -> Telephony:
    def make(line: LineSettings) -> LineDevice:
        return create_line_device(line, reactor, settings.trace_folder, shared, settings.recording_spool)

    return Telephony(
        database=database,
        bus=bus,
        reactor=reactor,
        lines=[(line, make(line)) for line in settings.lines],
        make_device=make,
        settings=telephony_settings(settings),
        recordings=recording_settings(settings),
        on_session_ended=sign_in.on_session_ended,
    )
