"""The SMS centre's part of the configuration: which gateways there are, and where the key of their secrets is."""

from __future__ import annotations

from typing import Any

from callcenter.bus import EventBus
from callcenter.messaging.gateway_settings import GatewayKinds
from callcenter.messaging.queueing import Received
from callcenter.messaging.secret_box import SecretBox
from callcenter.messaging.service import Messaging, MessagingSettings
from callcenter.settings import Settings
from hardware.gateways.device import GatewayDevice
from hardware.gateways.settings import GatewaySettings
from storage.database import Database


def gateway_kinds() -> GatewayKinds:
    """The kinds of gateways that can be set up."""

    def make(settings: GatewaySettings) -> GatewayDevice:
        raise LookupError(type(settings).__name__)

    return GatewayKinds({}, make)


def build_messaging(
    settings: Settings, database: Database, bus: EventBus, reactor: Any, received: Received
) -> Messaging:
    """The SMS centre, not started. Reads the key file, or makes it; ``KeyFileError``."""
    box = SecretBox.at(settings.key_file)
    chosen = MessagingSettings(gateway_kinds(), box, settings.hospital.time_zone)
    return Messaging(database, reactor, bus, chosen, received)
