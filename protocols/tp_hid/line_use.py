"""What the line behind a TP phone box is used for: ringing, answered, dialled, or taken by a telephone beside it."""

from __future__ import annotations

import enum
from collections.abc import Callable

from protocols.reports import Reports
from protocols.ringing import Ringing, caller_of
from protocols.signals import (
    Answered,
    Certainty,
    CommandFailed,
    DialFailed,
    DialFailure,
    DigitHeard,
    Ended,
    HandsetLifted,
    LineSignal,
)
from protocols.tp_hid.codec import tones
from protocols.tp_hid.link import BoxLink, Phase
from protocols.tp_hid.messages import CallerId, Command, Digits, Hook, HookMoved, StateIs
from protocols.tp_hid.settings import TpHidTimings
from protocols.tp_hid.telephones import Telephones


class Use(enum.Enum):
    """What the box does for us; the value is for people."""

    NONE = "no call"
    ANSWERING = "a call is being answered"
    SEIZING = "the box is going off hook"
    DIALLING = "a number is being dialled"
    TALKING = "a call is going on"
    RELEASING = "the box is hanging up"


_GOING_OFF_HOOK = frozenset({Use.ANSWERING, Use.SEIZING})
_OFF_HOOK = frozenset({Use.DIALLING, Use.TALKING})


