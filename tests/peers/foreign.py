"""SMS peers that we did not write, as processes; ``tests/peers/sms/install`` brings them.

They are looked for in the folder that ``HUIFANG_SMS_PEERS`` names, Debian's packages unpacked under ``root`` there; and
otherwise beside the scripts and in the system.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol

from tests.peers.patience import PATIENCE

SCRIPTS = Path(__file__).parent / "sms"
FOLDER = Path(os.environ.get("HUIFANG_SMS_PEERS", SCRIPTS))
ROOT = FOLDER / "root"
NODE_MODULES = FOLDER / "node_modules"
PYTHON = FOLDER / "venv/bin/python"
_LIBRARIES = [ROOT / "usr/lib/x86_64-linux-gnu", ROOT / "lib/x86_64-linux-gnu"]


def _program(name: str, *places: str) -> str | None:
    for place in places:
        for root in (ROOT, Path("/")):
            if (root / place / name).exists():
                return str(root / place / name)
    return shutil.which(name)


TSHARK = _program("tshark", "usr/bin")
TEXT2PCAP = _program("text2pcap", "usr/bin")
DRIVE_SMPP = _program("drive_smpp", "usr/lib/kannel/test")


def needs(found: object, what: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not found, reason=f"{what} is not installed: see tests/peers/sms/install")


def environment() -> dict[str, str]:
    libraries = [str(path) for path in _LIBRARIES if path.exists()]
    given = {**os.environ, "NODE_PATH": str(NODE_MODULES)}
    given.pop("PYTHONPATH", None)
    if libraries:
        given["LD_LIBRARY_PATH"] = ":".join(libraries)
    return given


def run(*command: str, **options: Any) -> bytes:
    """What a program that ends by itself prints."""
    return subprocess.run(
        command, capture_output=True, check=True, env=environment(), timeout=PATIENCE, **options
    ).stdout


class Talker(ProcessProtocol):
    """A running process, and the JSON lines that it has printed."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.words = ""
        self.ended = False
        self._rest = b""

    def outReceived(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            with suppress(ValueError):
                self.lines.append(json.loads(line))

    def errReceived(self, data: bytes) -> None:
        self.words += data.decode(errors="replace")

    def processEnded(self, reason: Any) -> None:
        self.ended = True

    def having(self, key: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if key in line]


@contextmanager
def talking(*command: str) -> Iterator[Talker]:
    talker = Talker()
    process = reactor.spawnProcess(talker, command[0], command, environment())
    try:
        yield talker
    finally:
        # It may be gone although the rest of its words was not read yet.
        with suppress(ProcessExitedAlready):
            process.signalProcess(signal.SIGKILL)


def has_python(module: str) -> bool:
    return any(FOLDER.glob(f"venv/lib/python3*/site-packages/{module}"))
