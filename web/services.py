"""What the site is given: the services it calls, and nothing it could reach further through."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.audit_log import AuditLog
from callcenter.administration.resource_service import ResourceService
from callcenter.administration.saved_views import SavedViews
from callcenter.administration.sign_in import SignIn
from callcenter.alarms.service import AlarmService
from callcenter.bus import EventBus
from callcenter.crm.patients import PatientService
from callcenter.messaging.desk import SmsDesk
from callcenter.messaging.service import Messaging
from callcenter.servicedesk.articles import KnowledgeBase
from callcenter.servicedesk.complaints.service import Complaints
from callcenter.talking.slots import TalkingPane
from callcenter.telephony.line_hosts import LineHostAccess
from callcenter.telephony.service import Telephony
from storage.database import Database


@dataclass(frozen=True, eq=False)
class Services:
    """The services behind every page, API call and socket.

    ``resources`` has the services of the declared records by name, patients too. ``ready`` says what keeps the daemon
    from working, empty when nothing does; it answers ``/readyz``.
    """

    reactor: IReactorTime
    database: Database
    bus: EventBus
    sign_in: SignIn
    telephony: Telephony
    line_hosts: LineHostAccess
    patients: PatientService
    resources: Mapping[str, ResourceService]
    audit: AuditLog
    views: SavedViews
    alarms: AlarmService
    desk: SmsDesk
    messaging: Messaging
    talking: TalkingPane
    knowledge: KnowledgeBase
    complaints: Complaints
    registry: CollectorRegistry
    ready: Callable[[], Awaitable[list[str]]]
