"""What the parts of one modem session share: reports, and the command runner."""

from __future__ import annotations

from protocols.hayes.scripts import Script, ScriptRunner
from protocols.reports import Reports


class Context(Reports):
    """``Reports`` of a modem, and its ``runner``."""

    def __init__(self, runner: ScriptRunner) -> None:
        super().__init__(unready="a modem that is being set up")
        self.runner = runner

    def run(self, script: Script) -> None:
        """Run ``script`` after those before it."""
        self.runner.run(script, self.now)
