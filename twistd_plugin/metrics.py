"""Figures for Prometheus. Labels are kinds and states, never a person, a number or an address."""

from __future__ import annotations

import resource
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.event_log import StoredEvent
from storage.models import PhoneLine

LINE_STATES = ("idle", "ringing", "dialling", "talking", "lost", "out_of_service")


class Figures(Collector):
    """Values that are read when Prometheus asks: gauges by name, and the lines by state."""

    def __init__(self) -> None:
        self._gauges: dict[str, tuple[str, Callable[[], float]]] = {}
        self.line_states: dict[str, str] = {}

    def add(self, name: str, description: str, value: Callable[[], float]) -> None:
        """Show what ``value()`` returns as the gauge ``name``."""
        self._gauges[name] = (description, value)

    def collect(self) -> Iterator[Metric]:
        """All of them, now. Opens no file: this runs on the reactor's thread."""
        for name, (description, value) in self._gauges.items():
            yield GaugeMetricFamily(name, description, value=value())
        tally = Tally(self.line_states.values())
        lines = GaugeMetricFamily("huifang_lines", "Lines by state.", labels=["state"])
        for state in LINE_STATES:
            lines.add_metric([state], tally[state])
        yield lines
        usage = resource.getrusage(resource.RUSAGE_SELF)
        yield CounterMetricFamily(
            "huifang_cpu_seconds", "Processor time of the daemon.", value=usage.ru_utime + usage.ru_stime
        )
        yield GaugeMetricFamily(
            "huifang_peak_memory_bytes", "Most memory the daemon has used.", value=usage.ru_maxrss * 1024
        )


class Metrics:
    """Counts events as the bus tells them. ``registry`` is what /metrics shows."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.figures = Figures()
        self.registry.register(self.figures)
        self._events = Counter("huifang_events", "Events told, by type.", ["type"], registry=self.registry)
        self._calls = Counter(
            "huifang_calls", "Ended calls by direction and reason.", ["direction", "end_reason"], registry=self.registry
        )
        self._stalls = Counter("huifang_reactor_stalls", "Reactor turns that took too long.", registry=self.registry)
        self._stalled = Counter("huifang_reactor_stalled_seconds", "Time spent in such turns.", registry=self.registry)

    def heard(self, events: Sequence[StoredEvent]) -> None:
        """Count events; subscribe this to the bus."""
        for event in events:
            self._count(event)

    def _count(self, event: StoredEvent) -> None:
        self._events.labels(event.type).inc()
        match event.type:
            case "call.ended":
                self._calls.labels(str(event.data.get("direction")), str(event.data.get("end_reason"))).inc()
            case "line.updated":
                self.figures.line_states[event.subject] = str(event.data.get("state"))
            case "line.removed":
                self.figures.line_states.pop(event.subject, None)

    def lines_are(self, states: Mapping[str, str]) -> None:
        """Begin with these lines: id → state."""
        self.figures.line_states = dict(states)

    def stalled(self, seconds: float) -> None:
        """The reactor stood still for ``seconds``."""
        self._stalls.inc()
        self._stalled.inc(seconds)


def line_states(session: Session) -> dict[str, str]:
    """Id → state of every line that is configured; for ``Database.read``."""
    rows: Iterable[tuple[int, str]] = session.execute(
        select(PhoneLine.id, PhoneLine.state).where(PhoneLine.removed == False)  # noqa: E712 - SQL
    ).tuples()
    return {str(key): state for key, state in rows}
