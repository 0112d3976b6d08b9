"""What the line behind a phone box is used for: ringing, answered, dialled, or taken by a telephone beside it.

For boxes that report rings, caller id, busy tone and hooks, and that can be told to go off hook, dial and go on hook.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from protocols.phone_box import Box, BoxTimings, Use
from protocols.reports import Reports
from protocols.ringing import Ringing
from protocols.sayings import Said, Saying
from protocols.signals import (
    Answered,
    CallerIdentified,
    Certainty,
    CommandFailed,
    DialFailed,
    DialFailure,
    DigitHeard,
    Ended,
    HandsetLifted,
    LineSignal,
)
from protocols.telephones import Telephones

_GOING_OFF_HOOK = frozenset({Use.ANSWERING, Use.SEIZING})
_OFF_HOOK = frozenset({Use.DIALLING, Use.TALKING})


class BoxLine:
    """Follows one line. One step at a time waits for its moment (``_after``)."""

    def __init__(self, timings: BoxTimings, reports: Reports, ringing: Ringing, telephones: Telephones) -> None:
        self._timings = timings
        self._reports = reports
        self._ringing = ringing
        self._telephones = telephones
        self._box: Box
        self._off_hook_at = 0.0
        self._number = ""
        self._sending = False
        self._tones: list[str] = []
        self._afterwards: tuple[LineSignal, ...] = ()
        self._step: tuple[float, Callable[[], None]] | None = None
        self.use = Use.NONE

    def attach(self, box: Box) -> None:
        """Name the box; line and box know each other."""
        self._box = box

    def forget(self) -> None:
        """The box is lost, and with it what is known of its calls."""
        self._ringing.forget()
        self._off_hook_at = 0.0
        self._telephones.forget()
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
        self._tell_afterwards()
        self._reports.report(*self._telephones.none())
        self._reports.report(*self._ringing.ring(self._reports.now))

    def ringing_stopped(self) -> None:
        """The box says so."""
        if self.use is not Use.ANSWERING:
            self._reports.report(*self._ringing.stopped())

    def caller(self, caller: CallerIdentified) -> None:
        """Caller id. In the noise of a conversation none is believed."""
        if self.use in (Use.NONE, Use.ANSWERING, Use.RELEASING):
            self._tell_afterwards()
            self._reports.report(*self._ringing.caller(caller, self._reports.now))

    def digits(self, digits: str) -> None:
        """Keys pressed by the far end or on a telephone beside the box."""
        self._reports.report(*map(DigitHeard, digits))

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

    def local_digit(self) -> None:
        """A tone of the number went out."""
        if self._sending:
            self._after(self._timings.dialled, self.dialled)

    def dialled(self) -> None:
        """The whole number went out."""
        if self._sending:
            self._sending = False
            self._after(self._timings.presumed, self._presume_answer)

    def box_moved(self, *, up: bool) -> None:
        """The box itself went off hook, or on hook."""
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

    def refused(self) -> None:
        """The box says that it did not do what it was told last."""
        match self.use:
            case Use.ANSWERING | Use.SEIZING:
                self._not_off_hook()
            case Use.DIALLING:
                self._number_refused()
            case Use.TALKING:
                self._tones_refused()
            case Use.RELEASING:
                self._not_on_hook()
            case _:
                pass

    def people_moved(self, news: Sequence[LineSignal]) -> None:
        """A telephone was lifted or replaced; ``news`` is what ``Telephones`` says of it."""
        self._reports.report(*news)
        if self._ringing.active and HandsetLifted() in news:
            self._reports.report(*self._ringing.taken())
            self._box.watch_for_busy_tone()

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
        busy = Said(Saying.LINE_RINGS) if self._ringing.active else ""
        if self._allowed("dial", {Use.NONE}, busy):
            self.use, self._number = Use.SEIZING, number
            self._go_off_hook()

    def answer(self) -> None:
        """Take the ringing call; asked again meanwhile, there is no more to do."""
        wrong = "" if self._ringing.active else Said(Saying.NONE_RINGS)
        if self.use is not Use.ANSWERING and self._allowed("answer", {Use.NONE}, wrong):
            self.use = Use.ANSWERING
            self._go_off_hook()

    def hang_up(self) -> None:
        """End the call that the box holds; asked again meanwhile, there is no more to do."""
        if self.use is not Use.RELEASING and self._allowed("hang_up", _GOING_OFF_HOOK | _OFF_HOOK):
            self._release(Ended(by_far_end=False))

    def send_digits(self, digits: str) -> None:
        """Send tones on the call that the box holds."""
        if self._allowed("send_digits", {Use.TALKING}):
            self._tones.append(digits)
            wait = self._off_hook_at + self._timings.dial_delay - self._reports.now
            self._after(wait, self._send_tones) if wait > 0 else self._send_tones()

    def _allowed(self, name: str, uses: frozenset[Use] | set[Use], wrong: str = "") -> bool:
        if trouble := self._box.trouble():
            wrong = trouble
        elif self.use is Use.NONE and self._telephones and (wrong or self.use not in uses):
            wrong = Said(Saying.ON_HANDSET)
        elif self.use not in uses:
            wrong = Said(self.use.value)
        if wrong:
            self._reports.failed(name, wrong)
        return not wrong

    # What comes of them.

    def _go_off_hook(self) -> None:
        self._after(self._timings.off_hook, self._not_off_hook)
        self._box.go_off_hook()

    def _answered(self) -> None:
        self.use, self._step = Use.TALKING, None
        self._reports.report(*self._ringing.taken(), Answered())
        self._box.watch_for_busy_tone()

    def _seized(self) -> None:
        self.use = Use.DIALLING
        self._after(self._timings.dial_delay, self._dial_now)

    def _dial_now(self) -> None:
        self._sending = True
        self._after(self._timings.dialled, self.dialled)
        self._box.send_tones(self._number, self._number_refused)
        if self._sending:
            self._box.watch_for_busy_tone()

    def _number_refused(self) -> None:
        if self.use is Use.DIALLING:
            self._release(CommandFailed("dial", Said(Saying.NUMBER_NOT_TAKEN)))

    def _presume_answer(self) -> None:
        self.use = Use.TALKING
        self._reports.report(Answered(Certainty.PRESUMED))

    def _send_tones(self) -> None:
        waiting, self._tones = self._tones, []
        for digits in waiting:
            self._box.send_tones(digits, self._tones_refused)

    def _tones_refused(self) -> None:
        self._reports.report(CommandFailed("send_digits", Said(Saying.TONES_NOT_TAKEN)))

    def _not_off_hook(self) -> None:
        command = "answer" if self.use is Use.ANSWERING else "dial"
        self._release(CommandFailed(command, Said(Saying.BOX_NOT_OFF_HOOK)))

    def _release(self, *afterwards: LineSignal) -> None:
        """Put the box on hook, then report ``afterwards``, so that the next command finds the line free."""
        self._idle()
        self.use, self._afterwards = Use.RELEASING, afterwards
        self._after(self._timings.off_hook, self._not_on_hook)
        self._box.go_on_hook()

    def _tell_afterwards(self) -> None:
        # Told after news of the next call, how the last one ended would be taken to be about the next.
        self._reports.report(*self._afterwards)
        self._afterwards = ()

    def _released(self) -> None:
        self._tell_afterwards()
        self._idle()

    def _not_on_hook(self) -> None:
        self._released()
        self._reports.report(CommandFailed("hang_up", Said(Saying.BOX_NOT_ON_HOOK)))

    def _idle(self) -> None:
        self.use = Use.NONE
        self._number, self._sending, self._tones = "", False, []
        self._afterwards, self._step = (), None
