"""Starts the parts of the daemon in order and stops them in reverse."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

_log = Logger(namespace="callcenter.daemon")


class StageFailedError(Exception):
    """A part without which the daemon is of no use did not start. A part raises it itself where its sentence says all
    there is to know.
    """


async def _nothing() -> None:
    return None


@dataclass(frozen=True)
class Stage:
    """One part of the daemon. A failure to start an optional one is logged, and everything else goes on.

    ``stop_seconds`` is how long its ``stop`` may take before the next part is stopped regardless.
    """

    name: str
    start: Callable[[], Awaitable[None]] = _nothing
    stop: Callable[[], Awaitable[None]] = _nothing
    optional: bool = False
    stop_seconds: float = 10.0


class StageRunner:
    """Runs stages; ``started`` names those that run, in order."""

    def __init__(self, stages: Sequence[Stage], reactor: IReactorTime) -> None:
        self._stages = tuple(stages)
        self._reactor = reactor
        self._running: list[Stage] = []

    @property
    def started(self) -> list[str]:
        """Names of the stages that run, in the order of their start."""
        return [stage.name for stage in self._running]

    async def start(self) -> None:
        """Start all. Raises ``StageFailedError`` at the first needed one that fails, and ``CancelledError`` when it is
        cancelled; stop is still to be called.
        """
        for stage in self._stages:
            try:
                await stage.start()
            except (CancelledError, StageFailedError):
                raise
            except Exception as error:
                _log.failure("cannot start {stage}", stage=stage.name)
                if not stage.optional:
                    raise StageFailedError(f"cannot start {stage.name}: {error}") from error
            else:
                self._running.append(stage)

    async def stop(self) -> None:
        """Stop what runs, last first. A stage that fails or takes too long does not keep the others from stopping."""
        while self._running:
            stage = self._running.pop()
            try:
                await Deferred.fromCoroutine(_awaited(stage)).addTimeout(stage.stop_seconds, self._reactor)
            except Exception:  # noqa: BLE001 - the remaining stages must still stop
                _log.failure("{stage} did not stop cleanly", stage=stage.name)
            else:
                _log.debug("{stage} stopped", stage=stage.name)


async def _awaited(stage: Stage) -> None:
    await stage.stop()
