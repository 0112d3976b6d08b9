"""What the line behind a modem is used for: ringing, answered, dialled, or taken by the handset beside it."""

from __future__ import annotations

import enum
from collections.abc import Callable

from protocols.hayes import call_scripts
from protocols.hayes.context import Context
from protocols.hayes.incoming import IncomingCalls
from protocols.hayes.link import ModemLink, Phase
from protocols.hayes.messages import CallerIdField, Event, Result
from protocols.hayes.outgoing import OutgoingCall
from protocols.hayes.receiving import Receiver
from protocols.hayes.scripts import Reply
from protocols.hayes.settings import HayesTimings
from protocols.sayings import Said, Saying
from protocols.signals import (
    Answered,
    CommandFailed,
    DialFailed,
    DialFailure,
    DigitHeard,
    Ended,
    HandsetLifted,
    HandsetReplaced,
    LineSignal,
    NumberlessCalls,
)


class Hook(enum.Enum):
    """What the modem and the handset do; the value says it to people."""

    ON = Saying.NO_CALL
    ANSWERING = Saying.BEING_ANSWERED
    TALKING = Saying.GOING_ON
    DIALLING = Saying.BEING_DIALLED
    RELEASING = Saying.HANGING_UP
    HANDSET = Saying.ON_HANDSET


_OFF_HOOK = frozenset({Hook.TALKING, Hook.DIALLING})
_HEARS_CALLERS = frozenset({Hook.ON, Hook.ANSWERING, Hook.RELEASING})
_CALL_OVER = frozenset({Result.BUSY, Result.NO_CARRIER, Result.NO_DIAL_TONE, Result.NO_ANSWER})


