from __future__ import annotations

import pytest

from protocols.hayes.commands import encode
from protocols.hayes.messages import Event
from protocols.hayes.profiles import CONEXANT, PROFILES, USR, V253_EVENTS, detect


@pytest.mark.parametrize(
    ("identification", "name"),
    [
        ("5601", "usr"),
        ("56000", "conexant"),
        ("CX93001-EIS_V0.2002-V92", "conexant"),
        ("LT V.92 Data+Fax+Voice Modem Version 8.30", "agere"),
        ("Venus V.90 USB Modem", "agere"),
        ("33600", "generic"),
        ("", "generic"),
        ("156000", "generic"),
        ("56010", "generic"),
    ],
)
def test_detection(identification: str, name: str) -> None:
    assert detect(identification).name == name


def test_every_command_of_every_profile_is_one_command_line() -> None:
    for profile in PROFILES.values():
        voices = [line for voice in profile.voice for line in (voice.enter, voice.off_hook, voice.on_hook)]
        for line in [*profile.caller_id, *profile.audio, *voices]:
            assert encode(line).startswith(b"AT")


def test_a_chips_own_reading_of_events() -> None:
    assert V253_EVENTS["p"] is Event.HANDSET_REPLACED
    assert CONEXANT.meaning("p", in_call=False) is Event.HANDSET_LIFTED
    assert USR.meaning("h", in_call=False) is Event.HANDSET_REPLACED
    assert USR.meaning("h", in_call=True) is Event.LOOP_BREAK
    assert USR.meaning("Z", in_call=True) is None
