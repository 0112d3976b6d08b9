"""Headers that every answer carries, where a request really comes from, and whether it is one of our own pages'."""

from __future__ import annotations

import hmac
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from twisted.web.http_headers import Headers
from twisted.web.server import Request

from web.settings import SiteSettings

SESSION_COOKIE = "huifang_session"
FORM_COOKIE = "huifang_form"
LANGUAGE_COOKIE = "huifang_language"

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "manifest-src 'self'"
)

HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def set_headers(request: Request) -> None:
    """Put the security headers on the answer. Nothing but static files may be kept by a cache."""
    headers: Headers = request.responseHeaders
    headers.removeHeader(b"Server")
    for name, value in HEADERS.items():
        headers.setRawHeaders(name, [value])
    headers.setRawHeaders(b"Cache-Control", [b"no-store"])
    if request.isSecure():
        headers.setRawHeaders(b"Strict-Transport-Security", [b"max-age=31536000"])


def header(request: Request, name: str) -> str:
    """A request header as text, the first if it was sent twice; empty without one."""
    values = request.requestHeaders.getRawHeaders(name.encode("ascii")) or [b""]
    return values[0].decode("latin-1")


def plain_address(text: str) -> str:
    """An IP address in its one spelling, IPv4 inside IPv6 as IPv4; empty for anything else."""
    try:
        address = ip_address(text.strip().strip("[]"))
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def peer_address(request: Request) -> str:
    """Address of whoever holds the other end of the connection, empty for a UNIX socket."""
    return plain_address(getattr(request.getClientAddress(), "host", "") or "")


def client_address(request: Request, settings: SiteSettings) -> str:
    """Address of the browser: the nearest one that is not one of our proxies.

    ``X-Forwarded-For`` is read from its end, and only as far as each hop that wrote it is trusted.
    """
    nearest = peer_address(request)
    hops = header(request, "X-Forwarded-For").split(",")
    while nearest in settings.trusted_proxies and hops and (hop := plain_address(hops.pop())):
        nearest = hop
    return nearest


def own_origins(request: Request, settings: SiteSettings) -> frozenset[str]:
    """The origins under which our own pages may have been loaded, for this request."""
    forwarded = peer_address(request) in settings.trusted_proxies
    scheme = header(request, "X-Forwarded-Proto") if forwarded else ""
    host = header(request, "X-Forwarded-Host") if forwarded else ""
    if scheme not in ("http", "https"):
        scheme = "https" if request.isSecure() else "http"
    return settings.origins | {f"{scheme}://{(host or header(request, 'Host')).lower()}"}


def from_own_page(request: Request, settings: SiteSettings, *, origin_needed: bool = False) -> bool:
    """Whether the browser says that one of our own pages sent this.

    Programs that are not browsers send neither header; they pass unless ``origin_needed``.
    """
    if header(request, "Sec-Fetch-Site") not in ("", "same-origin", "none"):
        return False
    origin = header(request, "Origin")
    if not origin:
        return not origin_needed
    return origin.lower() in own_origins(request, settings)


def same_token(given: str, expected: str) -> bool:
    """Compare secrets in constant time; an empty one never matches."""
    return bool(expected) and hmac.compare_digest(given.encode("utf-8"), expected.encode("utf-8"))


def local_path(target: str, fallback: str = "/") -> str:
    """``target`` if it is a path on this site, else ``fallback``: no redirect leads away."""
    parts = urlsplit(target)
    safe = target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return target if safe and target.isprintable() and "\\" not in target else fallback
