"""What the line behind a modem is used for: ringing, answered, dialled, or taken by the handset beside it."""

from __future__ import annotations

from collections.abc import Callable

from protocols.hayes import call_scripts
from protocols.hayes.context import Context
from protocols.hayes.held_call import HeldCall, Hook
from protocols.hayes.incoming import IncomingCalls
from protocols.hayes.link import ModemLink, Phase
from protocols.hayes.messages import CallerIdField, Event, Result
from protocols.hayes.scripts import Reply
from protocols.hayes.settings import HayesTimings
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

_OFF_HOOK = frozenset({Hook.TALKING, Hook.DIALLING})
_CALL_OVER = frozenset({Result.BUSY, Result.NO_CARRIER, Result.NO_DIAL_TONE, Result.NO_ANSWER})


class LineUse:
    """Follows one line. A second call while the modem holds one is guarded against: its caller id is not taken
    for the present call's, and commands that do not fit are refused with the reason.
    """

    def __init__(self, context: Context, timings: HayesTimings, incoming: IncomingCalls) -> None:
        self._context = context
        self._timings = timings
        self._incoming = incoming
        self._held = HeldCall(context, timings)
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
        self._held.attach(link)

    @property
    def holds_call(self) -> bool:
        """Whether the modem itself is off hook, or on its way there or back."""
        return self._held.hook not in (Hook.ON, Hook.HANDSET)

    # What the link asks.

    def quiet(self) -> bool:
        """Whether the modem can be spared: nothing rings and it holds no call."""
        return self._held.hook in (Hook.ON, Hook.HANDSET) and not self._incoming.active

    def probing(self) -> bool:
        """Whether an ``AT`` does no harm: not while ringing, and not to a data modem in a call."""
        return self.quiet() or (self._held.hook is Hook.TALKING and self._link.voice is not None)

    def forget(self) -> None:
        """The modem is lost, and with it what is known of its calls."""
        self.flush()
        self._incoming.forget()
        self._held.is_now(Hook.ON)

    # What the modem says.

    def ring(self, cadence: str = "", *, report: bool = False) -> None:
        """A ring. While a call is held it shows that the modem is on hook after all."""
        if self._held.hook is Hook.TALKING and not self._ring_in_call():
            return
        if self._held.hook is Hook.DIALLING:
            self._held.release(DialFailed(DialFailure.REJECTED))
        if self._held.hook is Hook.HANDSET:
            self._handset_replaced()
        self._context.report(*self._incoming.ring(self._context.now, cadence, report=report))

    def _ring_in_call(self) -> bool:
        """Give the held call up; False if the ring was on its way when the modem went off hook."""
        since = None if self._held.answered_at is None else self._context.now - self._held.answered_at
        if since is not None and since < self._timings.off_hook_grace:
            return False
        if since is not None and since < self._timings.off_hook_check:
            self._context.report(CommandFailed("answer", "the line still rings: the modem did not go off hook"))
        else:
            self._context.report(Ended(by_far_end=True))
        self._held.release()
        return True

    def caller_id(self, message: CallerIdField) -> None:
        """A caller-id line."""
        if self._held.hook in (Hook.ON, Hook.ANSWERING, Hook.RELEASING):
            self._incoming_news(self._incoming.caller_id(message, self._context.now))

    def caller_id_damaged(self) -> None:
        """Caller id with a wrong checksum."""
        if self._held.hook in (Hook.ON, Hook.ANSWERING, Hook.RELEASING):
            self._incoming.damaged(self._context.now)

    def digit(self, digit: str) -> None:
        """A key press heard on the line."""
        self._context.report(DigitHeard(digit))

    def event(self, code: str) -> None:
        """A DLE event."""
        event = self._link.profile.meaning(code, in_call=self._held.hook in _OFF_HOOK)
        if event is None:
            return
        if self._held.outgoing is not None:
            self._outgoing_news(self._held.outgoing.event(event, self._context.now))
        elif handler := self._events.get(event):
            handler()

    def unsolicited(self, result: Result) -> None:
        """A result code that answers no command."""
        if self._held.outgoing is not None:
            if result is not Result.OK:
                self._outgoing_news(self._held.outgoing.result(result, self._context.now))
        elif result in _CALL_OVER:
            self._far_end_gone()

    def _far_end_gone(self) -> None:
        if self._held.hook is Hook.TALKING:
            self._held.release(Ended(by_far_end=True))

    def _handset_lifted(self) -> None:
        # Off hook itself, the modem cannot tell the handset from its own loop current.
        if self._held.hook is Hook.ON:
            self._context.report(*self._incoming.flush(), HandsetLifted())
            self._incoming_news(self._incoming.taken())
            self._held.is_now(Hook.HANDSET)

    def _handset_replaced(self) -> None:
        if self._held.hook is Hook.HANDSET:
            self._held.is_now(Hook.ON)
            self._context.report(HandsetReplaced())

    # Time.

    def flush(self) -> None:
        """Report caller id that came since the last time."""
        self._context.report(*self._incoming.flush())

    def tick(self) -> None:
        """Do what is due."""
        if self._held.hook is not Hook.ANSWERING:
            self._incoming_news(self._incoming.tick(self._context.now))
        if self._held.outgoing is not None:
            self._outgoing_news(self._held.outgoing.tick(self._context.now))

    def deadlines(self) -> list[float | None]:
        """Times at which ``tick`` is needed."""
        return [
            None if self._held.hook is Hook.ANSWERING else self._incoming.deadline(),
            self._held.outgoing.deadline() if self._held.outgoing else None,
        ]

    # Commands. Arguments have been checked.

    def dial(self, number: str) -> None:
        """Dial; allowed with the handset lifted, which is how many agents talk."""
        busy = "the line is ringing" if self._incoming.active else ""
        if self._allowed("dial", {Hook.ON, Hook.HANDSET}, busy):
            self._held.dial()
            self._context.run(call_scripts.dial(number, self._link.voice, self._timings, self._dial_answered))

    def answer(self) -> None:
        """Take the ringing call."""
        voice = self._link.voice
        wrong = "" if self._incoming.active else "no call is ringing"
        if self._allowed("answer", {Hook.ON}, wrong or self._voiceless()) and voice:
            self._held.is_now(Hook.ANSWERING)
            self._context.run(call_scripts.answer(voice, self._timings, self._answer_done))

    def hang_up(self) -> None:
        """End the call the modem holds."""
        if self._allowed("hang_up", {Hook.TALKING, Hook.DIALLING, Hook.ANSWERING}):
            self._held.release(Ended(by_far_end=False))

    def send_digits(self, digits: str) -> None:
        """Send DTMF on the call the modem holds."""
        voice = self._link.voice
        if self._allowed("send_digits", {Hook.TALKING}, self._voiceless()) and voice:
            line = voice.send_tones(digits)
            self._context.run(call_scripts.tones(line, self._timings, self._tones_refused))

    def _allowed(self, name: str, hooks: set[Hook], wrong: str = "") -> bool:
        if self._link.phase is not Phase.READY:
            wrong = self._link.phase.value
        elif self._held.hook not in hooks:
            wrong = self._held.hook.value
        if wrong:
            self._context.report(CommandFailed(name, wrong))
        return not wrong

    def _voiceless(self) -> str:
        return "" if self._link.voice else "this modem has no voice mode"

    # What came of them.

    def _dial_answered(self, reply: Reply) -> None:
        if self._held.outgoing is None:
            return
        if reply.result is None:
            self._outgoing_news([DialFailed(DialFailure.TIMED_OUT)], abort=True)
        else:
            self._outgoing_news(self._held.outgoing.result(reply.result, self._context.now))

    def _outgoing_news(self, news: list[LineSignal], *, abort: bool = False) -> None:
        for signal in news:
            match signal:
                case DialFailed():
                    self._held.release(signal, abort=abort)
                case Answered():
                    self._held.is_now(Hook.TALKING)
                    self._context.report(signal)
                case _:
                    self._context.report(signal)

    def _answer_done(self, off_hook: bool) -> None:
        if off_hook:
            self._held.is_now(Hook.TALKING, answered_at=self._context.now)
            self._incoming_news(self._incoming.taken())
            self._context.report(Answered())
        else:
            self._held.release(CommandFailed("answer", "the modem did not go off hook"))

    def _tones_refused(self) -> None:
        self._context.report(CommandFailed("send_digits", "the modem did not take the tones"))

    def _incoming_news(self, news: list[LineSignal]) -> None:
        self._context.report(*news)
        if any(isinstance(signal, NumberlessCalls) for signal in news):
            self._link.want_setup()
