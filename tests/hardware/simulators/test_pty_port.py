"""What a simulated device says to a computer that does not read for a while."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.internet.task import Clock

from hardware.simulators.pty_port import MOST_UNTAKEN, PtyPort
from hardware.simulators.voice import RATE, VoiceSource, shielded, sound
from tests.peers.patience import until

WORDS = b"".join(b"%06d\n" % number for number in range(MOST_UNTAKEN // 8))
"""More than any terminal has room for, and less than is kept."""


@pytest.fixture
def port(tmp_path: Path) -> Iterator[PtyPort]:
    plugged: Any = reactor
    port = PtyPort(tmp_path / "port", lambda _: None, plugged)
    port.plug()
    yield port
    port.unplug()


class Computer:
    """Opens the port at ``path`` and reads when the test says so."""

    def __init__(self, path: str) -> None:
        self._port = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.heard = b""

    def read(self) -> bytes:
        """All that was heard so far."""
        try:
            while data := os.read(self._port, 65_536):
                self.heard += data
        except BlockingIOError:
            pass
        return self.heard

    def close(self) -> None:
        os.close(self._port)


@ensureDeferred
async def test_what_was_said_while_nobody_read_is_heard_whole_and_in_order(port: PtyPort) -> None:
    computer = Computer(port.name)
    port.write(WORDS)
    assert port.is_behind
    port.write(b"RING")
    await until(lambda: computer.read().endswith(b"RING"), "the last word")
    assert computer.heard == WORDS + b"RING"
    assert not port.is_behind
    computer.close()


@ensureDeferred
async def test_a_computer_that_never_reads_costs_no_memory_and_hears_no_half_words(port: PtyPort) -> None:
    computer = Computer(port.name)
    for _ in range(20):
        port.write(WORDS)
    await until(lambda: computer.read() and not port.is_behind, "all that was kept")
    assert len(computer.heard) < 3 * MOST_UNTAKEN
    assert computer.heard == WORDS * (len(computer.heard) // len(WORDS))
    computer.close()


def test_sound_waits_for_whoever_is_behind_and_goes_on_without_a_gap() -> None:
    clock, said, behind = Clock(), list[bytes](), False
    voice = VoiceSource(said.append, lambda: behind, clock)
    voice.start()
    clock.advance(0.1)
    so_far = len(said)
    assert so_far
    behind = True
    clock.advance(0.5)
    assert len(said) == so_far
    behind = False
    for _ in range(20):
        clock.advance(0.02)
    voice.stop()
    assert samples_of(said) == pytest.approx(RATE, abs=1)


def samples_of(said: list[bytes]) -> int:
    """How many samples were said, each piece going on where the last ended."""
    count = 0
    for piece in said:
        count += next(more for more in range(len(piece) + 1) if shielded(sound(count, more)) == piece)
    return count
