"""Short calls that block the reactor and are meant to; each says so where it stands. The guard finds the others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_allowed = threading.local()


@contextmanager
def blocking_allowed(reason: str) -> Iterator[None]:
    """Declare a short, bounded call that has no asynchronous form; ``reason`` says why it is harmless."""
    previous = getattr(_allowed, "reason", "")
    _allowed.reason = reason
    try:
        yield
    finally:
        _allowed.reason = previous


def blocking_is_allowed() -> bool:
    """Whether the calling thread has declared what it does."""
    return bool(getattr(_allowed, "reason", ""))
