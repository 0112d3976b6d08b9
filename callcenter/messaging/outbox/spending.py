"""What a message cost so far, given what became of its parts. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from callcenter.messaging.outbox.outcome import Tried
from callcenter.messaging.vocabulary import NOT_OUT


def spent(tried: Sequence[Tried], costs: Mapping[int, int], written: int) -> int:
    """Thousandths of a yuan for the parts that went out or may have, of all attempts.

    ``costs``: gateway → what a part costs there now. Where that of a gateway is missing ``written`` holds, which is
    what the message was said to cost until now, and at least what it did.
    """
    out = [one.gateway_id for one in tried if one.state not in NOT_OUT]
    if not all(gateway in costs for gateway in out):
        return written
    return sum(costs[gateway] for gateway in out)
