"""The dialogue that makes a modem ready: is it there, what is it, reset, voice, caller id."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from protocols.hayes.profiles import (
    AUTO,
    GENERIC,
    PROFILES,
    RECEIVE_STOPS,
    ModemProfile,
    VoiceCommands,
    VoiceRecording,
    detect,
)
from protocols.hayes.scripts import BASIC_FINALS, Command, Reply, command, pause
from protocols.hayes.settings import HayesTimings
from protocols.sayings import Said, Saying

_MAX_IDENTIFICATION = 80

Dialogue = Generator[Command, Reply, "ModemSetup | SetupFailure"]


@dataclass(frozen=True)
class ModemSetup:
    """What was found. ``voice``, ``caller_id`` and ``recording`` are None where the modem accepted no such command."""

    profile: ModemProfile
    identification: str
    voice: VoiceCommands | None
    caller_id: str | None
    recording: VoiceRecording | None = None

    def describe(self) -> str:
        """For people: make, its own words, and what it cannot do."""
        lacks = [
            words
            for missing, words in ((not self.caller_id, "no caller id"), (not self.voice, "no voice mode"))
            if missing
        ]
        itself = f" ({self.identification})" if self.identification else ""
        return ", ".join([self.profile.title + itself, *lacks])


@dataclass(frozen=True)
class SetupFailure:
    """Why the modem cannot be used, as a sentence for the supervisor."""

    reason: str


def set_up(profile_name: str, timings: HayesTimings) -> Dialogue:
    """Set the modem up from any state it may have been left in."""
    if not (yield from _alive(timings)):
        return SetupFailure(Said(Saying.SILENT_TO_AT))
    profile, identification = yield from _identify(profile_name, timings)
    reset = yield command("ATZ", timings.reset)
    if reset.result is None:
        return SetupFailure(Said(Saying.SILENT_AFTER_RESET))
    for line in ("ATV1", "ATE0"):
        yield command(line, timings.command)
    voice, recording = yield from _enter_voice(profile, timings)
    # After the reset and after voice mode: some chips forget caller id on either.
    caller_id = yield from _caller_id(profile, timings)
    if not (yield from _alive(timings)):
        return SetupFailure(Said(Saying.SILENT_IN_SETUP))
    return ModemSetup(profile, identification, voice, caller_id, recording)


def _alive(timings: HayesTimings) -> Generator[Command, Reply, bool]:
    # One that was left in receive mode hears nothing else.
    for stop in (b"", *RECEIVE_STOPS):
        if stop:
            yield Command(stop, timings.probe, BASIC_FINALS)
        reply = yield command("AT", timings.probe)
        if reply.result is not None:
            if stop:
                # A slow one still answers what it was asked before: that is no answer to what it is asked next.
                yield pause(timings.probe)
            return True
    return False


def _identify(profile_name: str, timings: HayesTimings) -> Generator[Command, Reply, tuple[ModemProfile, str]]:
    """The product code (``ATI0``) names most chips; ``ATI3`` carries the product name where it does not."""
    identification = ""
    for line in ("ATI0", "ATI3"):
        reply = yield command(line, timings.command)
        words = " ".join(text for text in reply.text if not text.upper().startswith("AT"))
        identification = identification or words[:_MAX_IDENTIFICATION]
        if profile_name != AUTO:
            return PROFILES[profile_name], identification
        profile = detect(words)
        if profile is not GENERIC:
            return profile, words[:_MAX_IDENTIFICATION]
    return GENERIC, identification


Voice = tuple[VoiceCommands | None, VoiceRecording | None]


def _enter_voice(profile: ModemProfile, timings: HayesTimings) -> Generator[Command, Reply, Voice]:
    recording = profile.recording
    for voice in profile.voice:
        reply = yield command(voice.enter, timings.command)
        if reply.ok:
            for line in profile.audio:
                reply = yield command(line, timings.command)
                if recording is not None and line == recording.select and not reply.ok:
                    recording = None
            return voice, recording
    return None, None


def _caller_id(profile: ModemProfile, timings: HayesTimings) -> Generator[Command, Reply, str | None]:
    for line in profile.caller_id:
        reply = yield command(line, timings.command)
        if reply.ok:
            return line
    return None
