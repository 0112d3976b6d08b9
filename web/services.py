"""What the site is given: the services it calls, and nothing it could reach further through."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from twisted.internet.interfaces import IReactorTime


@dataclass(frozen=True)
class Services:
    """The services behind every page, API call and socket.

    ``ready`` says what keeps the daemon from working, empty when nothing does; it answers ``/readyz``.
    """

    reactor: IReactorTime
    database: Any
    bus: Any
    sign_in: Any
    telephony: Any
    patients: Any
    resources: Any
    audit: Any
    registry: CollectorRegistry
    ready: Callable[[], Awaitable[list[str]]]
