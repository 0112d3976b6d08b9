"""A page's WebSocket as a foreign implementation would open it: Autobahn's client over a real connection."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint

from tests.peers.patience import PATIENCE
from tests.peers.site import Browser, RunningSite


class Page(WebSocketClientProtocol):
    """``messages`` holds all that was received; ``code`` is what the server closed with."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[dict[str, Any]] = []
        self.code: int | None = None
        self.pings = 0
        self.answers_pings = True
        self.let_in = False
        self.opened: Deferred[None] = Deferred()
        self.gone: Deferred[None] = Deferred()
        self._waiting: list[tuple[Any, Deferred[Any]]] = []

    def onOpen(self) -> None:
        self.let_in = True
        self.opened.callback(None)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N803
        self.messages.append(json.loads(payload))
        for wanted, waiting in list(self._waiting):
            if wanted(self.messages[-1]):
                self._waiting.remove((wanted, waiting))
                waiting.callback(self.messages[-1])

    def onPing(self, payload: bytes) -> None:
        self.pings += 1
        if self.answers_pings:
            self.sendPong(payload)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:  # noqa: N803
        self.code = self.remoteCloseCode
        if not self.opened.called:
            self.opened.callback(None)
        self.gone.callback(None)

    def say(self, message: Any) -> None:
        self.sendMessage(json.dumps(message).encode())

    def hello(self, since: int | None, *topics: str) -> None:
        self.say({"op": "hello", "since": since, "topics": list(topics)})

    async def until(self, wanted: Any) -> dict[str, Any]:
        """The first message, of those received and those to come, for which ``wanted`` is true."""
        for message in self.messages:
            if wanted(message):
                return message
        waiting: Deferred[dict[str, Any]] = Deferred()
        self._waiting.append((wanted, waiting))
        return await waiting.addTimeout(PATIENCE, reactor)

    async def event(self, number: int) -> dict[str, Any]:
        """The first event about the subject with this id."""
        return await self.until(lambda message: "op" not in message and message["data"]["id"] == number)

    async def ready(self) -> int:
        """Wait until the page is up to date; the number up to which it is."""
        return int((await self.until(lambda message: message.get("op") == "ready"))["seq"])

    @property
    def events(self) -> list[dict[str, Any]]:
        return [message for message in self.messages if "op" not in message]

    @property
    def snapshots(self) -> dict[str, list[Any]]:
        return {message["topic"]: message["data"] for message in self.messages if message.get("op") == "snapshot"}

    async def leave(self) -> None:
        if not self.gone.called:
            self.transport.abortConnection()
        await self.gone


async def knock(site: RunningSite, headers: Mapping[str, str] | None = None, browser: Browser | None = None) -> Page:
    """Ask for a socket; ``page.let_in`` tells whether it was given, ``page.wasNotCleanReason`` why not."""
    sent = dict(headers or {})
    if browser is not None:
        sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    factory = WebSocketClientFactory(f"ws://127.0.0.1:{site.number}/ws", headers=sent, reactor=reactor)
    factory.protocol = Page
    factory.setProtocolOptions(openHandshakeTimeout=0, closeHandshakeTimeout=0, serverConnectionDropTimeout=0)
    page: Page = await TCP4ClientEndpoint(reactor, "127.0.0.1", site.number).connect(factory)
    await page.opened.addTimeout(PATIENCE, reactor)
    return page


async def open_page(site: RunningSite, browser: Browser, *topics: str, since: int | None = None) -> Page:
    """A page that has said hello and is up to date."""
    page = await knock(site, browser=browser)
    page.hello(since, *topics)
    await page.ready()
    return page
