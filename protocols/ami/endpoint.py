"""A PBX on a Twisted transport."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from protocols.actions import Actions
from protocols.ami.control import ControlWish
from protocols.ami.listening import ListenMode
from protocols.ami.session import AmiSession
from protocols.line_endpoint import LineProtocol, WireTap
from protocols.signals import LineSignal

ENDING_SECONDS = 3.0
"""So long a PBX is waited for before we leave it."""


class AmiProtocol(LineProtocol):
    """Runs an ``AmiSession`` over one connection after another; ``report`` is given ``OfLine`` signals.

    The session outlives its connections, and so do its deadlines: there is one of these for a PBX. ``while_ready`` is
    called again and again while the session is ready.
    """

    def __init__(
        self,
        session: AmiSession,
        clock: IReactorTime,
        report: Callable[[LineSignal], None],
        tap: WireTap,
        while_ready: Callable[[], None],
    ) -> None:
        super().__init__(session, clock, report, tap)
        self._pbx = session
        self._while_ready = while_ready
        self._finished = False
        self._awaited: list[tuple[Callable[[], bool], Deferred[bool]]] = []

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """The connection is gone."""
        self.transport = None
        super().connectionLost(reason)

    def out_of_reach(self, reason: str) -> None:
        """The connection is gone or could not be made; ``reason`` is a sentence for people."""
        self.perform(self._pbx.port_lost(reason, self._clock.seconds()))

    def dial(self, line: str, number: str) -> None:
        """Dial ``number`` on the line of that name."""
        self.perform(self._pbx.dial(line, number, self._clock.seconds()))

    def hang_up(self, line: str) -> None:
        """End the call of the line."""
        self.perform(self._pbx.hang_up(line, self._clock.seconds()))

    def record(self, line: str, name: str) -> None:
        """Record the call of the line as the file ``name``."""
        self.perform(self._pbx.record(line, name, self._clock.seconds()))

    def control(self, line: str, wish: ControlWish, number: str = "") -> None:
        """Hold, transfer … the call of the line."""
        self.perform(self._pbx.control(line, wish, self._clock.seconds(), number))

    def listen(self, line: str, token: str, phone: str, mode: ListenMode) -> None:
        """Let the telephone of the line ``phone`` hear the call of ``line``."""
        self.perform(self._pbx.listen(line, token, phone, mode, self._clock.seconds()))

    def stop_listening(self, token: str) -> None:
        """Let ``token`` listen no more."""
        self.perform(self._pbx.stop_listening(token, self._clock.seconds()))

    async def give_back(self, line: str) -> bool:
        """Let whoever is on hold on the line speak with the agent again; whether nobody is on hold there any more."""
        if self._pbx.ready:
            self.perform(self._pbx.give_back(line, self._clock.seconds()))
        return not self._pbx.waits(line) or await self._until(lambda: not self._pbx.waits(line))

    async def end(self) -> None:
        """End what only we would, and wait a little until the PBX has heard it."""
        if self._pbx.ready:
            self.perform(self._pbx.end(self._clock.seconds()))
            await self._until(lambda: self._pbx.quiet)

    async def _until(self, condition: Callable[[], bool]) -> bool:
        """Whether ``condition`` came true while the PBX still answered."""
        if not self._pbx.ready or condition():
            return condition()
        awaited: tuple[Callable[[], bool], Deferred[bool]] = condition, Deferred()
        self._awaited.append(awaited)
        timer = self._clock.callLater(ENDING_SECONDS, awaited[1].callback, False)
        came = await awaited[1]
        self._awaited.remove(awaited)
        if timer.active():
            timer.cancel()
        return came

    def perform(self, actions: Actions) -> None:
        """Do what the session asks, and close a connection that is of no use to it."""
        if self._finished:
            return
        super().perform(actions)
        if self._pbx.ready:
            self._while_ready()
        for condition, came in list(self._awaited):
            if not came.called and (condition() or not self._pbx.ready):
                came.callback(condition())
        if self._pbx.failure and self.transport is not None:
            self.transport.abortConnection()  # type: ignore[attr-defined]

    def finish(self) -> None:
        """Do nothing any more."""
        self._finished = True
        self._deadline.cancel()
