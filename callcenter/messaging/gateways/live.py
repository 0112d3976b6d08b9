"""What is true of a gateway that runs: what is written down of it, and what is of use only while the daemon runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from protocols.sms import StorageTold


@dataclass(frozen=True)
class Live:
    """What a gateway is now. ``down``: for so long, or in such a way, that somebody is to be told."""

    state: str
    reason: str
    since: datetime
    down: bool = False
    balance: int | None = None
    balance_at: datetime | None = None


@dataclass(frozen=True)
class Passing:
    """What is true of a gateway for the moment only, and of use to nobody once the daemon has ended.

    ``paused_until``: it asked for a pause, because of ``pause_reason``. ``throttled_since``: since then it takes
    nothing and others take over, see ``throttling``; ``refuses`` is then why it refuses whatever it is given,
    ``not_now`` what it said when it only put messages off. The reasons are in its own words, or empty.
    ``next_attempt_at``: when it is connected to again. ``storage``: how full the place for what comes in is, where it
    told.
    """

    abilities: Sequence[str] = ()
    paused_until: datetime | None = None
    pause_reason: str = ""
    throttled_since: datetime | None = None
    next_attempt_at: datetime | None = None
    storage: StorageTold | None = None
    refuses: str = ""
    not_now: str = ""


NOTHING_NOW = Passing()
