"""What every test gets: a check that nothing was left behind in the reactor, and the database fixtures."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from twisted.internet import reactor
from twisted.logger import LogEvent, LogLevel, globalLogPublisher

from twistd_plugin.interpreter import COLLECT_AFTER

# No test fails because the machine is busy: how long an example takes proves nothing.
settings.register_profile("huifang", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("huifang")

# Until all is imported there is no garbage worth looking for among what is.
gc.disable()

pytest_plugins = ["tests.peers.daemon", "tests.peers.browser", "tests.peers.databases"]


def pytest_collection_finish() -> None:
    """What is imported by now stays. Garbage is looked for as often as the daemon does."""
    gc.set_threshold(*COLLECT_AFTER)
    gc.enable()
    _collect()


def _collect() -> None:
    """Collect garbage. What is no garbage by now mostly stays, and there is ever more of it: the collector looked at it
    again and again for a third of the time that all tests took.
    """
    gc.collect()
    gc.freeze()


class LostFailures:
    """Remembers every failure that was logged instead of handled."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def __call__(self, event: LogEvent) -> None:
        if event.get("log_level") is LogLevel.critical:
            failure = event.get("log_failure")
            self.events.append(failure.getTraceback() if failure is not None else str(event.get("log_format")))

    def take(self) -> list[str]:
        """Everything seen since the last time; a test that expects a logged failure calls this itself."""
        taken, self.events = self.events, []
        return taken


_observer = LostFailures()
globalLogPublisher.addObserver(_observer)


@pytest.fixture
def lost_failures() -> LostFailures:
    return _observer


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail the test that leaves a delayed call in the reactor or an error that nobody handled."""
    before = set(map(id, reactor.getDelayedCalls()))
    _observer.take()
    yield
    leaked = [call for call in reactor.getDelayedCalls() if id(call) not in before]
    for call in leaked:
        call.cancel()
    failures = _observer.take()
    assert not leaked, f"delayed calls left in the reactor: {leaked}"
    assert not failures, "unhandled failures:\n" + "\n".join(failures)


@pytest.fixture(autouse=True, scope="session")
def no_failure_in_what_stayed() -> Iterator[None]:
    """What was alive at the end of a module and became garbage later is looked at once, at the very end."""
    yield
    gc.unfreeze()
    gc.collect()
    failures = _observer.take()
    assert not failures, "unhandled failures found by the collector at the end:\n" + "\n".join(failures)


@pytest.fixture(autouse=True, scope="module")
def no_failure_in_garbage() -> Iterator[None]:
    """A failed Deferred that nobody looked at is reported when it is collected: collect once per module."""
    yield
    _collect()
    failures = _observer.take()
    assert not failures, "unhandled failures found by the collector:\n" + "\n".join(failures)
