from __future__ import annotations

import pytest

from protocols.gsm_modem.fates import fate_of, words_of_status
from protocols.sms import Fate


@pytest.mark.parametrize(
    ("status", "fate", "words"),
    [
        (0x00, Fate.DELIVERED, "received"), (0x02, Fate.DELIVERED, "replaced"), (0x20, Fate.UNDER_WAY, "congestion"),
        (0x3F, Fate.UNDER_WAY, ""), (0x46, Fate.FAILED, "validity period expired"), (0x5F, Fate.FAILED, ""),
        (0x62, Fate.FAILED, "gave up: no response from the recipient"), (0x7F, Fate.FAILED, ""),
        (0x80, Fate.UNCERTAIN, ""), (0xFF, Fate.UNCERTAIN, ""),
    ],
)  # fmt: skip
def test_each_range_of_the_status(status: int, fate: Fate, words: str) -> None:
    assert (fate_of(status), words_of_status(status)) == (fate, words)
