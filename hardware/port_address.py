"""What a line's ``port`` setting says, read before anything is opened. Each driver takes some of these kinds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from protocols.sayings import Said, Saying

Network = IPv4Network | IPv6Network

_HOST = re.compile(r"[0-9A-Za-z_.:%-]{1,253}")


@dataclass(frozen=True)
class SerialAddress:
    """A serial port of this machine: a path, or ``usb:VID:PID[:SERIAL]``."""

    device: str


@dataclass(frozen=True)
class TcpAddress:
    """A raw TCP port of a serial device server. ``host`` is a name or an address."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


StreamAddress = SerialAddress | TcpAddress


def stream_address(text: str) -> StreamAddress:
    """Address of a device that sends a stream of bytes; ``ValueError`` says what is allowed."""
    if text.startswith("tcp:"):
        return _tcp_address(text)
    if not text.startswith(("/", "usb:")) or not text.isprintable():
        raise ValueError(Said(Saying.STREAM_PORT))
    return SerialAddress(text)


def _tcp_address(text: str) -> TcpAddress:
    host, port, rest = split_address(text)
    if not host or rest:
        raise ValueError(Said(Saying.TCP_PORT))
    return TcpAddress(host, port)


def split_address(text: str) -> tuple[str, int, str]:
    """Host, port and what follows them in ``scheme://host:port…``. The host may be empty; ``ValueError`` otherwise."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError(Said(Saying.NO_ADDRESS, why=str(error))) from error
    if not port or not text.startswith(f"{parts.scheme}://"):
        raise ValueError(Said(Saying.ADDRESS_PORT, scheme=parts.scheme))
    if parts.username is not None or (host and not _HOST.fullmatch(host)):
        raise ValueError(Said(Saying.ADDRESS_HOST, scheme=parts.scheme))
    following = text.split("//", 1)[1].removeprefix(parts.netloc)
    return host, port, following


@dataclass(frozen=True)
class UdpAddress:
    """Where this machine listens: an address of its own, all of them for ``0.0.0.0`` or ``::``, and who may send.

    ``senders`` empty means anybody.
    """

    host: str
    port: int
    senders: tuple[Network, ...] = ()

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def allows(self, sender: str) -> bool:
        """Whether the IP address ``sender`` may send."""
        if not self.senders:
            return True
        address = ip_address(sender.partition("%")[0])
        # A socket for both families shows IPv4 senders as IPv6 addresses.
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self.senders)


@dataclass(frozen=True)
class WhozzAddress:
    """One line of a Whozz Calling box. ``unit`` is its unit or serial number, None for whichever sends."""

    udp: UdpAddress
    unit: int | None
    line: int


_WHOZZ_FORM = "udp://ADDRESS:PORT/UNIT/LINE such as udp://0.0.0.0:3520/8669316/01"
_WHOZZ_PATH = re.compile(r"/(\*|[0-9]{1,15})/([0-9]{1,2})(?:\?from=([^?&#]+))?")


def whozz_address(text: str) -> WhozzAddress:
    """Address of a ``whozz`` line; ``ValueError`` says what is allowed."""
    if not text.startswith("udp:"):
        raise ValueError(Said(Saying.WHOZZ_PORT, form=_WHOZZ_FORM))
    host, port, following = split_address(text)
    match = _WHOZZ_PATH.fullmatch(following)
    if match is None or int(match[2]) == 0:
        raise ValueError(Said(Saying.WHOZZ_UNIT, form=_WHOZZ_FORM))
    try:
        ip_address(host or "0.0.0.0")  # noqa: S104 - nothing is bound here
        senders = tuple(ip_network(sender.strip()) for sender in (match[3] or "").split(",") if sender)
    except ValueError as error:
        raise ValueError(Said(Saying.WHOZZ_SENDERS, form=_WHOZZ_FORM, why=str(error))) from error
    udp = UdpAddress(host or "0.0.0.0", port, senders)  # noqa: S104 - boxes broadcast
    return WhozzAddress(udp, None if match[1] == "*" else int(match[1]), int(match[2]))


@dataclass(frozen=True)
class TciAddress:
    """``port`` of a serial caller-id box, for ``stream_address``, and the line of the box; None if it has one line."""

    port: str
    line: int | None


def tci_address(text: str) -> TciAddress:
    """Address of a ``tci`` line: a stream's, behind ``#`` the line of the box. ``ValueError`` says what is wrong."""
    port, mark, line = text.partition("#")
    stream_address(port)
    if mark and (not re.fullmatch(r"[0-9]{1,2}", line) or int(line) == 0):
        raise ValueError(Said(Saying.TCI_PORT))
    return TciAddress(port, int(line) if mark else None)
