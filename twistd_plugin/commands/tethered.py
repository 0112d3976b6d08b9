"""``python -m twistd_plugin.commands.tethered MODULE …``: run a module's program until standard input ends.

A helper process started so ends with whoever started it, however that one ended: the system closes the pipe.
"""

from __future__ import annotations

import runpy
import sys
from contextlib import suppress
from typing import Any

from twisted.internet import reactor, stdio
from twisted.internet.error import ReactorNotRunning
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure


class _Tether(Protocol):
    def connectionLost(self, reason: Failure = Failure(ConnectionAbortedError())) -> None:  # noqa: B008, N802
        """The other end of standard input is gone."""
        ending: Any = reactor
        # A signal may have ended it in the same moment.
        with suppress(ReactorNotRunning):
            ending.stop()


def main() -> None:
    """Run the module named first with the arguments after it."""
    stdio.StandardIO(_Tether())
    module = sys.argv[1]
    del sys.argv[1]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
