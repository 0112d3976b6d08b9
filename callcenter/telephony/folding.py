"""Says once what a line's effects say in parts, where they are written in the same transaction.

A box sends the caller's number with the ring, or right behind it: then there is one call to write and one pop to show,
with the number, instead of a call of nobody whose caller is learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from callcenter.telephony.effects import CallerLearned, CallOpened, Effect, RingsCounted


def folded(effects: Sequence[Effect]) -> list[Effect]:
    """``effects`` with what is learned of a call that they open told by its opening, and its rings counted there."""
    openings: dict[int, CallOpened] = {}
    kept: list[Effect] = []
    for effect in effects:
        match effect:
            case CallOpened(call=call):
                openings[call] = effect
                kept.append(effect)
            case CallerLearned(call=call, caller=caller, rings=rings) if call in openings:
                openings[call] = replace(openings[call], caller=caller, rings=rings)
            case RingsCounted(call=call, rings=rings) if call in openings:
                openings[call] = replace(openings[call], rings=rings)
            case _:
                kept.append(effect)
    return [openings[effect.call] if isinstance(effect, CallOpened) else effect for effect in kept]