class LineUse:
    """Follows one line. The box going off hook by our command shows itself like its hands-free key; the handset, that
    key and the parallel telephone are people's. One step at a time waits for its moment (``_after``).
    """

    def __init__(self, timings: TpHidTimings, reports: Reports, ringing: Ringing) -> None:
        self._timings = timings
        self._reports = reports
        self._ringing = ringing
        self.forget()

    def attach(self, link: BoxLink) -> None:
        """Name the link to the box; line and link know each other."""
        self._link = link

    def forget(self) -> None:
        """The box is lost, and with it what is known of its calls."""
        self._ringing.forget()
        self._off_hook_at = 0.0
        self._telephones = Telephones()
        self._idle()

    # What the box says.

    def ring(self) -> None:
        """A ring. Whoever was believed to be off hook is not."""
        if self.use is Use.TALKING:
            if self._reports.now - self._off_hook_at < self._timings.off_hook_grace:
                return
            self._release(Ended(by_far_end=True))
        elif self.use in (Use.SEIZING, Use.DIALLING):
            self._release(DialFailed(DialFailure.REJECTED))
        # How the last call ended: told after the ring it would be taken to be about the new one.
        self._tell_afterwards()
        self._reports.report(*self._telephones.are())
        self._reports.report(*self._ringing.ring(self._reports.now))

    def caller_id(self, message: CallerId) -> None:
        """Caller id. In the noise of a conversation none is believed."""
        if self.use in (Use.NONE, Use.ANSWERING, Use.RELEASING):
            caller = caller_of(message.number, verified=message.plausible)
            self._reports.report(*self._ringing.caller(caller, self._reports.now))

    def digits(self, message: Digits) -> None:
        """Keys pressed by the far end or on the parallel telephone."""
        self._reports.report(*map(DigitHeard, message.digits))

    def busy_tone(self) -> None:
        """The far end hung up, or is busy."""
        match self.use:
            case Use.DIALLING:
                self._release(DialFailed(DialFailure.BUSY))
            case Use.TALKING:
                self._release(Ended(by_far_end=True))
            case Use.NONE if self._telephones:
                self._reports.report(Ended(by_far_end=True))
            case _:
                pass

    def hook_moved(self, message: HookMoved) -> None:
        """A telephone was lifted or replaced, or the box obeyed."""
        if message.hook is Hook.HANDS_FREE and self.use is not Use.NONE:
            self._box_moved(up=message.up)
        elif message.up:
            self._people_moved(self._telephones.lift(message.hook))
        else:
            self._people_moved(self._telephones.replace(message.hook))

    def state_is(self, message: StateIs) -> None:
        """The answer to our asking for the state."""
        hook = message.hook
        if self.use is Use.NONE:
            self._people_moved(self._telephones.are() if hook is None else self._telephones.are(hook))
        elif hook is Hook.HANDS_FREE or (self.use is Use.SEIZING and hook is Hook.HANDSET):
            # With its handset lifted the box has the line already, and can dial.
            self._box_moved(up=True)
        elif self.use is Use.RELEASING:
            self._box_moved(up=False)

    def local_digit(self) -> None:
        """A tone of the number went out."""
        if self._sending:
            self._after(self._timings.dialled, self.dialled)

    def dialled(self) -> None:
        """The whole number went out."""
        if self._sending:
            self._sending = False
            self._after(self._timings.presumed, self._presume_answer)

    def _box_moved(self, *, up: bool) -> None:
        if up and self.use in _GOING_OFF_HOOK:
            self._off_hook_at = self._reports.now
            self._answered() if self.use is Use.ANSWERING else self._seized()
        elif not up and self.use is Use.RELEASING:
            self._released()
        elif not up and self.use in _OFF_HOOK:
            # By its own key, or because a telephone beside it took over, on which the call goes on.
            if self.use is Use.DIALLING and self._telephones:
                self._presume_answer()
            self._idle()
            self._reports.report(Ended(by_far_end=False))

    def _people_moved(self, news: list[LineSignal]) -> None:
        self._reports.report(*news)
        if self._ringing.active and HandsetLifted() in news:
            self._reports.report(*self._ringing.taken())
            self._link.send(Command.BUSY_DETECTION)

    # Time.

    def tick(self) -> None:
        """Do what is due."""
        now = self._reports.now
        if self.use is not Use.ANSWERING:
            self._reports.report(*self._ringing.tick(now))
        if self._step is not None and now >= self._step[0]:
            (_, step), self._step = self._step, None
            step()

    def deadlines(self) -> list[float | None]:
        """Times at which ``tick`` is needed."""
        quiet = None if self.use is Use.ANSWERING else self._ringing.deadline()
        return [quiet, self._step[0] if self._step else None]

    def _after(self, seconds: float, step: Callable[[], None]) -> None:
        self._step = (self._reports.now + seconds, step)

    # Commands. Arguments have been checked.

    def dial(self, number: str) -> None:
        """Go off hook and dial."""
        busy = "the line is ringing" if self._ringing.active else ""
        if self._allowed("dial", {Use.NONE}, busy):
            self.use, self._number = Use.SEIZING, tones(number)
            self._move(Command.OFF_HOOK, self._not_off_hook)

    def answer(self) -> None:
        """Take the ringing call."""
        if self._allowed("answer", {Use.NONE}, "" if self._ringing.active else "no call is ringing"):
            self.use = Use.ANSWERING
            self._move(Command.OFF_HOOK, self._not_off_hook)

    def hang_up(self) -> None:
        """End the call that the box holds."""
        if self._allowed("hang_up", _GOING_OFF_HOOK | _OFF_HOOK):
            self._release(Ended(by_far_end=False))

    def send_digits(self, digits: str) -> None:
        """Send tones on the call that the box holds."""
        if self._allowed("send_digits", {Use.TALKING}):
            self._tones.append(tones(digits))
            wait = self._off_hook_at + self._timings.dial_delay - self._reports.now
            self._after(wait, self._send_tones) if wait > 0 else self._send_tones()

    def _allowed(self, name: str, uses: frozenset[Use] | set[Use], wrong: str = "") -> bool:
        if self._link.phase is not Phase.READY:
            wrong = self._link.phase.value
        elif self.use is Use.NONE and self._telephones and (wrong or self.use not in uses):
            wrong = "the call is on the telephone"
        elif self.use not in uses:
            wrong = self.use.value
        if wrong:
            self._reports.failed(name, wrong)
        return not wrong

    # What comes of them.

    def _move(self, command: Command, overdue: Callable[[], None]) -> None:
        """Go off or on hook. The state is asked for too, in case the box does not report what it was told to do."""
        self._link.send(command)
        self._link.send(Command.STATE)
        self._after(self._timings.off_hook, overdue)

    def _answered(self) -> None:
        self.use, self._step = Use.TALKING, None
        self._reports.report(*self._ringing.taken(), Answered())
        self._link.send(Command.BUSY_DETECTION)

    def _seized(self) -> None:
        self.use = Use.DIALLING
        self._after(self._timings.dial_delay, self._dial_now)

    def _dial_now(self) -> None:
        self._sending = True
        self._after(self._timings.dialled, self.dialled)
        if self._link.send(Command.DIAL, self._number, self._number_refused):
            self._link.send(Command.BUSY_DETECTION)
        else:
            self._number_refused()

    def _number_refused(self) -> None:
        self._release(CommandFailed("dial", "the box did not take the number"))

    def _presume_answer(self) -> None:
        self.use = Use.TALKING
        self._reports.report(Answered(Certainty.PRESUMED))

    def _send_tones(self) -> None:
        waiting, self._tones = self._tones, []
        for digits in waiting:
            if not self._link.send(Command.DIAL, digits, self._tones_refused):
                self._tones_refused()

    def _tones_refused(self) -> None:
        self._reports.report(CommandFailed("send_digits", "the box did not take the tones"))

    def _not_off_hook(self) -> None:
        command = "answer" if self.use is Use.ANSWERING else "dial"
        self._release(CommandFailed(command, "the box did not go off hook"))

    def _release(self, *afterwards: LineSignal) -> None:
        """Put the box on hook, then report ``afterwards``, so that the next command finds the line free."""
        self._idle()
        self.use, self._afterwards = Use.RELEASING, afterwards
        self._move(Command.ON_HOOK, self._not_on_hook)

    def _tell_afterwards(self) -> None:
        self._reports.report(*self._afterwards)
        self._afterwards = ()

    def _released(self) -> None:
        self._tell_afterwards()
        self._idle()

    def _not_on_hook(self) -> None:
        self._released()
        self._reports.report(CommandFailed("hang_up", "the box did not confirm that it went on hook"))

    def _idle(self) -> None:
        self.use = Use.NONE
        self._number, self._sending = b"", False
        self._tones: list[bytes] = []
        self._afterwards: tuple[LineSignal, ...] = ()
        self._step: tuple[float, Callable[[], None]] | None = None
