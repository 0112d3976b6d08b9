"""All lines of this node, by id: what services ask when they need a line."""

from __future__ import annotations

from collections.abc import Iterator

from callcenter.errors import NotFoundError
from callcenter.telephony.effects import LineStateName
from callcenter.telephony.line_runner import LineRunner
from callcenter.text import N_


class LineBoard:
    """Filled on start, in the order of the configuration; behind them the lines that were added in the interface."""

    def __init__(self) -> None:
        self._runners: dict[int, LineRunner] = {}

    def __iter__(self) -> Iterator[LineRunner]:
        return iter(self._runners.values())

    def add(self, runner: LineRunner) -> None:
        """A line more."""
        self._runners[runner.line_id] = runner

    def remove(self, line_id: int) -> None:
        """A line less."""
        self._runners.pop(line_id, None)

    def line(self, line_id: int) -> LineRunner:
        """The line ``line_id``; ``NotFoundError`` without it."""
        runner = self._runners.get(line_id)
        if runner is None:
            raise NotFoundError(N_("There is no such line."), line_id=line_id)
        return runner

    def has(self, line_id: int) -> bool:
        """Whether the line is one of this node."""
        return line_id in self._runners

    def with_call(self, call_id: int) -> LineRunner | None:
        """The line on which the call ``call_id`` is, or None when it is over."""
        return next((runner for runner in self if runner.call_id == call_id), None)

    def quiet(self, runner: LineRunner) -> bool:
        """Whether nobody uses the line: idle, and no handset lifted."""
        return runner.line.state is LineStateName.IDLE
