"""Running commands one after another: each is sent, answered or timed out before the next.

A script is a generator that yields ``Command`` and is resumed with ``Reply``, so that a dialogue reads from top
to bottom although nothing waits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Generator
from dataclasses import dataclass
from inspect import GEN_RUNNING, getgeneratorstate
from typing import Generic, Protocol, TypeVar


class Outcome(Protocol):
    """How a device answers."""

    @property
    def accepts(self) -> bool:
        """Whether it did what it was told."""
        ...


R = TypeVar("R", bound=Outcome)


@dataclass(frozen=True)
class Command(Generic[R]):
    """Bytes to send and how long, in seconds, an answer that is in ``finals`` may take to come."""

    data: bytes
    timeout: float
    finals: Container[R]


@dataclass(frozen=True)
class Reply(Generic[R]):
    """How a command ended; ``result`` is None if nothing came in time."""

    result: R | None
    text: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the device accepted the command."""
        return self.result is not None and self.result.accepts


class ScriptRunner(Generic[R]):
    """Runs scripts in the order given. ``gap`` seconds of silence go before each command: chips drop one that
    follows the previous answer at once. Of an answer, ``most_lines`` are kept.
    """

    def __init__(self, gap: float, most_lines: int = 32) -> None:
        self._gap = gap
        self._most_lines = most_lines
        self._scripts: deque[Generator[Command[R], Reply[R], None]] = deque()
        self._current: Generator[Command[R], Reply[R], None] | None = None
        self._next: Command[R] | None = None
        self._pending: Command[R] | None = None
        self._deadline = 0.0
        self._not_before = 0.0
        self._text: list[str] = []
        self._output = bytearray()

    @property
    def busy(self) -> bool:
        """Whether a script is running or waiting."""
        return self._current is not None or bool(self._scripts)

    @property
    def waiting(self) -> bool:
        """Whether a command has been sent and not yet answered."""
        return self._pending is not None

    def run(self, script: Generator[Command[R], Reply[R], None], now: float) -> None:
        """Run ``script`` when those before it are done."""
        self._scripts.append(script)
        if self._current is None:
            self._start_next(now)

    def cancel(self) -> None:
        """Forget the running script and all waiting ones; a sent command's answer will be unsolicited."""
        for script in (self._current, *self._scripts):
            # A script that cancels from within is closed when it comes back, see _advance.
            if script is not None and getgeneratorstate(script) != GEN_RUNNING:
                script.close()
        self._scripts.clear()
        self._current = self._next = self._pending = None
        self._output.clear()

    def result(self, result: R, now: float) -> bool:
        """Take a result code; False if nothing was waiting for it."""
        if self._pending is None or result not in self._pending.finals:
            return False
        self._resume(Reply(result, tuple(self._text)), now)
        return True

    def text(self, line: str) -> None:
        """Take a line that is part of the answer of the pending command, if there is one."""
        if self._pending is not None and len(self._text) < self._most_lines:
            self._text.append(line)

    def tick(self, now: float) -> None:
        """Send the command whose gap is over, or give up on the one whose time is."""
        if self._next is not None and now >= self._deadline:
            self._send(self._next, now)
        elif self._pending is not None and now >= self._deadline:
            self._resume(Reply(None, tuple(self._text)), now)

    def deadline(self) -> float | None:
        """When ``tick`` is next needed."""
        return None if self._next is None and self._pending is None else self._deadline

    def take_output(self) -> bytes:
        """Bytes to write since the last time."""
        output = bytes(self._output)
        self._output.clear()
        return output

    def _send(self, sent: Command[R], now: float) -> None:
        self._next, self._pending = None, sent
        self._text.clear()
        self._deadline = now + sent.timeout
        self._output += sent.data

    def _start_next(self, now: float) -> None:
        while self._scripts and self._current is None:
            script = self._current = self._scripts.popleft()
            self._advance(script, None, now)

    def _resume(self, reply: Reply[R], now: float) -> None:
        script = self._current
        self._pending = None
        self._not_before = now + self._gap
        if script is None:
            return
        self._advance(script, reply, now)
        if self._current is None:
            self._start_next(now)

    def _advance(self, script: Generator[Command[R], Reply[R], None], reply: Reply[R] | None, now: float) -> None:
        try:
            following = next(script) if reply is None else script.send(reply)
        except StopIteration:
            # The script's last act may have been to cancel everything and start another.
            if self._current is script:
                self._current = None
            return
        if self._current is not script:
            script.close()
            return
        self._next, self._deadline = following, max(now, self._not_before)
        if self._deadline <= now:
            self._send(following, now)
