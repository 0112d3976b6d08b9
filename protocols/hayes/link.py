"""Whether the modem is there: setting it up, noticing that it died, trying again."""

from __future__ import annotations

import enum
from collections.abc import Callable

from protocols.hayes.context import Context
from protocols.hayes.profiles import GENERIC, ModemProfile, VoiceCommands, VoiceRecording
from protocols.hayes.scripts import Script, command
from protocols.hayes.settings import HayesSettings
from protocols.hayes.setup import ModemSetup, SetupFailure, set_up
from protocols.sayings import Said, Saying


class Phase(enum.Enum):
    """State of the link; the value says why the modem cannot be used."""

    CLOSED = Saying.PORT_CLOSED
    SETTING_UP = Saying.SETTING_UP
    READY = None
    SILENT = Saying.SILENT


class ModemLink:
    """Sets the modem up when the port opens, when it fell silent, and when asked to.

    ``on_lost`` is called when what is known of calls is no longer true, before a loss is reported. ``quiet`` tells
    whether the line can spare the modem for a setup, ``probing`` whether it may be asked if it is there.
    """

    def __init__(
        self,
        settings: HayesSettings,
        context: Context,
        *,
        on_lost: Callable[[], None],
        quiet: Callable[[], bool],
        probing: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._timings = settings.timings
        self._context = context
        self._on_lost, self._quiet, self._probing = on_lost, quiet, probing
        self.phase = Phase.CLOSED
        self.setup: ModemSetup | None = None
        self._wanted = False
        self._heard_at = 0.0
        self._retry_at: float | None = None
        self._retry_after = self._timings.retry_first

    @property
    def profile(self) -> ModemProfile:
        """The modem's family, the generic one before it is known."""
        return self.setup.profile if self.setup else GENERIC

    @property
    def voice(self) -> VoiceCommands | None:
        """The voice commands the modem accepts; None for a data modem or before it is set up."""
        return self.setup.voice if self.setup else None

    @property
    def recording(self) -> VoiceRecording | None:
        """How the modem sends what it hears; None if it does not, or before it is set up."""
        return self.setup.recording if self.setup else None

    def open(self) -> None:
        """The port is open; whatever was known of calls is not any more."""
        self._on_lost()
        self._heard_at = self._context.now
        self._begin()

    def close(self, reason: str) -> None:
        """The port is gone."""
        self._lose(Phase.CLOSED, reason)
        self._retry_at, self._retry_after = None, self._timings.retry_first

    def heard(self) -> None:
        """Something came from the modem. One that was silent is set up without waiting."""
        self._heard_at = self._context.now
        if self._retry_at is not None:
            self._retry_at = min(self._retry_at, self._context.now + self._timings.retry_first)

    def want_setup(self) -> None:
        """Set the modem up again as soon as the line is quiet."""
        self._wanted = True

    def tick(self) -> None:
        """Do what is due."""
        now = self._context.now
        if self._setup_due():
            self._begin()
        elif self._may_probe() and now >= self._probe_at():
            self._context.run(self._keep_alive())

    def deadlines(self) -> list[float | None]:
        """Times at which ``tick`` is needed."""
        retry_at = self._retry_at if self._quiet() else None
        setup_at = self._context.now if self._wanted and self._may_set_up() else None
        return [retry_at, setup_at, self._probe_at() if self._may_probe() else None]

    def _setup_due(self) -> bool:
        """A reset would lose the caller id of a ringing call, so it waits."""
        if self._retry_at is not None and self._quiet():
            return self._context.now >= self._retry_at
        return self._wanted and self._may_set_up()

    def _may_set_up(self) -> bool:
        return self.phase is Phase.READY and not self._context.runner.busy and self._quiet()

    def _may_probe(self) -> bool:
        return self.phase is Phase.READY and not self._context.runner.busy and self._probing()

    def _probe_at(self) -> float:
        return self._heard_at + self._timings.keep_alive

    def _begin(self) -> None:
        self._wanted = False
        self._retry_at = None
        self.phase = Phase.SETTING_UP
        self._context.runner.cancel()
        self._context.run(self._set_up())

    def _set_up(self) -> Script:
        match (yield from set_up(self._settings.profile, self._timings)):
            case SetupFailure(reason):
                self._lose(Phase.SILENT, reason)
            case ModemSetup() as setup:
                self.setup = setup
                self.phase = Phase.READY
                self._retry_after = self._timings.retry_first
                self._context.ready(setup.describe())

    def _keep_alive(self) -> Script:
        for _ in range(2):
            reply = yield command("AT", self._timings.command)
            if reply.result is not None:
                return
        self._lose(Phase.SILENT, Said(Saying.FELL_SILENT))

    def _lose(self, phase: Phase, reason: str) -> None:
        self.phase = phase
        self._wanted = False
        self._context.runner.cancel()
        self._on_lost()
        self._context.lost(reason)
        self._retry_at = self._context.now + self._retry_after
        self._retry_after = min(2 * self._retry_after, self._timings.retry_most)