class LineUse:
    """Follows one line. A second call while the modem holds one is guarded against: its caller id is not taken
    for the present call's, and commands that do not fit are refused with the reason.
    """

    def __init__(self, context: Context, timings: HayesTimings, incoming: IncomingCalls, receiver: Receiver) -> None:
        self._context = context
        self._timings = timings
        self._incoming = incoming
        self._receiver = receiver
        self._outgoing: OutgoingCall | None = None
        self._answered_at: float | None = None
        self._afterwards: tuple[LineSignal, ...] = ()
        self.hook = Hook.ON
        self._events: dict[Event, Callable[[], None]] = {
            Event.RING: lambda: self.ring(report=True),
            Event.HANDSET_LIFTED: self._handset_lifted,
            Event.HANDSET_REPLACED: self._handset_replaced,
            Event.BUSY: self._far_end_gone,
            Event.LOOP_BREAK: self._far_end_gone,
            # Dial tone after going off hook: the caller had hung up just before.
            Event.DIAL_TONE: self._far_end_gone,
        }

    def attach(self, link: ModemLink) -> None:
        """Name the link to the modem; line and link know each other."""
        self._link = link

    @property
    def holds_call(self) -> bool:
        """Whether the modem itself is off hook, or on its way there or back."""
        return self.hook not in (Hook.ON, Hook.HANDSET)

    # What the link asks.

    def quiet(self) -> bool:
        """Whether the modem can be spared: nothing rings and it holds no call."""
        return self.hook in (Hook.ON, Hook.HANDSET) and not self._incoming.active

    def probing(self) -> bool:
        """Whether an ``AT`` does no harm: not while ringing, in receive mode, or to a data modem in a call."""
        if self._receiver.active:
            return False
        return self.quiet() or (self.hook is Hook.TALKING and self._link.voice is not None)

    def forget(self) -> None:
        """The modem is lost, and with it what is known of its calls."""
        self.flush()
        self._incoming.forget()
        self._receiver.forget()
        self._outgoing, self._answered_at, self._afterwards, self.hook = None, None, (), Hook.ON

    # What the modem says.

    def ring(self, cadence: str = "", *, report: bool = False) -> None:
        """A ring. While a call is held it shows that the modem is on hook after all."""
        if self.hook is Hook.TALKING and not self._ring_in_call():
            return
        if self.hook is Hook.DIALLING:
            self._release(DialFailed(DialFailure.REJECTED))
        if self.hook is Hook.HANDSET:
            self._handset_replaced()
        self._tell_afterwards()
        self._context.report(*self._incoming.ring(self._context.now, cadence, report=report))

    def _ring_in_call(self) -> bool:
        """Give the held call up; False if the ring was on its way when the modem went off hook."""
        since = None if self._answered_at is None else self._context.now - self._answered_at
        if since is not None and since < self._timings.off_hook_grace:
            return False
        if since is not None and since < self._timings.off_hook_check:
            self._context.report(CommandFailed("answer", Said(Saying.STILL_RINGS)))
        else:
            self._context.report(Ended(by_far_end=True))
        self._release()
        return True

    def caller_id(self, message: CallerIdField) -> None:
        """A caller-id line."""
        if self.hook in _HEARS_CALLERS:
            self._tell_afterwards()
            self._incoming_news(self._incoming.caller_id(message, self._context.now))

    def caller_id_damaged(self) -> None:
        """Caller id with a wrong checksum."""
        if self.hook in _HEARS_CALLERS:
            self._tell_afterwards()
            self._incoming.damaged(self._context.now)

    def digit(self, digit: str) -> None:
        """A key press: of whoever speaks on the line, or of the exchange before anybody does."""
        if self.hook is Hook.ON:
            self._incoming.key(digit, self._context.now)
        else:
            self._context.report(DigitHeard(digit))

    def event(self, code: str) -> None:
        """A DLE event."""
        event = self._link.profile.meaning(code, in_call=self.hook in _OFF_HOOK)
        if event is None:
            return
        if self._outgoing is not None:
            self._outgoing_news(self._outgoing.event(event, self._context.now))
        elif handler := self._events.get(event):
            handler()

    def unsolicited(self, result: Result) -> None:
        """A result code that answers no command."""
        if self._outgoing is not None:
            if result is not Result.OK:
                self._outgoing_news(self._outgoing.result(result, self._context.now))
        elif result in _CALL_OVER:
            self._far_end_gone()

    def _far_end_gone(self) -> None:
        if self.hook is Hook.TALKING:
            self._release(Ended(by_far_end=True))

    def _handset_lifted(self) -> None:
        # Off hook itself, the modem cannot tell the handset from its own loop current.
        if self.hook is Hook.ON:
            self._context.report(*self._incoming.flush(), HandsetLifted())
            self._incoming_news(self._incoming.taken())
            self.hook = Hook.HANDSET

    def _handset_replaced(self) -> None:
        if self.hook is Hook.HANDSET:
            self.hook = Hook.ON
            self._context.report(HandsetReplaced())

    # Time.

    def flush(self) -> None:
        """Report caller id that came since the last time."""
        self._context.report(*self._incoming.flush())

    def tick(self) -> None:
        """Do what is due."""
        if self.hook is not Hook.ANSWERING:
            self._incoming_news(self._incoming.tick(self._context.now))
        if self._outgoing is not None:
            self._outgoing_news(self._outgoing.tick(self._context.now))
        self._receiver.tick()

    def deadlines(self) -> list[float | None]:
        """Times at which ``tick`` is needed."""
        return [
            None if self.hook is Hook.ANSWERING else self._incoming.deadline(),
            self._outgoing.deadline() if self._outgoing else None,
            *self._receiver.deadlines(),
        ]

    # Commands. Arguments have been checked.

    def dial(self, number: str) -> None:
        """Dial; allowed with the handset lifted, which is how many agents talk."""
        busy = Saying.LINE_RINGS if self._incoming.active else None
        if self._allowed("dial", {Hook.ON, Hook.HANDSET}, busy):
            self.hook = Hook.DIALLING
            self._outgoing = OutgoingCall(self._timings, self._context.now)
            self._context.run(call_scripts.dial(number, self._link.voice, self._timings, self._dial_answered))

    def answer(self) -> None:
        """Take the ringing call; asked again meanwhile, there is no more to do."""
        if self.hook is Hook.ANSWERING:
            return
        voice = self._link.voice
        wrong = None if self._incoming.active else Saying.NONE_RINGS
        if self._allowed("answer", {Hook.ON}, wrong or self._voiceless()) and voice:
            self.hook = Hook.ANSWERING
            self._context.run(call_scripts.answer(voice, self._timings, self._answer_done))

    def hang_up(self) -> None:
        """End the call the modem holds; asked again meanwhile, there is no more to do."""
        if self.hook is not Hook.RELEASING and self._allowed("hang_up", {Hook.TALKING, Hook.DIALLING, Hook.ANSWERING}):
            self._release(Ended(by_far_end=False))

    def send_digits(self, digits: str) -> None:
        """Send DTMF on the call the modem holds."""
        voice = self._link.voice
        if self._allowed("send_digits", {Hook.TALKING}, self._voiceless()) and voice:
            line = voice.send_tones(digits)
            self._context.run(self._receiver.leave())
            self._context.run(call_scripts.tones(line, self._timings, self._tones_refused))
            self._receiver.resume()

    def record(self, name: str) -> None:
        """Record the call that the modem holds, until it ends, as ``name``."""
        recording = self._link.recording
        wrong = Saying.NO_RECORDING if recording is None else None
        if self._allowed("record", {Hook.TALKING}, wrong) and recording:
            self._receiver.begin(name, recording)

    def _allowed(self, name: str, hooks: set[Hook], wrong: Saying | None = None) -> bool:
        if self._link.phase is not Phase.READY:
            wrong = self._link.phase.value
        elif self.hook not in hooks:
            wrong = self.hook.value
        if wrong is not None:
            self._context.report(CommandFailed(name, Said(wrong)))
        return wrong is None

    def _voiceless(self) -> Saying | None:
        return None if self._link.voice else Saying.NO_VOICE

    # What came of them.

    def _dial_answered(self, reply: Reply) -> None:
        if self._outgoing is None:
            return
        if reply.result is None:
            self._outgoing_news([DialFailed(DialFailure.TIMED_OUT)], abort=True)
        else:
            self._outgoing_news(self._outgoing.result(reply.result, self._context.now))

    def _outgoing_news(self, news: list[LineSignal], *, abort: bool = False) -> None:
        for signal in news:
            match signal:
                case DialFailed():
                    self._release(signal, abort=abort)
                case Answered():
                    self._outgoing, self._answered_at, self.hook = None, None, Hook.TALKING
                    self._context.report(signal)
                case _:
                    self._context.report(signal)

    def _answer_done(self, off_hook: bool) -> None:
        if off_hook:
            self.hook, self._answered_at = Hook.TALKING, self._context.now
            self._incoming_news(self._incoming.taken())
            self._context.report(Answered())
        else:
            self._release(CommandFailed("answer", Said(Saying.NOT_OFF_HOOK)))

    def _tones_refused(self) -> None:
        self._context.report(CommandFailed("send_digits", Said(Saying.TONES_REFUSED)))

    def _incoming_news(self, news: list[LineSignal]) -> None:
        self._context.report(*news)
        if any(isinstance(signal, NumberlessCalls) for signal in news):
            self._link.want_setup()

    def _release(self, *afterwards: LineSignal, abort: bool = False) -> None:
        """Put the modem on hook, then report ``afterwards``, so that the next command finds the line free."""

        def done(confirmed: bool) -> None:
            self.hook = Hook.ON
            self._tell_afterwards()
            if not confirmed:
                self._context.report(CommandFailed("hang_up", Said(Saying.NOT_ON_HOOK)))
                self._link.want_setup()

        abort = abort or (self._outgoing is not None and self._context.runner.waiting)
        self._outgoing, self._answered_at, self._afterwards = None, None, afterwards
        self.hook = Hook.RELEASING
        self._context.runner.cancel()
        self._receiver.stop()
        self._context.run(self._receiver.leave())
        self._context.run(call_scripts.release(self._link.voice, self._timings, done, abort=abort))

    def _tell_afterwards(self) -> None:
        # Told after news of the next call, how the last one ended would be taken to be about the next.
        self._context.report(*self._afterwards)
        self._afterwards = ()
