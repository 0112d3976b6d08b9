"""What /metrics shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from prometheus_client import generate_latest

from storage.event_log import StoredEvent
from twistd_plugin.metrics import Metrics


def event(kind: str, subject: str, **data: Any) -> StoredEvent:
    return StoredEvent(
        seq=1, at=datetime(2026, 3, 1, tzinfo=UTC), topic=kind.partition(".")[0] + "s", type=kind, subject=subject,
        data=data, audience={},
    )  # fmt: skip


def shown(metrics: Metrics) -> dict[str, float]:
    lines = generate_latest(metrics.registry).decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_calls_are_counted_by_direction_and_reason_without_their_numbers() -> None:
    metrics = Metrics()
    private = {"number": "+8613800138000", "name": "ZHANG SAN"}
    metrics.heard([event("call.ringing", "1", direction="in", **private)])
    metrics.heard([event("call.ended", "1", direction="in", end_reason="abandoned", **private)])
    metrics.heard([event("call.ended", "2", direction="in", end_reason="abandoned", **private)])
    figures = shown(metrics)
    assert figures['huifang_calls_total{direction="in",end_reason="abandoned"}'] == 2
    assert figures['huifang_events_total{type="call.ringing"}'] == 1
    text = generate_latest(metrics.registry).decode()
    assert "13800138000" not in text
    assert "ZHANG" not in text


def test_lines_are_counted_by_their_present_state() -> None:
    metrics = Metrics()
    metrics.lines_are({"1": "idle", "2": "lost"})
    metrics.heard([event("line.updated", "1", state="ringing")])
    metrics.heard([event("line.updated", "3", state="idle"), event("line.updated", "4", state="talking")])
    metrics.heard([event("line.removed", "4", name="x")])
    figures = shown(metrics)
    states = {state: figures[f'huifang_lines{{state="{state}"}}'] for state in ("idle", "ringing", "lost", "talking")}
    assert states == {"idle": 1, "ringing": 1, "lost": 1, "talking": 0}


def test_gauges_are_read_when_asked_and_stalls_add_up() -> None:
    metrics = Metrics()
    waiting = 3
    metrics.figures.add("huifang_database_waiting", "Functions waiting for the database.", lambda: waiting)
    metrics.stalled(0.25)
    metrics.stalled(0.5)
    figures = shown(metrics)
    assert figures["huifang_database_waiting"] == 3
    assert figures["huifang_reactor_stalls_total"] == 2
    assert figures["huifang_reactor_stalled_seconds_total"] == 0.75
    assert figures["huifang_cpu_seconds_total"] > 0
    assert figures["huifang_peak_memory_bytes"] > 1_000_000
