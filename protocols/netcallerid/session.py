"""A line with a NetCallerID box."""

from __future__ import annotations

from protocols.monitor_session import MonitorSession, MonitorSettings
from protocols.netcallerid.codec import NetCallerIdDecoder


class NetCallerIdSession(MonitorSession):
    """A ``LineSession`` that only listens."""

    def __init__(self, settings: MonitorSettings) -> None:
        super().__init__(settings, NetCallerIdDecoder, "NetCallerID box (listens only)")
