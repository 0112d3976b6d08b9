"""Many values in pieces, each of which fits into one statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

CHUNK = 500
"""Most values of one IN."""


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """``values`` in pieces of ``size``, the last of what is left."""
    return (values[first : first + size] for first in range(0, len(values), size))
