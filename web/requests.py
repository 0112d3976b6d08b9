"""HTTP with limits: how large a body may be, how long a request may take to arrive, what a Host may look like."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.server import Request

_LABEL = rb"[A-Za-z0-9_-]{1,63}"
_HOST = re.compile(rb"(?:" + _LABEL + rb"(?:\." + _LABEL + rb"){0,30}\.?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?\Z")


def is_readable_path(path: bytes) -> bool:
    """Whether a path, its %xx undone, is UTF-8 text that can be printed."""
    try:
        return unquote_to_bytes(path).decode("utf-8").isprintable()
    except UnicodeDecodeError:
        return False


class LimitedRequest(Request):
    """A request whose body stays in memory and below the limit of the site.

    A body that is too large is read to its end and thrown away, so that the sender hears 413 and not a reset; the time
    limit of the channel bounds how long that goes on. ``too_large`` says that it happened.
    """

    channel: Any
    too_large = False

    def gotLength(self, length: int | None) -> None:
        """Never a temporary file: opening one would block the reactor."""
        self.content: Any = BytesIO()
        self.too_large = (length or 0) > self.channel.site.body_limit

    def handleContentChunk(self, data: bytes) -> None:
        """Keep what fits; a chunked body announces no length beforehand."""
        if not self.too_large and self.content.tell() + len(data) > self.channel.site.body_limit:
            self.too_large = True
            self.content = BytesIO()
        if not self.too_large:
            self.content.write(data)

    def process(self) -> None:
        """Refuse a request without one sensible Host or with a path that is no text, before anything is made of it."""
        hosts = self.requestHeaders.getRawHeaders(b"host") or []
        if len(hosts) != 1 or _HOST.match(hosts[0]) is None or not is_readable_path(self.path):
            self.setResponseCode(400)
            self.setHeader(b"Connection", b"close")
            self.setHeader(b"Content-Length", b"0")
            self.finish()
            return
        super().process()


class LimitedChannel(HTTPChannel):
    """HTTP/1.1 where a request must have arrived within a time, however steadily its bytes drip.

    Twisted's own timeout starts anew with every byte; this one does not.
    """

    requestFactory = LimitedRequest
    site: Any = None
    request_timeout: float = 20.0
    _deadline: IDelayedCall | None = None

    def dataReceived(self, data: bytes) -> None:
        """Start the clock with the first byte of a request."""
        if self._deadline is None and not self._handlingRequest:
            self._deadline = self.callLater(self.request_timeout, self._too_slow)
        super().dataReceived(data)

    def allContentReceived(self) -> None:
        """It has arrived."""
        self._stop_clock()
        super().allContentReceived()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The clock goes with the connection."""
        self._stop_clock()
        super().connectionLost(reason)

    def loseConnection(self) -> None:
        """Nothing more will be answered here."""
        self._stop_clock()
        super().loseConnection()

    def _too_slow(self) -> None:
        self._deadline = None
        transport: Any = self.transport
        transport.write(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        self.timeoutConnection()

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
