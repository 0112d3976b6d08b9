"""Waiting until services that work on a real database and a clock of the test's have nothing left to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from twisted.internet.task import Clock

from tests.peers.patience import PATIENCE


async def until_quiet(database: Any, clock: Clock, is_busy: Callable[[], bool], turns: int = 1) -> None:
    """Until for ``turns`` turns nobody works on anything that needs no time of ``clock`` to pass.

    A busy machine takes many turns for what a quiet one does in few.
    """
    idle, patience = 0, time.monotonic() + PATIENCE
    while time.monotonic() < patience:
        await database.run(lambda _: None)
        await database.read(lambda _: None)
        clock.advance(0)
        due = any(call.getTime() <= clock.seconds() for call in clock.calls)
        idle = 0 if is_busy() or due else idle + 1
        if idle >= turns:
            return
    raise AssertionError("it does not come to rest")
