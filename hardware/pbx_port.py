"""Connections to the manager interface of a PBX, by TCP or TLS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IProtocol, IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from hardware.client_tls import client_tls, how_lost
from hardware.supervisor import ClosablePort, PortError
from hardware.tcp_port import plainly
from protocols.line_endpoint import PortGoneError
from protocols.sayings import Said, Saying

CONNECT_SECONDS = 10.0


@dataclass(frozen=True)
class PbxAddress:
    """Where a PBX is. With ``tls`` its certificate must name ``host`` and be signed by those in the PEM file
    ``authorities``, without one by those that the system trusts.
    """

    host: str
    port: int = 5038
    tls: bool = False
    authorities: Path | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class PbxOpener:
    """Connects whenever asked. The name is looked up anew each time, on a thread.

    Reads the authorities' file when it is made; ``PortError`` if that cannot be.
    """

    def __init__(self, address: PbxAddress, reactor: ReactorBase) -> None:
        self._address = address
        self._reactor = reactor
        self._tls = client_tls(address.host, address.authorities) if address.tls else None
        self._opening: Deferred[Any] | None = None

    def open(self, protocol: IProtocol, on_closed: Callable[[], None]) -> Deferred[ClosablePort]:
        """Connect and run ``protocol``. Fails with ``PortError``."""
        factory = Factory.forProtocol(lambda: PbxPort(self._address, protocol, on_closed))
        factory.noisy = False
        connecting: Deferred[Any] = self._endpoint().connect(factory)
        self._opening = connecting.addCallbacks(PbxPort.carry, self._explain)
        return self._opening

    def give_up(self) -> None:
        """See ``PortOpener``."""
        if self._opening is not None:
            self._opening.cancel()

    def _endpoint(self) -> IStreamClientEndpoint:
        plain = HostnameEndpoint(self._reactor, self._address.host, self._address.port, timeout=CONNECT_SECONDS)
        return plain if self._tls is None else wrapClientTLS(self._tls, plain)

    def _explain(self, failure: Failure) -> None:
        why = Said(Saying.CANNOT_CONNECT, peer=str(self._address), why=plainly(failure.value))
        raise PortError(why) from failure.value


class PbxPort(Protocol):
    """A connection that carries ``protocol``. ``on_closed`` is called once, at the end."""

    def __init__(self, address: PbxAddress, protocol: IProtocol, on_closed: Callable[[], None]) -> None:
        self._address = address
        self._protocol = protocol
        self._on_closed = on_closed
        self._carries = False

    def carry(self) -> PbxPort:
        """This connection is the one that is used, of those to several addresses that were tried at once."""
        assert self.transport is not None  # noqa: S101 - connected
        self._carries = True
        self._protocol.makeConnection(self.transport)
        return self

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Bytes of the PBX."""
        self._protocol.dataReceived(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """The PBX is gone, or ``close`` was called."""
        if self._carries:
            gone = PortGoneError(how_lost(str(self._address), reason.value))
            self._protocol.connectionLost(Failure(gone))  # type: ignore[no-untyped-call]
            self._on_closed()

    def close(self) -> None:
        """Close at once; unwritten bytes are dropped."""
        assert self.transport is not None  # noqa: S101 - connected
        self.transport.abortConnection()  # type: ignore[attr-defined]
