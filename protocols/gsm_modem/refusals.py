"""What the error of a message means for it (3GPP TS 27.005, section 3.2.5; TS 24.011, annex E; TS 23.040, 9.2.3.22)."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.gsm_modem.answers import Answer
from protocols.sms import Refusal

LATER, NEVER, GATEWAY = Refusal.LATER, Refusal.NEVER, Refusal.GATEWAY

# Up to 127: the network's causes (RP). 128 to 255: the service centre's (TP-FCS). From 300: the modem's.
_MEANINGS: dict[int, tuple[Refusal, str]] = {
    1: (NEVER, "unassigned number"),
    8: (GATEWAY, "barred by the operator"),
    10: (GATEWAY, "call barred"),
    21: (NEVER, "short message rejected"),
    27: (LATER, "destination out of service"),
    28: (NEVER, "unidentified subscriber"),
    29: (GATEWAY, "facility rejected"),
    30: (NEVER, "unknown subscriber"),
    38: (LATER, "network out of order"),
    41: (LATER, "temporary failure"),
    42: (LATER, "congestion"),
    47: (LATER, "resources unavailable"),
    50: (GATEWAY, "facility not subscribed"),
    69: (GATEWAY, "facility not implemented"),
    81: (LATER, "invalid reference"),
    95: (NEVER, "invalid message"),
    96: (NEVER, "invalid mandatory information"),
    97: (GATEWAY, "message type not implemented"),
    98: (LATER, "message not compatible with the protocol state"),
    99: (GATEWAY, "information element not implemented"),
    111: (LATER, "protocol error"),
    127: (LATER, "interworking"),
    192: (LATER, "service centre busy"),
    193: (GATEWAY, "no subscription with the service centre"),
    194: (LATER, "failure of the service centre"),
    195: (NEVER, "invalid address"),
    196: (NEVER, "destination barred"),
    197: (NEVER, "rejected as a duplicate"),
    198: (GATEWAY, "kind of validity not supported"),
    199: (GATEWAY, "validity not supported"),
    300: (LATER, "failure of the modem"),
    301: (LATER, "SMS service of the modem reserved"),
    302: (GATEWAY, "not allowed"),
    303: (GATEWAY, "not supported"),
    304: (NEVER, "invalid parameter in PDU mode"),
    305: (NEVER, "invalid parameter in text mode"),
    310: (GATEWAY, "no SIM"),
    311: (GATEWAY, "SIM wants its PIN"),
    312: (GATEWAY, "phone wants the PIN of its SIM"),
    313: (GATEWAY, "failure of the SIM"),
    314: (LATER, "SIM busy"),
    315: (GATEWAY, "wrong SIM"),
    316: (GATEWAY, "SIM wants its PUK"),
    317: (GATEWAY, "SIM wants its PIN2"),
    318: (GATEWAY, "SIM wants its PUK2"),
    320: (LATER, "failure of the storage"),
    321: (LATER, "invalid place in the storage"),
    322: (LATER, "storage full"),
    330: (GATEWAY, "number of the service centre unknown"),
    331: (LATER, "no network"),
    332: (LATER, "the network did not answer in time"),
    340: (LATER, "no acknowledgement expected"),
    500: (LATER, "unknown error"),
}
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
        return Meaning(LATER, answer.family or "ERROR", answer.code or "error without a code", doubtful=True)
    as_cms = _AS_CMS.get(number, 500) if answer.family == "CME" else number
    refusal, words = _MEANINGS.get(as_cms, (LATER, _unnamed(as_cms)))
    unnamed = as_cms not in _MEANINGS and as_cms > _LAST_OF_NETWORK
    doubtful = unnamed or as_cms in _DOUBTFUL
    return Meaning(refusal, f"{answer.family} {number}", words, doubtful=doubtful, busy=as_cms in _BUSY)


def _unnamed(as_cms: int) -> str:
    return "error of the modem's maker" if as_cms >= _FIRST_OF_MAKER else "reserved"
