"""What can be set on an account of a CMPP gateway."""

from __future__ import annotations

from dataclasses import dataclass, field

from protocols.pdu_account import Writing


@dataclass(frozen=True)
class CmppAccount:
    """``sp_id`` is the Source_Addr of the sign-in; ``msg_source`` stands in every message and is usually the same.

    ``sp_number`` (接入号) is what patients see, an extension may follow it. The fee fields are as in SUBMIT.
    """

    sp_id: str
    secret: str = field(repr=False)
    sp_number: str = ""
    version: int = 3
    service_id: str = ""
    msg_source: str = ""
    fee_user_type: int = 2
    fee_terminal: str = ""
    fee_type: str = "01"
    fee_code: str = "0"
    level: int = 0
    gbk: bool = False
    """Chinese is written in GBK (15) and not in UCS2 (8)."""
    writing: Writing = field(default_factory=Writing)
