"""Runs the daemon in the foreground without twistd, for ``callcenter demo``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.logger import ILogObserver, globalLogBeginner

from twistd_plugin.logs import LogWriter, log_file
from twistd_plugin.service import CallCenterService


def begin_logging(file: Path, format_name: str, level: str) -> None:
    """Everything into ``file``; warnings and worse on the terminal too."""
    observers: list[ILogObserver] = [
        LogWriter(log_file(file), format_name, level),
        LogWriter(sys.stderr, "text", "warn"),
    ]
    globalLogBeginner.beginLoggingTo(observers, redirectStandardIO=False)


def run_in_foreground(service: CallCenterService, reactor: Any, when_listening: Callable[[int], None]) -> int:
    """Run until SIGINT or SIGTERM; tells the port once it is open. Returns the exit status."""
    reactor.callWhenRunning(service.startService)
    reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
    service.daemon.listener.opened().addCallback(lambda _: when_listening(service.daemon.listener.port or 0))
    reactor.run()
    return service.exit_status
