"""Receive mode: the modem sends what is said in the call it holds (``AT+VRX``, V.253 chapter 9).

Commands are not heard there. Whoever has one leaves the mode first (``leave``) and enters it again behind it
(``resume``); both are scripts, or run them.
"""

from __future__ import annotations

from protocols.hayes.context import Context
from protocols.hayes.messages import Result
from protocols.hayes.modem_input import ModemInput
from protocols.hayes.profiles import VoiceRecording
from protocols.hayes.scripts import BASIC_FINALS, Command, Script, command
from protocols.hayes.settings import HayesTimings
from protocols.hayes.sound import Sound, SoundBegan, SoundEnded, SoundNews
from protocols.sayings import Said, Saying
from protocols.signals import CommandFailed, DeviceWarns

_RECEIVE_FINALS = BASIC_FINALS | {Result.CONNECT}


class Receiver:
    """Keeps the modem in receive mode while a recording is wanted, and passes the sound on."""

    def __init__(self, context: Context, timings: HayesTimings, modem: ModemInput) -> None:
        self._context = context
        self._timings = timings
        self._modem = modem
        self._news: list[SoundNews] = []
        self._clear()

    def _clear(self) -> None:
        # The file that is wanted, whether a sample of it has come, and how the modem records.
        self._name = ""
        self._began = False
        self._how: VoiceRecording | None = None
        self._entering = self._leaving = False
        # Of the present stream: samples, and when the last came.
        self._length = 0
        self._heard_at = 0.0
        self._again_at: float | None = None

    @property
    def active(self) -> bool:
        """Whether the modem hears no commands because it is in receive mode, or on its way there."""
        return self._entering or self._modem.streaming

    def begin(self, name: str, how: VoiceRecording) -> None:
        """Record as ``name``. A recording that goes on ends there."""
        self._end_sound()
        self._name, self._how = name, how
        if not self.active:
            self.resume()

    def stop(self) -> None:
        """Nothing more is wanted: the call is over. The mode is still to be left."""
        self._end_sound()

    def forget(self) -> None:
        """The modem is lost. What came of the recording is all there is."""
        self._end_sound()
        self._clear()
        self._modem.leave()

    def resume(self) -> None:
        """Enter the mode, behind the scripts that wait, if a recording is wanted."""
        if self._name and self._how is not None:
            self._again_at = None
            self._context.run(self._enter(self._how))

    def leave(self) -> Script:
        """Leave the mode by every means the modem has; nothing if it is not in it."""
        self._leaving = True
        if self._entering and not self._modem.streaming:
            yield Command(b"", self._timings.stop_receiving, _RECEIVE_FINALS)
        for stop in self._how.stops if self._how else ():
            if self._modem.streaming:
                yield Command(stop, self._timings.stop_receiving, BASIC_FINALS)
        self._modem.leave()
        self._entering = self._leaving = False

    # What the modem says.

    def sound(self, samples: bytes) -> None:
        """Samples came."""
        self._heard_at = self._context.now
        self._length += len(samples)
        if not self._name or self._how is None:
            return
        if not self._began:
            self._began = True
            self._news.append(SoundBegan(self._name, self._how.format))
        self._news.append(Sound(samples))

    def ended(self) -> None:
        """The stream ended. If nobody asked for that, it goes on in a new one, unless it brought nothing."""
        self._entering = False
        if self._leaving or not self._name or self._how is None:
            return
        if self._length >= self._how.format.bytes_per_second:
            self._again_at = self._context.now + self._timings.receive_again
        else:
            self._give_up()

    # Time.

    def tick(self) -> None:
        """Do what is due."""
        now = self._context.now
        if (stalls_at := self._stalls_at()) is not None and now >= stalls_at:
            self._give_up()
            self._context.run(self.leave())
        elif self._again_at is not None and now >= self._again_at:
            self.resume()

    def deadlines(self) -> list[float | None]:
        """Times at which ``tick`` is needed."""
        return [self._stalls_at(), self._again_at]

    def take_news(self) -> list[SoundNews]:
        """What there is to keep since the last time."""
        news, self._news = self._news, []
        return news

    def _stalls_at(self) -> float | None:
        # Silence is samples too: a stream that brings none has stopped.
        if not self._modem.streaming or self._leaving:
            return None
        return self._heard_at + self._timings.receive_stall

    def _enter(self, how: VoiceRecording) -> Script:
        yield command(how.select, self._timings.command)
        self._entering, self._length, self._heard_at = True, 0, self._context.now
        self._modem.expect_stream()
        reply = yield command(how.receive, self._timings.command, _RECEIVE_FINALS)
        self._entering = False
        if reply.result is Result.CONNECT:
            self._heard_at = self._context.now
        else:
            self._modem.leave()
            self._give_up()

    def _give_up(self) -> None:
        if self._began:
            self._context.report(DeviceWarns(Said(Saying.RECORDING_CUT, why=Said(Saying.NO_MORE_SOUND))))
        elif self._name:
            self._context.report(CommandFailed("record", Said(Saying.NO_RECEIVE_MODE)))
        self._end_sound()

    def _end_sound(self) -> None:
        if self._began:
            self._news.append(SoundEnded())
        self._name, self._began, self._again_at = "", False, None
