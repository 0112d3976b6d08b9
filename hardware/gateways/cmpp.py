"""CMPP gateways, versions 2.0 and 3.0."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from twisted.internet.base import ReactorBase

from hardware.gateways.device import GatewayAbility
from hardware.gateways.letters import letters_of
from hardware.gateways.pdu_gateway import PduGateway, Speaker
from hardware.gateways.pdu_settings import PRINTABLE, PduSettings
from hardware.gateways.settings import GatewayKind
from hardware.tcp_port import TcpOpener
from protocols.cmpp.session import CmppTongue
from protocols.cmpp.settings import CmppAccount
from protocols.pdu_account import NumberForm, Validity

_ABILITIES = (
    GatewayAbility.LONG_TEXT | GatewayAbility.RECEIPTS | GatewayAbility.REPLIES | GatewayAbility.SENDER
)  # fmt: skip


class CmppSettings(PduSettings):
    """One CMPP account. ``sp_number`` (接入号) is what patients see; for the others see ``CmppAccount``."""

    kind: Literal[GatewayKind.CMPP2, GatewayKind.CMPP3] = GatewayKind.CMPP3
    port: int = Field(default=7890, ge=1, le=65535)
    sp_id: str = Field(min_length=1, max_length=6, pattern=PRINTABLE)
    secret: SecretStr = Field(min_length=1, max_length=200)
    sp_number: str = Field(default="", max_length=21, pattern=r"^[0-9]*$")
    service_id: str = Field(default="", max_length=10, pattern=PRINTABLE)
    msg_source: str = Field(default="", max_length=6, pattern=PRINTABLE)
    fee_user_type: int = Field(default=2, ge=0, le=3)
    fee_terminal: str = Field(default="", max_length=21, pattern=r"^[0-9]*$")
    fee_type: str = Field(default="01", max_length=2, pattern=PRINTABLE)
    fee_code: str = Field(default="0", max_length=6, pattern=PRINTABLE)
    level: int = Field(default=0, ge=0, le=9)
    gbk: bool = False
    numbers: NumberForm = NumberForm.NATIONAL
    validity: Validity = Validity.ABSOLUTE
    utc_offset: float = Field(default=8.0, ge=-12, le=14, multiple_of=0.25)

    @property
    def account(self) -> CmppAccount:
        """What a session needs."""
        return CmppAccount(
            sp_id=self.sp_id, secret=self.secret.get_secret_value(), sp_number=self.sp_number,
            version=2 if self.kind is GatewayKind.CMPP2 else 3, service_id=self.service_id,
            msg_source=self.msg_source, fee_user_type=self.fee_user_type, fee_terminal=self.fee_terminal,
            fee_type=self.fee_type, fee_code=self.fee_code, level=self.level, gbk=self.gbk,
            writing=self.writing,
        )  # fmt: skip


def cmpp_gateway(settings: CmppSettings, reactor: ReactorBase, trace_folder: Path) -> PduGateway:
    """The device for ``settings``, not started."""
    account = settings.account
    speakers = [
        Speaker(CmppTongue(account, lambda: datetime.now(UTC)), TcpOpener(settings.address, reactor))
        for _ in range(settings.connections)
    ]
    letters = letters_of(settings.kind, vars(settings))
    return PduGateway(settings, speakers, _ABILITIES, reactor, trace_folder, letters)
