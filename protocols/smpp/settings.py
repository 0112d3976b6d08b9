"""What can be set on an account of an SMPP gateway."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from protocols.pdu_account import NumberForm, Validity, Writing


class Role(enum.StrEnum):
    """What a connection is for."""

    TRANSCEIVER = "transceiver"
    TRANSMITTER = "transmitter"
    RECEIVER = "receiver"


class Joining(enum.StrEnum):
    """How the parts of a text are joined."""

    UDH = "udh"
    """By a user data header with 8 bits of reference: one of 16 takes an octet that full parts do not have."""
    SAR = "sar"
    """By the optional parameters sar_msg_ref_num, sar_total_segments and sar_segment_seqnum."""


class DefaultAlphabet(enum.StrEnum):
    """What ``data_coding`` 0 means to the gateway."""

    GSM7 = "gsm7"
    """One septet an octet."""
    ASCII = "ascii"
    LATIN1 = "latin1"


class IdForm(enum.StrEnum):
    """How a gateway writes its message ids."""

    TEXT = "text"
    DECIMAL = "decimal"
    HEX = "hex"


@dataclass(frozen=True)
class MessageIds:
    """Some gateways write an id in hexadecimal when they take a message and in decimal in its receipt."""

    answer: IdForm = IdForm.TEXT
    receipt: IdForm = IdForm.TEXT

    def of_answer(self, text: bytes) -> str:
        """The id in ``submit_sm_resp``, in the form that is the same for both."""
        return _normal(text, self.answer)

    def of_receipt(self, text: bytes) -> str:
        """The id in a receipt, in the form that is the same for both."""
        return _normal(text, self.receipt)


_BASES = {IdForm.DECIMAL: 10, IdForm.HEX: 16}


def _normal(raw: bytes, form: IdForm) -> str:
    text = raw.decode("latin-1").strip(" \0").lower()
    base = _BASES.get(form)
    if base is not None:
        try:
            return str(int(text, base))
        except ValueError:
            pass
    return text.lstrip("0") or text[:1]


@dataclass(frozen=True)
class SmppAccount:
    """``source`` is the sender that patients see. Types and plans of numbers are those of sections 5.2.5 and 5.2.6."""

    system_id: str
    password: str = field(repr=False)
    system_type: str = ""
    source: str = ""
    source_ton: int = 0
    source_npi: int = 0
    destination_ton: int = 1
    destination_npi: int = 1
    address_range: str = ""
    service_type: str = ""
    alphabet: DefaultAlphabet = DefaultAlphabet.GSM7
    joining: Joining = Joining.UDH
    payload: bool = False
    """The words go as ``message_payload`` and not as ``short_message``."""
    ids: MessageIds = field(default_factory=MessageIds)
    writing: Writing = field(
        default_factory=lambda: Writing(numbers=NumberForm.INTERNATIONAL, validity=Validity.RELATIVE, utc_offset=0.0)
    )
