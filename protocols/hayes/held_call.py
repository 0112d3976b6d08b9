"""The call that the modem itself holds: on which side of the hook it is, and putting it back there."""

from __future__ import annotations

import enum

from protocols.hayes import call_scripts
from protocols.hayes.context import Context
from protocols.hayes.link import ModemLink
from protocols.hayes.outgoing import OutgoingCall
from protocols.hayes.settings import HayesTimings
from protocols.signals import CommandFailed, LineSignal


class Hook(enum.Enum):
    """What the modem and the handset do; the value is for people."""

    ON = "no call"
    ANSWERING = "a call is being answered"
    TALKING = "a call is going on"
    DIALLING = "a number is being dialled"
    RELEASING = "the modem is hanging up"
    HANDSET = "the call is on the handset"


class HeldCall:
    """``hook`` says what is going on, ``outgoing`` follows a number being dialled.

    ``answered_at`` is when the modem went off hook for an incoming call, None for any other.
    """

    def __init__(self, context: Context, timings: HayesTimings) -> None:
        self._context = context
        self._timings = timings
        self.hook = Hook.ON
        self.outgoing: OutgoingCall | None = None
        self.answered_at: float | None = None

    def attach(self, link: ModemLink) -> None:
        """Name the link to the modem."""
        self._link = link

    def is_now(self, hook: Hook, answered_at: float | None = None) -> None:
        """``hook`` from now on; nothing is being dialled any more."""
        self.outgoing, self.answered_at, self.hook = None, answered_at, hook

    def dial(self) -> None:
        """A number is being dialled."""
        self.hook = Hook.DIALLING
        self.outgoing = OutgoingCall(self._timings, self._context.now)

    def release(self, *afterwards: LineSignal, abort: bool = False) -> None:
        """Put the modem on hook, then report ``afterwards``, so that the next command finds the line free."""

        def done(confirmed: bool) -> None:
            self.hook = Hook.ON
            self._context.report(*afterwards)
            if not confirmed:
                self._context.report(CommandFailed("hang_up", "the modem did not confirm that it went on hook"))
                self._link.want_setup()

        abort = abort or (self.outgoing is not None and self._context.runner.waiting)
        self.is_now(Hook.RELEASING)
        self._context.runner.cancel()
        self._context.run(call_scripts.release(self._link.voice, self._timings, done, abort=abort))
