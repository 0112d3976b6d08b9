"""Whether the modem is there: setting it up, noticing that it or its network is gone, trying again."""

from __future__ import annotations

import enum
from collections.abc import Callable

from protocols.gsm_modem.context import Context
from protocols.gsm_modem.dialogue import Script, command
from protocols.gsm_modem.settings import GsmSettings
from protocols.gsm_modem.setup import ModemSetup, Pin, SetupFailure, network_problem, set_up
from protocols.sayings import Said, Saying

_UNANSWERED = 2


class Phase(enum.Enum):
    """State of the link."""

    CLOSED = enum.auto()
    SETTING_UP = enum.auto()
    READY = enum.auto()
    DOWN = enum.auto()


class ModemLink:
    """``on_lost`` is called before a loss is reported: what is in hand will not be answered any more."""

    def __init__(self, settings: GsmSettings, context: Context, on_lost: Callable[[], None]) -> None:
        self._settings = settings
        self._timings = settings.timings
        self._context = context
        self._on_lost = on_lost
        self._pin = Pin(settings.pin)
        self.phase = Phase.CLOSED
        self.setup: ModemSetup | None = None
        self._heard_at = 0.0
        self.suspected = False
        """Whether nothing should be asked of the modem before it showed that it is there."""
        self._retry_at: float | None = None
        self._retry_after = self._timings.retry_first
        self._failing_after = self._timings.retry_failing

    @property
    def ready(self) -> bool:
        """Whether messages can be sent and read."""
        return self.phase is Phase.READY

    def open(self) -> None:
        """The port is open."""
        self._begin()

    def close(self, reason: str) -> None:
        """The port is gone."""
        self._lose(Phase.CLOSED, SetupFailure(reason))
        self._retry_at, self._retry_after = None, self._timings.retry_first

    def heard(self) -> None:
        """Something came from the modem."""
        self._heard_at = self._context.now

    def suspect(self) -> None:
        """Ask the modem whether it is there, before anything else."""
        self.suspected = True

    def worked(self) -> None:
        """The modem sent a message, or found what is wrong with one."""
        self._failing_after = self._timings.retry_failing

    def failing(self, reason: str) -> None:
        """The modem answers, and for some time sent nothing. Whoever calls this from a dialogue ends it."""
        self._lose(Phase.DOWN, SetupFailure(reason, refused=True), self._failing_after)
        self._failing_after = min(2 * self._failing_after, self._timings.retry_refused)

    def restarted(self) -> None:
        """The modem says that it restarted: it has lost its settings."""
        if self.phase is Phase.READY:
            self._lose(Phase.DOWN, SetupFailure(Said(Saying.SETTING_UP)))

    def tick(self) -> None:
        """Set the modem up if that is due."""
        if self._retry_at is not None and self._context.now >= self._retry_at:
            self._begin()

    def job(self) -> Script | None:
        """The question whether it is there, if that is due."""
        return self._keep_alive() if self._context.now >= self.due() else None

    def due(self) -> float:
        """When ``job`` has something to do."""
        return self._context.now if self.suspected else self._heard_at + self._timings.keep_alive

    def retry_at(self) -> float | None:
        """When ``tick`` is needed."""
        return self._retry_at

    def _begin(self) -> None:
        self._retry_at = None
        self.suspected = False
        self.phase = Phase.SETTING_UP
        self._context.runner.cancel()
        self._context.runner.run(self._set_up(), self._context.now)

    def _set_up(self) -> Script:
        found = yield from set_up(self._settings, self._pin)
        if isinstance(found, SetupFailure):
            self._lose(Phase.DOWN, found)
            return
        self.setup = found
        self.phase = Phase.READY
        self._retry_after = self._timings.retry_first
        # Asked at once, as whenever it is idle.
        self.suspected = True
        self._context.ready()

    def _keep_alive(self) -> Script:
        self.suspected = False
        for _ in range(_UNANSWERED):
            reply = yield command("AT+CSQ", self._timings.command)
            if reply.result is not None:
                break
        else:
            self._lose(Phase.DOWN, SetupFailure(Said(Saying.FELL_SILENT)))
            return
        reply = yield command("AT+CREG?", self._timings.command)
        if problem := network_problem(reply):
            self._lose(Phase.DOWN, problem)

    def _lose(self, phase: Phase, failure: SetupFailure, after: float | None = None) -> None:
        self.phase = phase
        self._on_lost()
        self._context.runner.cancel()
        self._context.lost(failure.reason, refused=failure.refused)
        usual = self._timings.retry_refused if failure.refused else self._retry_after
        self._retry_at = self._context.now + (usual if after is None else after)
        self._retry_after = min(2 * self._retry_after, self._timings.retry_most)
