"""One page's WebSocket: Autobahn's protocol with the limits that it lacks."""

from __future__ import annotations

from functools import partial
from typing import Any, Protocol

from twisted.internet.interfaces import IPushProducer
from twisted.logger import Logger
from zope.interface import implementer

from callcenter.administration.principal import Principal
from callcenter.errors import ServiceError
from web.closing_socket import BROKEN, POLICY, ClosingSocket
from web.greeting import Greeting, read_greeting
from web.outbox import Outbox, Parcel
from web.prompt_transport import sender
from web.rendering import as_json
from web.settings import SiteSettings

_log = Logger(namespace="web.sockets")

SESSION_ENDED = 4401
TOO_SLOW = 4408


class Host(Protocol):
    """What a socket needs of the service that holds all of them."""

    settings: SiteSettings

    def pack(self, text: bytes) -> bytes:
        """A whole WebSocket frame with this text."""
        ...

    def opened(self, socket: Socket) -> None:
        """A page has connected."""
        ...

    def closed(self, socket: Socket) -> None:
        """A page has gone."""
        ...

    def held(self, socket: Socket) -> None:
        """A page is to be told something, but not at once."""
        ...

    def greeted(self, socket: Socket, greeting: Greeting) -> None:
        """A page says what it wants to hear; raises ServiceError when it may not."""
        ...


@implementer(IPushProducer)
class Socket(ClosingSocket):
    """One page's connection.

    Autobahn has no pings of its own accord and swallows what handlers raise; both are dealt with here.
    """

    service: Host
    session: Any

    def onOpen(self) -> None:
        """Take the transport over from HTTP, which is still registered with it."""
        settings = self.service.settings
        self.unregisterProducer()
        self.registerProducer(self, True)
        self.outbox = Outbox(
            sender(self.transport),
            self._too_slow,
            settings.socket_queue_frames,
            settings.socket_queue_bytes,
            partial(self.service.held, self),
        )
        self.greeted = False
        self.heard = True
        self._messages = 0
        self.service.opened(self)

    @property
    def principal(self) -> Principal:
        """Whose page this is."""
        principal: Principal = self.session.principal
        return principal

    @property
    def behind(self) -> bool:
        """Whether the page does not read as fast as it is told."""
        return self.outbox.paused

    def offer(self, parcel: Parcel) -> None:
        """Take events that this page may see."""
        self.outbox.offer(parcel)

    def say(self, message: dict[str, Any]) -> None:
        """Send a message that is not an event."""
        if self.state == self.STATE_OPEN:
            self.transport.write(self.service.pack(as_json(message)))

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N803 - Autobahn's signature
        """A page says hello, once; anything else is refused."""
        self.heard = True
        self._messages += 1
        if self._messages > self.service.settings.socket_messages:
            self.end(POLICY, "too many messages")
            return
        try:
            self.service.greeted(self, read_greeting(payload, is_binary=isBinary))
        except ServiceError as error:
            self.say({"op": "error", "code": error.code, "detail": error.message})
        except Exception:  # noqa: BLE001 - Autobahn would swallow it
            _log.failure("a message of a page could not be handled")
            self.end(BROKEN, "failed")

    def onPong(self, payload: bytes) -> None:
        """The page is there."""
        self.heard = True

    def onPing(self, payload: bytes) -> None:
        """Answer, within the same limit as messages: a flood of pings must not fill our buffers."""
        self.heard = True
        self._messages += 1
        if self._messages > self.service.settings.socket_messages:
            self.end(POLICY, "too many messages")
        else:
            self.sendPong(payload)

    def check(self) -> bool:
        """Once per ping interval: cut whom nothing was heard of since the last time (False), ping the others.

        A page does not see pings; it is told so that it notices when the way to it is gone.
        """
        if not self.heard:
            self.transport.abortConnection()
            return False
        self.heard = False
        self._messages = 0
        self.sendPing()
        if self.greeted and not self.behind:
            self.say({"op": "alive"})
        return True

    def end(self, code: int, reason: str) -> None:
        """Tell nothing more, and close with ``code``. Twice does no harm."""
        self.outbox.close()
        super().end(code, reason)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:  # noqa: N803
        """The connection is gone, or never became one."""
        super().onClose(wasClean, code, reason)
        if hasattr(self, "outbox"):
            self.outbox.close()
            self.service.closed(self)

    def pauseProducing(self) -> None:
        """The connection takes no more; Twisted says so again with each write."""
        self.outbox.pause()

    def resumeProducing(self) -> None:
        """There is room again."""
        self.outbox.resume()

    def stopProducing(self) -> None:
        """The connection is gone; ``onClose`` follows."""
        self.outbox.close()

    def _too_slow(self) -> None:
        self.end(TOO_SLOW, "too slow; resume")
