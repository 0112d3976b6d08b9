"""Which opener serves which kind of port: the one place where that is decided."""

from __future__ import annotations

from twisted.internet.base import ReactorBase

from hardware.port_address import SerialAddress, TcpAddress, stream_address
from hardware.serial_port import SerialOpener
from hardware.supervisor import PortOpener
from hardware.tcp_port import TcpOpener


def stream_opener(port: str, baud: int, reactor: ReactorBase) -> PortOpener:
    """Opener for a ``port`` setting of a device that sends a stream of bytes.

    ``baud`` is for a port of this machine; a serial device server is set to its device's by whoever runs it.
    """
    match stream_address(port):
        case TcpAddress() as address:
            return TcpOpener(address, reactor)
        case SerialAddress(device):
            return SerialOpener(device, baud, reactor)
