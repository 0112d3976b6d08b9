"""What the site needs to know; composition fills it from the configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from callcenter.text import N_

PRODUCT = N_("Huifang")


@dataclass(frozen=True)
class SiteSettings:
    """Limits and surroundings of the site. Sizes in bytes, times in seconds.

    ``hospital`` names the site on its pages; left at the product's own name, it is in the reader's language.
    ``origins`` are further addresses (``https://calls.example.org``) under which browsers reach us, beside the Host
    that they name. ``trusted_proxies`` are the addresses whose ``X-Forwarded-*`` headers are believed.
    ``socket_messages`` is how many a page may send per ping interval.
    """

    hospital: str = PRODUCT
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    default_locale: str = "zh_CN"
    secure_cookies: bool = False
    origins: frozenset[str] = frozenset()
    trusted_proxies: frozenset[str] = frozenset()
    body_limit: int = 256 * 1024
    json_depth: int = 16
    request_timeout: float = 20.0
    idle_timeout: float = 60.0
    maximum_headers: int = 100
    session_days: int = 7
    metrics_readers: frozenset[str] = frozenset({"127.0.0.1", "::1"})
    socket_message_limit: int = 64 * 1024
    socket_messages: int = 60
    socket_queue_frames: int = 1000
    socket_queue_bytes: int = 4 * 1024 * 1024
    socket_ping_interval: float = 20.0
    sockets_per_user: int = 20
    replay_limit: int = 1000
