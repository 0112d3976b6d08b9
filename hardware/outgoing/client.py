"""HTTP requests to an address that was checked: looked up once, judged, and connected to as it was judged.

A name that points elsewhere a moment later (rebinding) changes nothing, and no redirect is followed. HTTPS is verified
against the name in the address and the system's authorities, or those of a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from OpenSSL import SSL
from twisted.internet.defer import Deferred, succeed
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint, wrapClientTLS
from twisted.internet.error import ConnectError, DNSLookupError
from twisted.internet.interfaces import IAddress, IHostResolution, IResolutionReceiver, IStreamClientEndpoint
from twisted.internet.protocol import Protocol
from twisted.internet.ssl import Certificate, optionsForClientTLS, platformTrust, trustRootFromCertificates
from twisted.web.client import URI, Agent, HTTPConnectionPool
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory, IBodyProducer
from zope.interface import implementer

from hardware.outgoing.addresses import is_allowed

CONNECT_SECONDS = 10.0
REQUEST_SECONDS = 30.0
_MOST_ADDRESSES = 8
_END_OF_CERTIFICATE = b"-----END CERTIFICATE-----"


class ForbiddenAddressError(ConnectError):
    """The name leads to where we do not go. Says nothing of where that is."""


@dataclass(frozen=True)
class Reach:
    """``inside`` allows addresses of the hospital's own network; ``authorities`` are trusted instead of the system."""

    inside: bool = False
    authorities: Path | None = None


@implementer(IResolutionReceiver)
class _Found:
    """Collects the addresses of a name."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.done: Deferred[list[str]] = Deferred()

    def resolutionBegan(self, resolution: IHostResolution) -> None:  # noqa: N802
        """A look-up has begun."""

    def addressResolved(self, address: IAddress) -> None:  # noqa: N802
        """One more."""
        host = str(getattr(address, "host", ""))
        if host not in self.addresses:
            self.addresses.append(host)

    def resolutionComplete(self) -> None:  # noqa: N802
        """That is all."""
        self.done.callback(self.addresses)


@implementer(IStreamClientEndpoint)
class CheckedEndpoint:
    """Connects to ``host`` if every address of it is allowed, trying them in turn. ``tls`` makes the TLS options."""

    def __init__(self, reactor: Any, host: str, port: int, reach: Reach, tls: Any = None) -> None:
        self._reactor = reactor
        self._host = host
        self._port = port
        self._reach = reach
        self._tls = tls

    def connect(self, factory: Any) -> Deferred[Any]:
        """See ``IStreamClientEndpoint``. Fails with ForbiddenAddressError, DNSLookupError and connection errors."""
        return Deferred.fromCoroutine(self._connect(factory))

    async def _connect(self, factory: Any) -> Any:
        found = _Found()
        self._reactor.nameResolver.resolveHostName(found, self._host, self._port)
        addresses = await found.done
        if not addresses:
            raise DNSLookupError("the name has no address")
        # One that leads inside is reason enough to go to none of them.
        if not all(is_allowed(address, inside=self._reach.inside) for address in addresses):
            raise ForbiddenAddressError("the address is not allowed")  # type: ignore[no-untyped-call]
        return await self._first_that_answers(addresses[:_MOST_ADDRESSES], factory)

    async def _first_that_answers(self, addresses: Sequence[str], factory: Any) -> Any:
        problem: ConnectError | None = None
        for address in addresses:
            kind = TCP6ClientEndpoint if ":" in address else TCP4ClientEndpoint
            endpoint: Any = kind(self._reactor, address, self._port, timeout=CONNECT_SECONDS)
            if self._tls is not None:
                endpoint = wrapClientTLS(self._tls, endpoint)
            try:
                return await endpoint.connect(factory)
            except ConnectError as error:
                problem = error
        raise problem or ConnectError("nobody answers")  # type: ignore[no-untyped-call]


@implementer(IAgentEndpointFactory)
class _OnePlace:
    """For Twisted's Agent: the endpoint of the one place where the client goes."""

    def __init__(self, endpoint: CheckedEndpoint) -> None:
        self._endpoint = endpoint

    def endpointForURI(self, uri: object) -> CheckedEndpoint:  # noqa: N802
        """See ``IAgentEndpointFactory``."""
        return self._endpoint


@implementer(IBodyProducer)
class _Body:
    """A body that is there already."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.length = len(data)

    def startProducing(self, consumer: Any) -> Deferred[None]:  # noqa: N802
        """Write it."""
        consumer.write(self._data)
        return succeed(None)

    def pauseProducing(self) -> None:  # noqa: N802
        """It is written already."""

    def resumeProducing(self) -> None:  # noqa: N802
        """It is written already."""

    def stopProducing(self) -> None:  # noqa: N802
        """It is written already."""


class _Unread(Protocol):
    """Whatever the other side answers beyond its status is not read."""

    def connectionMade(self) -> None:  # noqa: N802
        """Hang up."""
        assert self.transport is not None  # noqa: S101 - connected
        self.transport.loseConnection()


class CheckedClient:
    """Posts to ``url`` (http or https, ASCII), if it is within ``reach``.

    Reads the authorities when it is made, which blocks; raises OSError or SSL.Error when that fails.
    """

    def __init__(self, reactor: Any, url: str, reach: Reach) -> None:
        self._reactor = reactor
        self._url = url.encode("ascii")
        uri = URI.fromBytes(self._url)  # type: ignore[no-untyped-call]
        host = uri.host.decode("ascii").strip("[]")
        endpoint = CheckedEndpoint(
            reactor, host, uri.port, reach, _tls(host, reach) if uri.scheme == b"https" else None
        )
        pool = HTTPConnectionPool(reactor, persistent=False)  # type: ignore[no-untyped-call]
        self._agent = Agent.usingEndpointFactory(reactor, _OnePlace(endpoint), pool)  # type: ignore[no-untyped-call]

    async def post(self, headers: Mapping[str, str], body: bytes) -> int:
        """The status of the answer; its body is not read. Raises what Twisted's client raises, within 30 seconds."""
        sent = Headers({name: [value] for name, value in headers.items()})
        asking = self._agent.request(b"POST", self._url, sent, _Body(body))
        asking.addTimeout(REQUEST_SECONDS, self._reactor)
        response = await asking
        response.deliverBody(_Unread())
        return int(response.code)


def _tls(host: str, reach: Reach) -> Any:
    trust = platformTrust() if reach.authorities is None else _trust_in(reach.authorities)  # type: ignore[no-untyped-call]
    return optionsForClientTLS(host, trustRoot=trust)


def _trust_in(file: Path) -> Any:
    parts = file.read_bytes().split(_END_OF_CERTIFICATE)[:-1]
    certificates = [Certificate.loadPEM(part + _END_OF_CERTIFICATE) for part in parts]
    if not certificates:
        raise SSL.Error(f"{file} holds no certificate")
    return trustRootFromCertificates(certificates)  # type: ignore[no-untyped-call]
