"""The port that browsers connect to, in clear or with TLS."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from OpenSSL import crypto
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IDelayedCall, IListeningPort, IReactorTime
from twisted.internet.ssl import CertificateOptions
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOFactory

from callcenter.settings import TlsSettings
from twistd_plugin.blocking import blocking_allowed
from web.prompt_transport import listen_promptly

_log = Logger(namespace="callcenter.listener")

RETRY_SECONDS = 5.0
BACKLOG = 512
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class TlsError(Exception):
    """Certificate or key cannot be used; the message says which."""


def tls_options(settings: TlsSettings) -> CertificateOptions:
    """Certificate, chain and key of ``settings``, for TLS 1.2 and later. Reads files. Raises ``TlsError``."""
    try:
        pem = _CERTIFICATE.findall(settings.certificate.read_bytes())
        chain = [crypto.load_certificate(crypto.FILETYPE_PEM, block) for block in pem]
        key = crypto.load_privatekey(crypto.FILETYPE_PEM, settings.key.read_bytes())
    except (OSError, ValueError, crypto.Error) as error:
        raise TlsError(f"cannot read {settings.certificate} and {settings.key}: {error}") from error
    if not chain:
        raise TlsError(f"{settings.certificate} contains no certificate")
    options = CertificateOptions(privateKey=key, certificate=chain[0], extraCertChain=chain[1:])
    try:
        options.getContext()
    except Exception as error:
        raise TlsError(f"{settings.key} is not the key of {settings.certificate}") from error
    return options


class Listener:
    """Listens with ``factory``. A port that is taken is tried again until it is free: nothing else waits for it.

    ``listen`` opens the port: it takes reactor, port, factory, backlog and interface, and raises CannotListenError.
    """

    def __init__(
        self,
        reactor: Any,
        factory: Any,
        port: int,
        interface: str,
        tls: CertificateOptions | None = None,
        listen: Callable[[Any, int, Any, int, str], IListeningPort] = listen_promptly,
    ) -> None:
        self._reactor = reactor
        self._clock: IReactorTime = reactor
        self._listen = listen
        self._factory: Any = TLSMemoryBIOFactory(tls, isClient=False, wrappedFactory=factory) if tls else factory
        self._port = port
        self._interface = interface
        self._listening: IListeningPort | None = None
        self._retry: IDelayedCall | None = None
        self._opened: Deferred[None] = Deferred()

    @property
    def port(self) -> int | None:
        """The port in use, None while there is none."""
        if self._listening is None:
            return None
        address: Any = self._listening.getHost()
        return int(address.port)

    def opened(self) -> Deferred[None]:
        """Fires once the port is open."""
        waiting: Deferred[None] = Deferred()
        self._opened.chainDeferred(waiting)
        return waiting

    async def start(self) -> None:
        """Open the port, now or as soon as it is free."""
        self._open()

    async def stop(self) -> None:
        """Accept no more connections."""
        if self._retry is not None and self._retry.active():
            self._retry.cancel()
        if self._listening is not None:
            listening, self._listening = self._listening, None
            await maybeDeferred(listening.stopListening)

    def _open(self) -> None:
        try:
            # With a port, Twisted opens /dev/null, to have a descriptor to spare.
            with blocking_allowed("/dev/null is on no disk"):
                self._listening = self._listen(self._reactor, self._port, self._factory, BACKLOG, self._interface)
        except CannotListenError as error:
            _log.error(
                "cannot listen on {interface} port {port}: {reason}; trying again in {seconds} s",
                interface=self._interface, port=self._port, reason=str(error.socketError), seconds=RETRY_SECONDS,
            )  # fmt: skip
            self._retry = self._clock.callLater(RETRY_SECONDS, self._open)
        else:
            _log.info("listening on {interface} port {port}", interface=self._interface, port=self.port)
            if not self._opened.called:
                self._opened.callback(None)
