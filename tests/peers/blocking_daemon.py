"""``callcenter …`` that can be made to block its reactor, by SIGUSR1: proof that its guard would have told of it.

Python runs a signal's handler on the main thread, which is the reactor's, but between any two instructions there: also
in the guard itself, which then hears nothing. So the handler asks for a turn of the reactor.
"""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from twistd_plugin.commands import main

_open_already = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the process


def block_in_every_way() -> None:
    """What no code on the reactor's thread may do."""
    Path(__file__).read_text()
    _open_already.write("x")
    Path(__file__).stat()
    os.listdir("/")  # noqa: PTH208 - what the guard must hear of
    socket.getaddrinfo("localhost", 1)
    sqlite3.connect(":memory:").execute("select 1")
    time.sleep(0.001)
    subprocess.run(["true"], check=True)


def on_the_reactor() -> None:
    """Block in the next turn. Imported as late as this because the daemon installs the reactor."""
    from twisted.internet import reactor

    reactor.callFromThread(block_in_every_way)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, lambda *_: on_the_reactor())
    sys.exit(main())
