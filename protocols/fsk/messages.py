"""One FSK caller-id transmission, as a frozen message."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.signals import AbsentReason


@dataclass(frozen=True)
class CallSetup:
    """The exchange announced a call.

    ``sent_at`` is ``MMDDHHMM`` by the exchange's clock, empty if not sent; ``number`` and ``name`` are cleaned text
    as sent, empty when absent; ``verified`` is False when the checksum or the structure was wrong.
    """

    sent_at: str = ""
    number: str = ""
    absent: AbsentReason | None = None
    name: str = ""
    verified: bool = True
