"""What the error of a message means for it (3GPP TS 27.005, section 3.2.5; TS 24.011, annex E; TS 23.040, 9.2.3.22)."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.gsm_modem.answers import Answer
from protocols.sayings import N_
from protocols.sms import Refusal

LATER, NEVER, GATEWAY = Refusal.LATER, Refusal.NEVER, Refusal.GATEWAY

# Up to 127: the network's causes (RP). 128 to 255: the service centre's (TP-FCS). From 300: the modem's.
_MEANINGS: dict[int, tuple[Refusal, str]] = {
    1: (NEVER, N_("unassigned number")),
    8: (GATEWAY, N_("barred by the operator")),
    10: (GATEWAY, N_("call barred")),
    21: (NEVER, N_("short message rejected")),
    27: (LATER, N_("destination out of service")),
    28: (NEVER, N_("unidentified subscriber")),
    29: (GATEWAY, N_("facility rejected")),
    30: (NEVER, N_("unknown subscriber")),
    38: (LATER, N_("network out of order")),
    41: (LATER, N_("temporary failure")),
    42: (LATER, N_("congestion")),
    47: (LATER, N_("resources unavailable")),
    50: (GATEWAY, N_("facility not subscribed")),
    69: (GATEWAY, N_("facility not implemented")),
    81: (LATER, N_("invalid reference")),
    95: (NEVER, N_("invalid message")),
    96: (NEVER, N_("invalid mandatory information")),
    97: (GATEWAY, N_("message type not implemented")),
    98: (LATER, N_("message not compatible with the protocol state")),
    99: (GATEWAY, N_("information element not implemented")),
    111: (LATER, N_("protocol error")),
    127: (LATER, N_("interworking")),
    192: (LATER, N_("service centre busy")),
    193: (GATEWAY, N_("no subscription with the service centre")),
    194: (LATER, N_("failure of the service centre")),
    195: (NEVER, N_("invalid address")),
    196: (NEVER, N_("destination barred")),
    197: (NEVER, N_("rejected as a duplicate")),
    198: (GATEWAY, N_("kind of validity not supported")),
    199: (GATEWAY, N_("validity not supported")),
    300: (LATER, N_("failure of the modem")),
    301: (LATER, N_("SMS service of the modem reserved")),
    302: (GATEWAY, N_("not allowed")),
    303: (GATEWAY, N_("not supported")),
    304: (NEVER, N_("invalid parameter in PDU mode")),
    305: (NEVER, N_("invalid parameter in text mode")),
    310: (GATEWAY, N_("no SIM")),
    311: (GATEWAY, N_("SIM wants its PIN")),
    312: (GATEWAY, N_("phone wants the PIN of its SIM")),
    313: (GATEWAY, N_("failure of the SIM")),
    314: (LATER, N_("SIM busy")),
    315: (GATEWAY, N_("wrong SIM")),
    316: (GATEWAY, N_("SIM wants its PUK")),
    317: (GATEWAY, N_("SIM wants its PIN2")),
    318: (GATEWAY, N_("SIM wants its PUK2")),
    320: (LATER, N_("failure of the storage")),
    321: (LATER, N_("invalid place in the storage")),
    322: (LATER, N_("storage full")),
    330: (GATEWAY, N_("number of the service centre unknown")),
    331: (LATER, N_("no network")),
    332: (LATER, N_("the network did not answer in time")),
    340: (LATER, N_("no acknowledgement expected")),
    500: (LATER, N_("unknown error")),
}
_NO_CODE, _OF_MAKER, _RESERVED = N_("error without a code"), N_("error of the modem's maker"), N_("reserved")
WORDS = frozenset({_NO_CODE, _OF_MAKER, _RESERVED, *(words for _, words in _MEANINGS.values())})
"""All that the documents say of errors."""
# The same of the modem as a whole (3GPP TS 27.007, section 9.2), as numbers of the table above.
_AS_CMS = {3: 302, 4: 303, 10: 310, 11: 311, 12: 316, 13: 313, 14: 314, 15: 315, 20: 322, 30: 331, 31: 332, 100: 500}
# Here the modem itself failed or does not know: the network may have taken the message before.
_DOUBTFUL = frozenset({300, 332, 500})
_LAST_OF_NETWORK, _FIRST_OF_MAKER = 255, 512
_BUSY = frozenset({42, 47, 192})


@dataclass(frozen=True)
class Meaning:
    """``code`` and ``words`` for people. ``doubtful``: if the message was written, it may have gone out all the same.
    ``busy``: the network is, and should be left in peace for a while.
    """

    refusal: Refusal
    code: str
    words: str
    doubtful: bool = False
    busy: bool = False


def meaning_of(answer: Answer) -> Meaning:
    """What ``answer``, an error, says of a message. Only a cause of the network, of the service centre or of the modem
    that the documents name says that it was not taken; all else, an error without a number too, is a doubt.
    """
    number = answer.number
    if number is None:
        return Meaning(LATER, answer.family or "ERROR", answer.code or _NO_CODE, doubtful=True)
    as_cms = _AS_CMS.get(number, 500) if answer.family == "CME" else number
    refusal, words = _MEANINGS.get(as_cms, (LATER, _unnamed(as_cms)))
    unnamed = as_cms not in _MEANINGS and as_cms > _LAST_OF_NETWORK
    doubtful = unnamed or as_cms in _DOUBTFUL
    return Meaning(refusal, f"{answer.family} {number}", words, doubtful=doubtful, busy=as_cms in _BUSY)


def _unnamed(as_cms: int) -> str:
    return _OF_MAKER if as_cms >= _FIRST_OF_MAKER else _RESERVED
