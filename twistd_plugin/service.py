"""What twistd runs: reads the configuration, refuses what cannot work, builds the daemon and sets up its log."""

from __future__ import annotations

import sys
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import ILogObserver, Logger

from callcenter.alarms.settings import WebhookError
from callcenter.config import Configuration, ConfigurationError, load
from protocols.clocks import make_steady
from storage.errors import StorageError
from twistd_plugin.composition import Daemon, build_daemon
from twistd_plugin.database_check import require_ready_database
from twistd_plugin.interpreter import keep_loaded
from twistd_plugin.listener import TlsError
from twistd_plugin.logs import twistd_observer
from twistd_plugin.observed import ObservedService
from twistd_plugin.options import Options
from twistd_plugin.stages import StageFailedError

__all__ = ["CallCenterService", "Options", "makeService", "open_service"]

_log = Logger(namespace="callcenter.daemon")


class CallCenterService(ObservedService):
    """Starts and stops the daemon with the reactor."""

    name = "callcenter"

    def __init__(self, daemon: Daemon, reactor: Any, observer: ILogObserver | None = None) -> None:
        super().__init__(reactor, observer)
        self.daemon = daemon
        self.exit_status = 0
        self._starting: Deferred[None] | None = None

    def startService(self) -> None:
        """Start every part, in order."""
        super().startService()
        self.daemon.lost.addCallback(self._give_up)
        self._starting = Deferred.fromCoroutine(self._start())

    def stopService(self) -> Deferred[None]:
        """Stop every part, last first; a start under way is given up."""
        super().stopService()
        if self._starting is not None:
            self._starting.cancel()
        return Deferred.fromCoroutine(self._stop())

    async def _start(self) -> None:
        try:
            await self.daemon.start()
        except StageFailedError as error:
            self._give_up(str(error))
        except CancelledError:
            _log.info("stopped while starting")

    async def _stop(self) -> None:
        _log.info("stopping")
        await self.daemon.stop()
        _log.info("stopped")

    def _give_up(self, reason: str) -> None:
        _log.critical("{reason}; the daemon ends", reason=reason)
        self.exit_status = 1
        self.end_in_failure()


def open_service(configuration: Configuration, reactor: Any, observer: ILogObserver | None = None) -> CallCenterService:
    """The service for ``configuration``; ``reactor`` goes by the steady clock from now on. Blocks: to be called before
    the reactor runs.

    Raises ``StorageError`` for a database that is not there or not at this program's schema, ``TlsError`` and
    ``WebhookError``.
    """
    make_steady(reactor)
    require_ready_database(configuration)
    service = CallCenterService(build_daemon(configuration, reactor), reactor, observer)
    keep_loaded()
    return service


def makeService(options: Options) -> CallCenterService:
    """For twistd. What cannot work ends here, before becoming a daemon, with a sentence and status 1."""
    from twisted.internet import reactor  # noqa: PLC0415 - twistd installs the reactor before it asks for the service

    try:
        configuration = load(options.configuration)
        for warning in configuration.warnings:
            sys.stderr.write(f"warning: {warning}\n")
        logging = configuration.settings.logging
        return open_service(configuration, reactor, twistd_observer(options.parent, logging.format, logging.level))
    except (ConfigurationError, StorageError, TlsError, WebhookError) as error:
        raise SystemExit(str(error)) from error
