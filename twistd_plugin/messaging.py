"""The SMS centre's part of the configuration: which gateways there are, and where the key of their secrets is."""

from __future__ import annotations

from typing import Any

from callcenter.bus import EventBus
from callcenter.messaging.gateways.secret_box import SecretBox
from callcenter.messaging.gateways.settings import GatewayKinds
from callcenter.messaging.incoming.receiving import Received
from callcenter.messaging.service import Messaging, MessagingSettings
from callcenter.settings import Settings
from hardware.gateways.device import GatewayDevice
from hardware.gateways.drivers import MODELS, create_gateway
from hardware.gateways.settings import GatewaySettings
from storage.database import Database


def gateway_kinds(settings: Settings, reactor: Any) -> GatewayKinds:
    """The kinds of gateways that can be set up."""

    def make(gateway: GatewaySettings) -> GatewayDevice:
        return create_gateway(gateway, reactor, settings.trace_folder)

    return GatewayKinds(MODELS, make)


def build_messaging(
    settings: Settings, database: Database, bus: EventBus, reactor: Any, received: Received
) -> Messaging:
    """The SMS centre, not started. Reads the key file, or makes it; ``KeyFileError``."""
    box = SecretBox.at(settings.key_file)
    chosen = MessagingSettings(gateway_kinds(settings, reactor), box, settings.hospital.time_zone)
    return Messaging(database, reactor, bus, chosen, received)
