"""Connecting to an address that was checked: looked up once, judged, and connected to as it was judged.

A name that points elsewhere a moment later (rebinding) changes nothing. TLS is verified against the name in the address
and the system's authorities, or those of a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint, wrapClientTLS
from twisted.internet.error import ConnectError, DNSLookupError
from twisted.internet.interfaces import IAddress, IHostResolution, IResolutionReceiver, IStreamClientEndpoint
from zope.interface import implementer

from hardware.outgoing.addresses import is_allowed, is_ever_allowed

CONNECT_SECONDS = 10.0
_MOST_ADDRESSES = 8


class ForbiddenAddressError(ConnectError):
    """The name leads to where we do not go. Says nothing of where that is. ``ever``: ``Reach.inside`` changes it."""

    ever = True


class NeverAllowedError(ForbiddenAddressError):
    """No setting changes it."""

    ever = False


@dataclass(frozen=True)
class Reach:
    """``inside`` allows addresses of the hospital's own network, but none that is never allowed (``addresses``);
    ``authorities`` are trusted instead of the system.
    """

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
        if not all(map(is_ever_allowed, addresses)):
            raise NeverAllowedError("the address is never allowed")  # type: ignore[no-untyped-call]
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
