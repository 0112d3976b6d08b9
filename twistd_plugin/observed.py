"""What every service that twistd runs does: it logs in our format, and ends visibly when it cannot work."""

from __future__ import annotations

import atexit
import os
from typing import Any

from twisted.application.service import Service
from twisted.logger import ILogObserver
from twisted.python.components import Componentized


class ObservedService(Service):
    """Base. ``observer`` is None where twistd's own log is wanted."""

    def __init__(self, reactor: Any, observer: ILogObserver | None = None) -> None:
        self._reactor = reactor
        self._observer = observer

    def setServiceParent(self, parent: Any) -> None:  # noqa: N802 - Twisted's name
        """Give twistd our log observer: the application is the only thing that it asks for one."""
        if self._observer is not None and isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, self._observer)
        super().setServiceParent(parent)

    def end_in_failure(self) -> None:
        """Stop the reactor, and let the process end with status 1.

        twistd ends with status 0 whatever happened; whoever supervises us must see that it did not work.
        """
        atexit.register(os._exit, 1)
        self._reactor.stop()
