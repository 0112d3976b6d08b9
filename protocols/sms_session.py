"""A gateway's connection without socket and clock: bytes, parts and time in, bytes and signals out.

It signs in, hands parts to ``Outgoing``, asks whether the gateway is there, answers what arrived once that is on disk,
and ends in good order. ``Tongue`` is the protocol.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

from protocols.pdu_frames import Frame, PduError, PduSplitter
from protocols.sayings import Said, Saying
from protocols.sms import GatewayLost, GatewayReady, GatewaySignal, Part
from protocols.sms_actions import PduTap, SmsActions, SmsLimits, SmsTimings
from protocols.sms_arrivals import Arrivals
from protocols.sms_heard import (
    Accepted,
    Asked,
    Came,
    Farewell,
    FarewellAnswered,
    Heard,
    HeartbeatAnswered,
    Refused,
    SignedIn,
    SignInRefused,
    Throttled,
    Tongue,
)
from protocols.sms_outgoing import Outgoing
from protocols.sms_window import Heartbeat, SequenceNumbers, SteadyTime


class State(enum.Enum):
    """How far the connection has come."""

    CLOSED = enum.auto()
    SIGNING_IN = enum.auto()
    UP = enum.auto()
    DRAINING = enum.auto()
    LEAVING = enum.auto()


class SmsSession:
    """One connection after another. ``now`` is in seconds on any clock; one that jumps does no harm.

    When ``arrivals`` wakes somebody, ``flush`` has bytes. ``tap`` sees the PDUs, fit to be shown.
    """

    def __init__(self, tongue: Tongue, limits: SmsLimits, timings: SmsTimings, sequence: SequenceNumbers) -> None:
        self._tongue = tongue
        self._timings = timings
        self._sequence = sequence
        self._time = SteadyTime()
        self._splitter = PduSplitter(tongue.header)
        self._out: list[bytes] = []
        self._signals: list[GatewaySignal] = []
        self._doubts: list[str] = []
        self._parts = Outgoing(tongue, limits, timings.answer, sequence, self._out, self._signals)
        self._heartbeat = Heartbeat(timings.heartbeat, timings.answer, timings.tries)
        self._state = State.CLOSED
        self._failure = ""
        self._refused = False
        self._due = 0.0
        # On the clock as it is, not the steady one: whoever reports has no other.
        self._now = self._farewell_at = self._asked_at = 0.0
        self._asked: int | None = None
        self._ask_again_at = 0.0
        self.arrivals = Arrivals(self._out)
        self.tap: PduTap | None = None

    @property
    def failing(self) -> bool:
        """Whether the connection is to be closed."""
        return bool(self._failure)

    @property
    def up(self) -> bool:
        """Whether parts can be taken, now or after a pause."""
        return self._state is State.UP and not self._failure

    @property
    def room(self) -> int:
        """How many parts are taken now."""
        return self._parts.room if self.up else 0

    @property
    def promised(self) -> int:
        """How many parts are taken of whoever saw ``room`` a moment ago: never fewer."""
        return self._parts.promised if self.up else 0

    def start(self, now: float) -> SmsActions:
        """The connection is open."""
        self._move(now)
        self._begin(State.SIGNING_IN, self._timings.sign_in)
        self._splitter = PduSplitter(self._tongue.header)
        try:
            self._out.append(self._tongue.sign_in(self._sequence.take()))
        except PduError as error:
            self._fail(Said(Saying.GATEWAY_REFUSED, why=str(error)), refused=True)
        return self._actions()

    def receive(self, data: bytes, now: float) -> SmsActions:
        """Bytes from the gateway. Never raises."""
        self._move(now)
        if self._state is not State.CLOSED and not self._failure:
            self.arrivals.link.heard(now)
            try:
                for frame in self._splitter.feed(data):
                    self._frame(frame)
                    if self.failing:
                        break
            except PduError as error:
                self._fail(Said(Saying.GATEWAY_NONSENSE, why=str(error)))
            self._pump()
        return self._actions()

    def tick(self, now: float) -> SmsActions:
        """Do what is due; to be called at ``next_deadline()`` or later."""
        self._move(now)
        if self._state is not State.CLOSED and not self._failure:
            self._look_at_the_clock(self._time.now)
            self._pump()
        return self._actions()

    def next_deadline(self) -> float | None:
        """When ``tick`` is next needed, or None."""
        due = self._next_due()
        return None if due is None else self._time.outside(due)

    def port_lost(self, reason: str, now: float) -> SmsActions:
        """The connection is gone; it may be started again."""
        self._move(now)
        reason, refused = self._failure or reason, self._refused
        self._parts.lost(reason)
        self._out.clear()
        self._begin(State.CLOSED)
        self._signals.append(GatewayLost(reason, refused))
        return self._actions()

    def submit(self, parts: Sequence[Part]) -> None:
        """Take ``parts``, all of a text, to be written in order by ``flush``; unsent where the session is not up.

        ``promised`` is the caller's to keep to.
        """
        self._parts.take(parts)
        if not self.up:
            self._parts.unsend()

    def flush(self, now: float) -> SmsActions:
        """Write what may be written."""
        self._move(now)
        self._pump()
        return self._actions()

    def leave(self, now: float) -> SmsActions:
        """Write no more parts, wait a little for answers, and end the session."""
        self._move(now)
        self._parts.unsend()
        if self._state is State.UP:
            self._wait(State.DRAINING, self._timings.drain)
            self._leave_when_settled()
        elif self._state is State.SIGNING_IN:
            self._fail(Said(Saying.STOPPED))
        return self._actions()

    def _begin(self, state: State, seconds: float = 0.0) -> None:
        self.arrivals.begin()
        self._failure, self._refused, self._asked = "", False, None
        self._heartbeat.heard(self._time.now)
        self._wait(state, seconds)

    def _wait(self, state: State, seconds: float) -> None:
        self._state, self._due = state, self._time.now + seconds

    def _move(self, now: float) -> None:
        self._now = now
        self._time.move(now, self._next_due())

    def _next_due(self) -> float | None:
        if self._state is State.CLOSED or self._failure:
            return None
        due = self._heartbeat.due if self._state is State.UP else self._due
        of_parts = self._parts.due()
        return due if of_parts is None else min(due, of_parts)

    def _frame(self, frame: Frame) -> None:
        # Not for each byte: one that drips a PDU without end says nothing.
        self._heartbeat.heard(self._time.now)
        header, body = frame
        if self.tap is not None:
            self.tap(False, self._tongue.shown(self._tongue.header.pack(*header) + body))
        self._hear(self._tongue.hear(header, body))

    def _hear(self, heard: Heard) -> None:
        match heard:
            case Accepted(sequence, gateway_id):
                self._parts.accepted(sequence, gateway_id, self._time.now)
                self._leave_when_settled()
            case Came():
                self._came(heard)
            case Asked(reply, doubt):
                if reply:
                    self._out.append(reply)
                self._doubt(doubt)
            case Refused() | Throttled():
                self._refusal(heard)
            case HeartbeatAnswered(sequence):
                # That something was heard counts anyway; the answer to the last question tells more.
                if sequence == self._asked:
                    self._asked = None
                    self.arrivals.link.answered(self._asked_at)
            case _:
                self._hear_of_session(heard)

    def _hear_of_session(self, heard: Heard) -> None:
        match heard:
            case SignedIn(doubt) if self._state is State.SIGNING_IN:
                self._state = State.UP
                self._doubt(doubt)
                self._signals.append(GatewayReady())
            case SignInRefused(why, again) if self._state is State.SIGNING_IN:
                self._fail(Said(Saying.GATEWAY_REFUSED, why=why), refused=not again)
            case Farewell(reply):
                self._out.append(reply)
                self._fail(Said(Saying.GATEWAY_LEFT))
            case FarewellAnswered() if self._state is State.LEAVING:
                self.arrivals.link.answered(self._farewell_at)
                self._fail(Said(Saying.STOPPED))
            case _:
                pass

    def _came(self, came: Came) -> None:
        # Before we are let in nobody has a reason to send us anything; it comes again.
        if self._state is not State.SIGNING_IN:
            self._signals.append(self.arrivals.signal(came))

    def _refusal(self, heard: Refused | Throttled) -> None:
        if self._state is State.SIGNING_IN:
            self._fail(Said(Saying.GATEWAY_REFUSED, why=heard.words or heard.code), refused=True)
        else:
            self._parts.refused(heard, self._time.now)
            self._leave_when_settled()

    def _doubt(self, doubt: str) -> None:
        if doubt and doubt not in self._doubts:
            self._doubts.append(doubt)

    def _fail(self, why: str, *, refused: bool = False) -> None:
        self._failure, self._refused = why, refused

    def _look_at_the_clock(self, now: float) -> None:
        if not self._parts.tick(now, self._heartbeat.heard_at):
            self._fail(Said(Saying.GATEWAY_SILENT))
        elif self._state is State.UP:
            self._beat(now)
        elif now >= self._due:
            self._out_of_time()

    def _beat(self, now: float) -> None:
        if now < self._heartbeat.due:
            return
        if self._heartbeat.ask(now):
            self._ask()
        else:
            self._fail(Said(Saying.GATEWAY_SILENT))

    def _ask(self) -> None:
        self.arrivals.asked = False
        self._asked, self._asked_at = self._sequence.take(), self._now
        self._ask_again_at = self._time.now + self._timings.answer
        self._out.append(self._tongue.heartbeat(self._asked))

    def _out_of_time(self) -> None:
        match self._state:
            case State.DRAINING:
                self._say_farewell()
            case State.SIGNING_IN:
                self._fail(Said(Saying.GATEWAY_MUTE))
            case _:
                self._fail(Said(Saying.STOPPED))

    def _leave_when_settled(self) -> None:
        if self._state is State.DRAINING and self._parts.settled:
            self._say_farewell()

    def _say_farewell(self) -> None:
        self._wait(State.LEAVING, self._timings.farewell)
        self._farewell_at = self._now
        self._out.append(self._tongue.farewell(self._sequence.take()))

    def _pump(self) -> None:
        if self.up:
            # One question at a time: the answer to one that others followed would tell nothing.
            if self.arrivals.asked and (self._asked is None or self._time.now >= self._ask_again_at):
                self._ask()
            self._parts.pump(self._time.now)

    def _actions(self) -> SmsActions:
        out, signals, doubts = self._out, tuple(self._signals), tuple(self._doubts)
        if self.tap is not None:
            for pdu in out:
                self.tap(True, self._tongue.shown(pdu))
        write = b"".join(out)
        out.clear()
        self._signals.clear()
        self._doubts.clear()
        return SmsActions(write, signals, bool(self._failure), doubts)
