"""The UBOX vendor service in software: ``python -m hardware.simulators.ubox_service --port 8054 --control SOCKET``.

A WebSocket server on the loopback interface, as the vendor's runs beside the browser; ``control`` scripts the calls.
"""

from __future__ import annotations

import json
from typing import Any

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred, maybeDeferred

from hardware.simulators.process import common_options, serve
from hardware.simulators.requests import (
    AnyRequest,
    CallRequest,
    OutgoingRequest,
    RawRequest,
    ReplugRequest,
    StatusRequest,
    UnplugRequest,
)
from hardware.simulators.telephone_line import Done, LineBusyError
from hardware.simulators.ubox_channel import PRODUCTS, UboxChannel


class SimulatedUboxService:
    """The service with its boxes, at ``port`` once it has started.

    ``silent``: it accepts connections and never says anything.
    """

    def __init__(
        self,
        reactor: ReactorBase,
        speed: float = 1.0,
        model: str = "FI3101A",
        channels: int = 1,
        *,
        silent: bool = False,
    ) -> None:
        self._reactor = reactor
        self._listener: Any = None
        self.port = 0
        self.silent = silent
        self.clients: list[_Client] = []
        self.commands: list[dict[str, Any]] = []
        self.channels = [UboxChannel(handle, PRODUCTS[model], self.say, reactor, speed) for handle in range(channels)]

    def plug(self) -> None:
        """Start, on any free port if ``port`` is 0."""
        factory = WebSocketServerFactory(reactor=self._reactor)
        factory.protocol = lambda: _Client(self)
        factory.setProtocolOptions(closeHandshakeTimeout=1)
        listener: Any = self._reactor.listenTCP(self.port, factory, interface="127.0.0.1")  # type: ignore[attr-defined]
        self._listener, self.port = listener, listener.getHost().port

    def unplug(self) -> Deferred[None]:
        """Stop, and drop everyone who is connected."""
        for channel in self.channels:
            channel.cut()
        for client in tuple(self.clients):
            client.transport.abortConnection()
        stopped: Deferred[None] = maybeDeferred(self._listener.stopListening)
        return stopped

    def say(self, message: dict[str, Any]) -> None:
        """Send ``message`` to everyone."""
        self.say_raw(json.dumps(message, ensure_ascii=False).encode())

    def say_raw(self, data: bytes) -> None:
        """Send ``data`` to everyone as a text message, whatever it is."""
        if not self.silent:
            for client in self.clients:
                client.sendMessage(data)

    def received(self, data: bytes) -> None:
        """A command from somebody."""
        message = json.loads(data)
        self.commands.append(message)
        if message["event"] == "getinfo":
            plugged = [channel for channel in self.channels if channel.plugged]
            listed = [{"handle": channel.handle, "deviceError": 0, "deviceAlarm": 0} for channel in plugged]
            self.say({"event": "getinfo", "channels": listed})
            return
        for channel in self.channels:
            if channel.handle == message.get("handle"):
                channel.command(message["event"], message)

    def handle(self, request: AnyRequest, done: Done) -> dict[str, Any]:
        """Carry out one control request."""
        if request.channel > len(self.channels):
            raise LineBusyError(f"there are {len(self.channels)} channels")
        channel = self.channels[request.channel - 1]
        match request:
            case CallRequest():
                if not channel.plugged:
                    raise LineBusyError("the box is unplugged")
                channel.line.call(request, done)
            case OutgoingRequest():
                channel.line.plan_outgoing(request, done)
            case RawRequest(data=data):
                self.say_raw(bytes.fromhex(data))
            case UnplugRequest():
                channel.cut()
                channel.tell("plugout")
                channel.plugged = False
            case ReplugRequest():
                channel.plugged = True
                channel.tell("plugin")
            case StatusRequest():
                return {
                    "plugged": channel.plugged,
                    "line": channel.line.state,
                    "dialled": channel.line.dialled,
                    "off_hook": channel.off_hook,
                }
        return {}


class _Client(WebSocketServerProtocol):  # type: ignore[misc]
    """One connection."""

    def __init__(self, service: SimulatedUboxService) -> None:
        super().__init__()
        self._service = service

    def onOpen(self) -> None:  # noqa: N802 - Autobahn's name
        """Greet."""
        self._service.clients.append(self)
        if not self._service.silent:
            self.sendMessage(b'{"event":"joined"}')

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803 - Autobahn's names
        """A command."""
        self._service.received(payload)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:  # noqa: N802, N803
        """Gone."""
        if self in self._service.clients:
            self._service.clients.remove(self)


def main() -> None:
    """Run the simulator until it is told to stop by SIGINT or SIGTERM."""
    from twisted.internet import reactor  # noqa: PLC0415

    parser = common_options("A simulated UBOX vendor service.")
    parser.add_argument("--port", type=int, default=8054, help="TCP port on the loopback interface (default 8054)")
    parser.add_argument("--model", choices=sorted(PRODUCTS), default="FI3101A", help="which boxes it has")
    parser.add_argument("--channels", type=int, choices=range(1, 17), default=1, metavar="N", help="how many lines")
    parser.add_argument("--silent", action="store_true", help="accept connections and say nothing")
    options = parser.parse_args()
    running: Any = reactor
    service = SimulatedUboxService(running, options.speed, options.model, options.channels, silent=options.silent)
    service.port = options.port
    serve(running, options.control, service, service.handle)


if __name__ == "__main__":
    main()
