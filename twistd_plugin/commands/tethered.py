"""``python -m twistd_plugin.commands.tethered``: run programs, each as a process, until standard input ends.

Helper processes started so end with whoever started them, however that one ended: the system closes the pipe. They are
forked from one that has imported what they have in common: to import it for each would be most of their work.

The first line of standard input is a JSON list of ``[name, module, arguments]``; what is run is the module's ``main``.
When one ends, the line ``[name, status]`` comes on standard output.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, NoReturn

from twisted.internet import stdio
from twisted.internet.error import ReactorNotRunning
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure


class _Tether(Protocol):
    def connectionLost(self, reason: Failure = Failure(ConnectionAbortedError())) -> None:  # noqa: B008, N802
        """The other end of standard input is gone."""
        # Not before the fork: processes that share a reactor's file descriptors hear each other's events.
        from twisted.internet import reactor  # noqa: PLC0415

        ending: Any = reactor
        # A signal may have ended it in the same moment.
        with suppress(ReactorNotRunning):
            ending.stop()


def main() -> None:
    """Start all that are named; tell of each that ends."""
    programs = json.loads(sys.stdin.buffer.readline())
    for _, module, _ in programs:
        import_module(module)
    # The pages of memory with it stay shared.
    gc.freeze()
    names = {}
    for name, module, arguments in programs:
        if (process := os.fork()) == 0:
            _be(module, arguments)
        names[process] = name
    while names:
        process, status = os.wait()
        # Whoever would hear it may be gone.
        with suppress(BrokenPipeError):
            print(json.dumps([names.pop(process), os.waitstatus_to_exitcode(status)]), flush=True)


def _be(module: str, arguments: Sequence[str]) -> NoReturn:
    # Standard output is for the one that tells.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.argv = [module, *arguments]
    stdio.StandardIO(_Tether())
    sys.exit(import_module(module).main())


if __name__ == "__main__":
    main()
