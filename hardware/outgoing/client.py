"""HTTP requests to an address that was checked; see ``endpoint``. No redirect is followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure
from twisted.web.client import URI, Agent, HTTPConnectionPool, ResponseFailed
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

from hardware.client_tls import client_tls
from hardware.outgoing.bodies import Body, LimitedBody, TooLongError, Unread
from hardware.outgoing.endpoint import CheckedEndpoint, Reach
from hardware.outgoing.heads import HeadLimit

REQUEST_SECONDS = 30.0
"""For the head of the answer; for its body once more."""


class NotSentError(Exception):
    """Nothing of the request reached the other side; ``__cause__`` says why."""


@dataclass(frozen=True)
class Answer:
    """What came back; ``content_type`` is empty if it does not say. ``comes_again``: it says when to ask again
    (``Retry-After``, RFC 9110 section 10.2.3).
    """

    status: int
    content_type: str
    body: bytes
    comes_again: bool = False


@implementer(IAgentEndpointFactory, IStreamClientEndpoint)
class _OnePlace:
    """For Twisted's Agent: the endpoint of the one place where the client goes, whether it was ``reached``, and how
    much of a head it may answer with.
    """

    def __init__(self, endpoint: CheckedEndpoint) -> None:
        self._endpoint = endpoint
        self.reached = False
        self.head = HeadLimit()

    def endpointForURI(self, uri: object) -> _OnePlace:  # noqa: N802
        """See ``IAgentEndpointFactory``."""
        return self

    def connect(self, factory: Any) -> Deferred[Any]:
        """See ``IStreamClientEndpoint``."""
        return self._endpoint.connect(self.head.around(factory)).addCallback(self._connected)

    def _connected(self, connection: Any) -> Any:
        self.reached = True
        return connection.wrappedProtocol

    def head_read(self, response: Any) -> Any:
        """The answer's head has been read."""
        self.head.complete()
        return response


class CheckedClient:
    """Posts to ``url`` (http or https, ASCII), if it is within ``reach``.

    Reads the authorities when it is made, which blocks; raises PortError when that fails.
    """

    def __init__(self, reactor: Any, url: str, reach: Reach) -> None:
        self._reactor = reactor
        self._url = url.encode("ascii")
        uri = URI.fromBytes(self._url)  # type: ignore[no-untyped-call]
        host = uri.host.decode("ascii").strip("[]")
        tls = client_tls(host, reach.authorities) if uri.scheme == b"https" else None
        self._endpoint = CheckedEndpoint(reactor, host, uri.port, reach, tls)
        self._pool = HTTPConnectionPool(reactor, persistent=False)  # type: ignore[no-untyped-call]

    async def post(self, headers: Mapping[str, str], body: bytes) -> int:
        """The status of the answer; its body is not read.

        Raises TooLongError and what Twisted's client raises, within 30 seconds.
        """
        response = await self._request(_OnePlace(self._endpoint), b"POST", self._url, headers, body)
        response.deliverBody(Unread())
        return int(response.code)

    async def ask(self, method: str, query: str, headers: Mapping[str, str], body: bytes, most: int) -> Answer:
        """The answer to a GET or POST with ``query`` (ASCII) behind the address, its body ``most`` bytes long at most.

        Raises NotSentError if nothing was sent, TooLongError, and what Twisted's client raises.
        """
        url = self._url + (b"?" + query.encode("ascii") if query else b"")
        place = _OnePlace(self._endpoint)
        try:
            response = await self._request(place, method.encode("ascii"), url, headers, body)
        except Exception as error:
            if place.reached and not _is_distrust(error):
                raise
            raise NotSentError from error
        reading: Deferred[bytes] = Deferred()
        reader = LimitedBody(reading, most)
        response.deliverBody(reader)
        reading.addTimeout(REQUEST_SECONDS, self._reactor)
        try:
            data = await reading
        finally:
            reader.hang_up()
        kinds = response.headers.getRawHeaders(b"content-type", [b""])
        comes_again = response.headers.hasHeader(b"retry-after")
        return Answer(int(response.code), kinds[0].decode("latin-1"), data, comes_again)

    async def reach(self) -> None:
        """Connect and hang up: raises NotSentError if nobody is there."""
        try:
            connection = await self._endpoint.connect(Factory.forProtocol(Protocol))
        except Exception as error:
            raise NotSentError from error
        connection.transport.loseConnection()

    async def _request(
        self, place: _OnePlace, method: bytes, url: bytes, headers: Mapping[str, str], body: bytes
    ) -> Any:
        agent = Agent.usingEndpointFactory(self._reactor, place, self._pool)  # type: ignore[no-untyped-call]
        sent = Headers({name: [value] for name, value in headers.items()})
        asking: Deferred[Any] = agent.request(method, url, sent, Body(body) if method == b"POST" else None)
        # In the turn in which the head ends: what comes after it is not counted.
        asking.addCallback(place.head_read)
        try:
            return await asking.addTimeout(REQUEST_SECONDS, self._reactor)
        except ResponseFailed:
            if place.head.exceeded:
                raise TooLongError("the head of the answer is too long") from None
            raise


def _is_distrust(error: BaseException) -> bool:
    """Whether the handshake failed, after which nothing was sent."""
    reasons = [reason.value for reason in getattr(error, "reasons", ()) if isinstance(reason, Failure)]
    return any(
        isinstance(reason, VerificationError)
        or (isinstance(reason, SSL.Error) and "certificate verify failed" in str(reason))
        for reason in reasons
    )
