"""What can be set on an account of a CMPP gateway."""

from __future__ import annotations

from dataclasses import dataclass, field

from protocols.pdu_account import Writing

LONGEST_SOURCE = 21
"""Octets of Src_Id (QB-GF-028-2003, section 7.4.3.1)."""
_CHINA = "86"


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

    def source(self, sender: str) -> str:
        """The Src_Id of a message from ``sender``: an extension, or all of the number that the patient wrote to, which
        some gateways tell with the country before it.

        What is too long for an extension is a number that was the account's once, and none that it may write by.
        """
        national = sender.removeprefix("+").removeprefix(_CHINA)
        for number in (sender, national):
            if number.startswith(self.sp_number):
                return number
        extended = self.sp_number + sender
        return extended if len(extended) <= LONGEST_SOURCE else self.sp_number
