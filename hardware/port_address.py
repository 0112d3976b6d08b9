"""What a line's ``port`` setting says, read before anything is opened. Each driver takes some of these kinds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

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
        raise ValueError("must be a path such as /dev/serial/by-id/…, usb:VID:PID[:SERIAL] or tcp://host:port")
    return SerialAddress(text)


def _tcp_address(text: str) -> TcpAddress:
    host, port, rest = split_address(text)
    if not host or rest:
        raise ValueError("must be tcp://host:port and nothing more, such as tcp://192.168.1.20:4001")
    return TcpAddress(host, port)


def split_address(text: str) -> tuple[str, int, str]:
    """Host, port and what follows them in ``scheme://host:port…``. The host may be empty; ``ValueError`` otherwise."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError(f"is not an address with host and port: {error}") from error
    if not port or not text.startswith(f"{parts.scheme}://"):
        raise ValueError(f"must be {parts.scheme}://host:port, with a port of 1 to 65535")
    if parts.username is not None or (host and not _HOST.fullmatch(host)):
        raise ValueError(f"must be {parts.scheme}://host:port, with a host name or address")
    following = text.split("//", 1)[1].removeprefix(parts.netloc)
    return host, port, following
