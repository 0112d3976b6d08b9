"""What ``twistd callcenter-linehost`` runs."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver, Logger
from twisted.python.failure import Failure

from callcenter.config_errors import ConfigurationError
from hardware.hosted_lines import HostedLines
from hardware.line_device import HardwareError
from hardware.websocket_port import WebSocketAddress, WebSocketOpener
from protocols.clocks import make_steady
from protocols.line_host.codec import MAX_MESSAGE
from twistd_plugin.line_host.configuration import HostSettings, ServerSettings, load
from twistd_plugin.logs import twistd_observer
from twistd_plugin.observed import ObservedService
from twistd_plugin.options import Options as ServerOptions

__all__ = ["LineHostService", "Options", "makeService"]

_log = Logger(namespace="callcenter.line_host")

_REFUSALS = {
    401: "it does not accept the token",
    403: "its configuration has no line of this line host",
    404: "it has no entrance for line hosts at this address",
    426: "it does not see a WebSocket: does the proxy before it pass Upgrade on?",
    429: "it heard too many wrong tokens from this address; it listens again in a while",
    502: "the proxy before it does not reach it",
    503: "it is starting or stopping",
}


class Options(ServerOptions):
    """Everything else is in the configuration file."""

    optParameters = [["config", "c", "linehost.toml", "Configuration file."]]  # noqa: RUF012 - Twisted's name and shape


class LineHostService(ObservedService):
    """Starts and stops with the reactor."""

    name = "callcenter-linehost"

    def __init__(self, lines: HostedLines, reactor: Any, observer: ILogObserver | None = None) -> None:
        super().__init__(reactor, observer)
        self._lines = lines
        self._starting: Deferred[None] | None = None

    def startService(self) -> None:
        """Start the lines."""
        super().startService()
        self._starting = Deferred.fromCoroutine(self._lines.start())
        self._starting.addErrback(self._give_up)

    def stopService(self) -> Deferred[None]:
        """Release the lines, whether or not all of them have started."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        _log.info("stopping")
        if self._starting is not None:
            await self._starting
        await self._lines.stop()
        _log.info("stopped")

    def _give_up(self, failure: Failure) -> None:
        _log.critical("{why}; the line host ends", why=failure.getErrorMessage())
        self.end_in_failure()


def makeService(options: Options) -> LineHostService:
    """For twistd. What cannot work ends here, before becoming a daemon, with a sentence and status 1."""
    from twisted.internet import reactor  # noqa: PLC0415 - twistd installs the reactor before it asks for the service

    try:
        configuration = load(options.configuration)
        for warning in configuration.warnings:
            sys.stderr.write(f"warning: {warning}\n")
        make_steady(reactor)
        lines = hosted_lines(configuration.settings, reactor)
    except (ConfigurationError, HardwareError) as error:
        raise SystemExit(str(error)) from error
    logging = configuration.settings.logging
    return LineHostService(lines, reactor, twistd_observer(options.parent, logging.format, logging.level))


def hosted_lines(settings: HostSettings, reactor: Any) -> HostedLines:
    """The lines, not started. Reads the authorities' file; ``HardwareError`` if that cannot be."""
    opener = WebSocketOpener(_address(settings.server), reactor)
    return HostedLines(settings.lines, opener, settings.memory, settings.trace_folder, _program(), reactor)


def _address(server: ServerSettings) -> WebSocketAddress:
    headers = {"Authorization": f"Bearer {server.token.get_secret_value()}"}
    return WebSocketAddress(server.url, server.authorities, headers, _REFUSALS, MAX_MESSAGE)


def _program() -> str:
    try:
        return version("huifang")
    except PackageNotFoundError:
        return "from source"
