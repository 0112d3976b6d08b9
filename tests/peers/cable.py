"""A cable between a client and a server on loopback, which the test pulls out and plugs in again."""

from __future__ import annotations

from twisted.internet import reactor
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.interfaces import IAddress, IListeningPort
from twisted.internet.protocol import Factory, Protocol


class Cable(Factory):
    """Passes bytes on to ``port``. While it is ``out``, connections are cut and new ones refused. The last that was not
    came ``accepted_at``, in seconds of the reactor.
    """

    noisy = False

    def __init__(self, port: int) -> None:
        self._target = port
        self._ends: set[Protocol] = set()
        self.accepted_at = 0.0
        self.out = False
        self._listening: IListeningPort = reactor.listenTCP(0, self, interface="127.0.0.1")

    @property
    def port(self) -> int:
        return self._listening.getHost().port

    def pull(self) -> None:
        self.out = True
        for end in list(self._ends):
            end.transport.abortConnection()

    def plug(self) -> None:
        self.out = False

    async def close(self) -> None:
        self.pull()
        await self._listening.stopListening()

    def buildProtocol(self, addr: IAddress) -> Protocol | None:
        if self.out:
            return None
        self.accepted_at = reactor.seconds()
        return _Near(self)


class _End(Protocol):
    """One end of the cable; ``other`` once the server has accepted."""

    other: _End | None = None

    def __init__(self, cable: Cable) -> None:
        self.cable = cable
        self.waiting = b""

    def connectionMade(self) -> None:
        self.cable._ends.add(self)

    def dataReceived(self, data: bytes) -> None:
        if self.other is None:
            self.waiting += data
        else:
            self.other.transport.write(data)

    def connectionLost(self, reason: object) -> None:
        self.cable._ends.discard(self)
        if self.other is not None:
            self.other.transport.loseConnection()


class _Near(_End):
    def connectionMade(self) -> None:
        super().connectionMade()
        server = TCP4ClientEndpoint(reactor, "127.0.0.1", self.cable._target)
        connectProtocol(server, _End(self.cable)).addCallbacks(self._through, lambda _: self.transport.loseConnection())

    def _through(self, far: _End) -> None:
        far.other, self.other = self, far
        far.transport.write(self.waiting)
        if not self.connected:
            far.transport.loseConnection()
