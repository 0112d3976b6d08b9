"""Asking a running simulator for something, from any program. Blocks: not for the reactor thread."""

from __future__ import annotations

import json
import socket
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any


class SimulatorError(Exception):
    """The simulator cannot be reached or refused; the message is fit for the person who asked."""


def send(path: Path, request: Mapping[str, Any], timeout: float | None = None) -> Generator[dict[str, Any], None, None]:
    """Send ``request`` to the control socket at ``path`` and yield its replies as they come.

    The first is ``{"accepted": True, …}``. For a call another, ``{"done": how}``, follows when the call is over;
    stop iterating to not wait for it. ``timeout`` in seconds is for each reply. Raises ``SimulatorError``.
    """
    waits = request.get("command") in ("call", "outgoing")
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout)
            connection.connect(str(path))
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as replies:
                for line in replies:
                    reply = json.loads(line)
                    if "error" in reply:
                        raise SimulatorError(reply["error"])
                    yield reply
                    if "done" in reply or not waits:
                        return
    except TimeoutError as error:
        raise SimulatorError(f"the simulator at {path} did not reply within {timeout} s") from error
    except OSError as error:
        raise SimulatorError(f"no simulator answers at {path}: {error.strerror or error}") from error
    raise SimulatorError(f"the simulator at {path} went away")


def request(path: Path, command: Mapping[str, Any], timeout: float | None = 10.0) -> dict[str, Any]:
    """Send ``command`` and return the first reply alone. Raises ``SimulatorError``."""
    replies = send(path, command, timeout)
    try:
        return next(replies)
    finally:
        replies.close()
