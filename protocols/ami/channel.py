"""One leg of a call on a PBX, with all that was learned of it."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.signals import AbsentReason, CallerIdentified, DialFailure

RING, RINGING, UP, PRE_RING = 4, 5, 6, 9
"""Channel states: RING and PRE_RING when the device began the call, RINGING when the PBX calls the device."""

BUSY, ANSWERED_ELSEWHERE = 17, 26
"""Hangup causes (Q.850); the second is that of a telephone that rang in vain since another was faster."""

_PRIVATE = frozenset({"anonymous", "private", "restricted", "withheld"})


@dataclass(frozen=True)
class Party:
    """A number and a name as the PBX has them, without its words for nothing."""

    number: str = ""
    name: str = ""


@dataclass(eq=False)
class Channel:
    """One leg. ``placed``: its device began the call; ``dialled``: the PBX called its device, for ``dialled_by``.

    ``far_rang``, ``far_answered`` and ``failure`` tell what came of dialling on from here; ``bridged`` that it was
    connected with another, ``waits`` that it is where nobody speaks, parked or with music.
    ``seen`` is the number of the listing during which it was last heard of; ``vanished`` means
    that nobody saw it end. ``home`` is the endpoint whose channel it is, empty for those that are none of ours.
    """

    uniqueid: str
    name: str = ""
    linkedid: str = ""
    state: int = 0
    placed: bool = False
    dialled: bool = False
    dialled_by: str = ""
    caller: Party = Party()
    connected: Party = Party()
    private: bool = False
    bridge: str = ""
    bridged: bool = False
    waits: bool = False
    far_rang: bool = False
    far_answered: bool = False
    failure: DialFailure | None = None
    refused: str = ""
    hung_up_by_device: bool = False
    cause: int = 0
    gone: bool = False
    vanished: bool = False
    seen: int = 0
    home: str = ""
    told: bool = False
    """A call was reported for it once; it never is again."""

    def who_calls(self, *, from_device: bool) -> CallerIdentified:
        """The caller: the device's own identity when the call came from there, else the party connected to it."""
        party = self.caller if from_device else self.connected
        if self.private or party.number.lower() in _PRIVATE:
            return CallerIdentified("", absent=AbsentReason.PRIVATE)
        return CallerIdentified(party.number, party.name, None if party.number else AbsentReason.UNAVAILABLE)
