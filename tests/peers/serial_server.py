"""A serial device server: passes the bytes of a serial port on over TCP, raw, one client at a time."""

from __future__ import annotations

from pathlib import Path

from twisted.internet import reactor
from twisted.internet.interfaces import IAddress, IListeningPort
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.serialport import SerialPort


class SerialServer(Factory):
    """Serves the port at ``device``, opened for each client anew. Stop it with ``close``."""

    noisy = False

    def __init__(self, device: Path, port: int = 0) -> None:
        self._device = device
        self.clients: list[_Client] = []
        self._listening: IListeningPort = reactor.listenTCP(port, self, interface="127.0.0.1")

    @property
    def port(self) -> int:
        return self._listening.getHost().port

    def buildProtocol(self, addr: IAddress) -> _Client:
        return _Client(self._device, self.clients)

    def drop(self) -> None:
        """Close every connection, and serve on."""
        for client in self.clients:
            client.transport.loseConnection()

    async def close(self) -> None:
        self.drop()
        await self._listening.stopListening()


class _Client(Protocol):
    def __init__(self, device: Path, clients: list[_Client]) -> None:
        self._device = device
        self._clients = clients

    def connectionMade(self) -> None:
        self._clients.append(self)
        self._serial = SerialPort(_Device(self), str(self._device), reactor, baudrate=57600)

    def dataReceived(self, data: bytes) -> None:
        self._serial.write(data)

    def connectionLost(self, reason: object) -> None:
        self._clients.remove(self)
        self._serial.loseConnection()


class _Device(Protocol):
    def __init__(self, client: _Client) -> None:
        self._client = client

    def dataReceived(self, data: bytes) -> None:
        self._client.transport.write(data)
