"""Percentiles, ratios and the printed table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of ``values`` lie, by the nearest-rank method."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True)
class Latencies:
    """What one run measured, in seconds."""

    name: str
    values: tuple[float, ...]
    note: str = ""

    @property
    def p50(self) -> float:
        return percentile(self.values, 0.50)

    @property
    def p99(self) -> float:
        return percentile(self.values, 0.99)

    def row(self, floor: Latencies | None = None) -> str:
        text = (
            f"{self.name:34} n={len(self.values):6}  p50 {self.p50 * 1000:8.2f} ms  p99 {self.p99 * 1000:8.2f} ms"
            f"  max {max(self.values) * 1000:8.2f} ms"
        )
        if floor is not None:
            text += f"  ratio p50 {self.p50 / floor.p50:5.2f}  p99 {self.p99 / floor.p99:5.2f}"
        return f"{text}  {self.note}".rstrip()
