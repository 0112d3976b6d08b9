"""The dialogues of a call: dial, answer, send tones, hang up. Each ends by calling what it was given."""

from __future__ import annotations

from collections.abc import Callable

from protocols.hayes.commands import dial as dial_command
from protocols.hayes.messages import Result
from protocols.hayes.profiles import VoiceCommands
from protocols.hayes.scripts import BASIC_FINALS, DIAL_FINALS, HANG_UP_FINALS, Command, Reply, Script, command, pause
from protocols.hayes.settings import HayesTimings

_ABORT_TIMEOUT = 2.0
_ESCAPE_GUARD = 1.1
"""Silence before and after ``+++``, in seconds (S12 default is 1)."""


def dial(number: str, voice: VoiceCommands | None, timings: HayesTimings, done: Callable[[Reply], None]) -> Script:
    """Dial ``number``. ``done`` gets the reply of the dial command, with no result if it timed out."""
    if voice is not None:
        # Some chips fall back to data mode on hanging up; data mode would answer with carrier tones.
        yield command(voice.enter, timings.command)
    reply = yield command(dial_command(number), timings.dial, DIAL_FINALS)
    done(reply)


def answer(voice: VoiceCommands, timings: HayesTimings, done: Callable[[bool], None]) -> Script:
    """Go off hook in voice mode. ``done`` is told whether the modem said that it did."""
    yield command(voice.enter, timings.command)
    reply = yield command(voice.off_hook, timings.command)
    done(reply.ok)


def tones(line: str, timings: HayesTimings, failed: Callable[[], None]) -> Script:
    """Send DTMF."""
    reply = yield command(line, timings.command + len(line) * 0.2)
    if not reply.ok:
        failed()


def release(voice: VoiceCommands | None, timings: HayesTimings, done: Callable[[bool], None], *, abort: bool) -> Script:
    """Go on hook by every means the modem has. With ``abort`` a dial command is still running: any character
    stops it (V.250 5.6.1). ``done`` is told whether the modem confirmed.
    """
    if abort:
        yield Command(b"\r", _ABORT_TIMEOUT, DIAL_FINALS)
    reply = yield command("ATH0", timings.command, HANG_UP_FINALS)
    released = reply.ok or reply.result is Result.NO_CARRIER
    if not released and voice is not None:
        reply = yield command(voice.on_hook, timings.command, HANG_UP_FINALS)
        released = reply.ok
    if not released:
        # A modem that connected as data modem hears commands only after the escape sequence.
        yield pause(_ESCAPE_GUARD)
        yield Command(b"+++", _ESCAPE_GUARD, BASIC_FINALS)
        reply = yield command("ATH0", timings.command, HANG_UP_FINALS)
        released = reply.ok
    if released and voice is not None:
        # Back to voice mode, without which most chips do not report the handset.
        yield command(voice.enter, timings.command)
    done(released)
