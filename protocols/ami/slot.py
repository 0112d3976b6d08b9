"""One line on a PBX: which channel is its call, and what of that has been told.

The facts of the channel are compared with what was told, and the difference is reported. So it does not matter whether
a fact came as an event, came twice, or was found in a listing after the connection had been away.

A telephone that is answered reports both ``HandsetLifted``, since somebody at the telephone did it, and ``Answered``,
since the PBX holds the call and can end it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from protocols.ami.calls import Dial, Phase, certainty, ended, taken, unanswered
from protocols.ami.channel import ANSWERED_ELSEWHERE, UP, Channel
from protocols.ami.settings import PbxLine
from protocols.sayings import Said, Saying
from protocols.signals import (
    Answered,
    CallerIdentified,
    CommandFailed,
    DialFailed,
    DialFailure,
    Ended,
    FarEndRinging,
    HandsetLifted,
    HandsetReplaced,
    LineLost,
    LineReady,
    LineSignal,
    Rang,
    TakenElsewhere,
    Transferred,
)


class Slot:
    """State machine of one line, for one call at a time; signals go to ``report`` in order."""

    def __init__(
        self,
        line: PbxLine,
        report: Callable[[LineSignal], None],
        same_call: Callable[[str], list[Channel]],
    ) -> None:
        self.line = line
        self.phase = Phase.FREE
        self.channel: Channel | None = None
        self.dial: Dial | None = None
        self._report = report
        self._same_call = same_call
        self._up: bool | None = None
        self._identification = ""
        self._lifted = False
        self._own_use: list[Channel] = []
        self._told: CallerIdentified | None = None
        self._ending = False
        self._handed: Transferred | None = None

    # The line itself.

    def ready(self, identification: str) -> None:
        """The PBX watches the line, if that is news."""
        self._identification = identification
        if not self._up:
            self._up = True
            self._report(LineReady(identification))
            self._hook()

    def lost(self, reason: str) -> None:
        """The line cannot be watched, if that is news; its call is given up."""
        self._clear()
        self._lifted = False
        if self._up is not False:
            self._up = False
            self._report(LineLost(reason))

    # Whose channels are whose.

    @property
    def free(self) -> bool:
        """Whether a call may begin: none is open."""
        return self.phase is Phase.FREE

    @property
    def idle(self) -> bool:
        """Whether the line is free and its device in no other use."""
        return self.free and not self.in_use

    @property
    def in_use(self) -> bool:
        """Whether the device is used for something that is no call of ours."""
        return bool(self._own_use)

    def has(self, channel: Channel) -> bool:
        """Whether the channel is the line's call or use."""
        return channel is self.channel or channel in self._own_use

    def use(self, channel: Channel) -> None:
        """The device is used by a call that is none of ours: one dialled on the telephone itself, or of old."""
        self._own_use.append(channel)
        self.update()

    def drop(self, channel: Channel) -> bool:
        """The channel's use of the device turns out to be a call; whether it was in use by it."""
        if channel not in self._own_use:
            return False
        self._own_use.remove(channel)
        self._hook()
        return True

    # The call.

    def ring(self, channel: Channel) -> None:
        """A caller is there."""
        self._put_down()
        self._bind(channel)
        self.phase = Phase.RINGING
        self._tell_caller(channel)
        self._report(Rang())
        self.update()

    def dialling(self, dial: Dial) -> None:
        """The PBX was asked to ring the telephone and to dial then."""
        self.dial, self.phase = dial, Phase.DIALLING

    def adopt(self, channel: Channel) -> None:
        """The telephone's channel for the number being dialled is there."""
        self._bind(channel)
        self.update()

    @property
    def outcome_due(self) -> float | None:
        """When dialling is given up."""
        return self.dial.deadline if self.dial is not None and self.phase is Phase.DIALLING else None

    def ending(self, *, asked: bool = True) -> None:
        """The PBX was asked to end the call, or has refused to."""
        self._ending = asked

    @property
    def ends_by_wish(self) -> bool:
        """Whether the PBX was asked to end the call."""
        return self._ending

    def handed_over(self, transferred: Transferred | None) -> None:
        """The far end is somebody else's: with the telephone's channel ends the line's part, not the call. None: it
        was not taken there after all.
        """
        self._handed = transferred

    def tell(self, signal: LineSignal) -> None:
        """Report something that is true of the call beside its channel."""
        self._report(signal)

    def missed(self, caller: CallerIdentified) -> None:
        """A caller gave up waiting for this line. Only for a line that does not ring."""
        if self.phase is not Phase.FREE:
            self._report(caller)
            return
        self._put_down()
        for signal in (caller, Rang(), Ended(by_far_end=True)):
            self._report(signal)
        self._hook()

    def refuse(self, command: str, why: str) -> None:
        """A command cannot be carried out."""
        self._report(CommandFailed(command, why))

    def dial_failed(self, detail: str) -> None:
        """The number will not be dialled: the telephone did not take the call, or the PBX refused."""
        if self.phase is Phase.DIALLING:
            self._end(Ended(by_far_end=False) if self._given_up() else CommandFailed("dial", detail))

    def dial_timed_out(self) -> None:
        """The PBX never said what came of dialling."""
        if self.phase is Phase.DIALLING:
            self._end(DialFailed(DialFailure.TIMED_OUT))

    def update(self) -> None:
        """Report what the channels' facts have made true."""
        self._own_use = [used for used in self._own_use if not used.gone]
        channel = self.channel
        if channel is not None:
            if self.phase is Phase.RINGING:
                self._ringing(channel)
            elif self.phase is Phase.DIALLING and self.dial is not None:
                self._dialling(channel, self.dial)
            if channel.gone:
                self._over(channel)
        self._hook()

    def _ringing(self, channel: Channel) -> None:
        self._tell_caller(channel)
        if taken(self.line, channel):
            self.phase = Phase.TALKING
            self._hook()
            self._report(Answered())

    def _dialling(self, channel: Channel, dial: Dial) -> None:
        self._hook()
        if channel.state == UP:
            dial.deadline = None
        if channel.far_rang and not dial.far_rang:
            dial.far_rang = True
            self._report(FarEndRinging())
        if channel.far_answered or channel.bridged:
            self.phase = Phase.TALKING
            self._report(Answered(certainty(channel, self._same_call(channel.linkedid))))

    def _tell_caller(self, channel: Channel) -> None:
        """The caller's number once, and a name that comes later. A number that the dialplan rewrites is no other."""
        caller = channel.who_calls(from_device=self.line.trunk)
        if self._told is not None and self._told.number:
            caller = replace(self._told, name=self._told.name or caller.name)
        if caller != self._told:
            self._told = caller
            self._report(caller)

    def _put_down(self) -> None:
        """Whatever the telephone is in use for: of the call that begins or ends now, its handset is down."""
        if self._lifted:
            self._lifted = False
            self._report(HandsetReplaced())

    def _over(self, channel: Channel) -> None:
        if channel.vanished:
            self._vanished()
        elif self.phase is Phase.RINGING:
            elsewhere = channel.cause == ANSWERED_ELSEWHERE
            self._end(TakenElsewhere() if elsewhere else Ended(by_far_end=True))
        elif self._handed is not None:
            self._report(self._handed)
            self._end(Ended(by_far_end=False))
        elif self.phase is Phase.TALKING:
            self._end(ended(self.line, channel, asked=self._ending))
        else:
            self._end(unanswered(self.line, channel, asked=self._given_up()))

    def _given_up(self) -> bool:
        """Whether the agent has asked to stop dialling."""
        return self._ending or (self.dial is not None and self.dial.hang_up)

    def _vanished(self) -> None:
        """The end of the call was not seen: only a line that was lost may say that."""
        self._clear()
        self._lifted = False
        if self._up:
            self._report(LineLost(Said(Saying.PBX_ENDED_UNSEEN)))
            self._report(LineReady(self._identification))

    def _end(self, signal: LineSignal) -> None:
        self._put_down()
        self._report(signal)
        self._clear()
        self._hook()

    def _clear(self) -> None:
        if self.channel is not None and not self.channel.gone:
            self._own_use.append(self.channel)
        self.phase, self.channel = Phase.FREE, None
        self.dial, self._told, self._ending, self._handed = None, None, False, None

    def _bind(self, channel: Channel) -> None:
        channel.told = True
        self.channel = channel

    def _hook(self) -> None:
        """Report when the telephone, or the trunk for others' calls, comes into use and out of it."""
        lifted = self._call_lifts() or (
            self.phase is not Phase.RINGING and any(_uses(leg, trunk=self.line.trunk) for leg in self._own_use)
        )
        if lifted != self._lifted and self._up:
            self._lifted = lifted
            self._report(HandsetLifted() if lifted else HandsetReplaced())

    def _call_lifts(self) -> bool:
        call = self.channel
        if self.line.trunk or self.phase not in (Phase.DIALLING, Phase.TALKING):
            return False
        return call is not None and call.state == UP and not call.gone


def _uses(leg: Channel, *, trunk: bool) -> bool:
    return not leg.gone and (trunk or leg.placed or leg.state == UP)
