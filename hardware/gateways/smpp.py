"""SMPP 3.4 gateways."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr
from twisted.internet.base import ReactorBase

from hardware.client_tls import client_tls
from hardware.gateways.device import GatewayAbility
from hardware.gateways.letters import letters_of
from hardware.gateways.pdu_gateway import PduGateway, Speaker
from hardware.gateways.pdu_settings import PRINTABLE, PduSettings
from hardware.gateways.settings import GatewayKind
from hardware.tcp_port import TcpOpener
from protocols.pdu_account import NumberForm, Validity
from protocols.smpp.codec import MOST_PASSWORD
from protocols.smpp.session import SmppTongue
from protocols.smpp.settings import DefaultAlphabet, IdForm, Joining, MessageIds, Role, SmppAccount

_ABILITIES = (
    GatewayAbility.LONG_TEXT | GatewayAbility.RECEIPTS | GatewayAbility.REPLIES | GatewayAbility.SENDER
)  # fmt: skip


class BindMode(enum.StrEnum):
    """As what we sign in."""

    TRANSCEIVER = "transceiver"
    PAIR = "pair"
    """By two connections: a transmitter and a receiver."""
    TRANSMITTER = "transmitter"
    """To send only: neither receipts nor replies come."""


_ROLES: Mapping[BindMode, Sequence[Role]] = {
    BindMode.TRANSCEIVER: (Role.TRANSCEIVER,),
    BindMode.PAIR: (Role.TRANSMITTER, Role.RECEIVER),
    BindMode.TRANSMITTER: (Role.TRANSMITTER,),
}


class SmppSettings(PduSettings):
    """One SMPP account. ``connections`` counts pairs with ``bind = "pair"``; for the others see ``SmppAccount``.

    With ``tls`` the certificate must name ``host`` and be signed by those in the PEM file ``authorities``, without one
    by those that the system trusts.
    """

    kind: Literal[GatewayKind.SMPP] = GatewayKind.SMPP
    port: int = Field(default=2775, ge=1, le=65535)
    tls: bool = False
    authorities: Path | None = None
    bind: BindMode = BindMode.TRANSCEIVER
    system_id: str = Field(min_length=1, max_length=15, pattern=PRINTABLE)
    password: SecretStr = Field(max_length=MOST_PASSWORD)
    system_type: str = Field(default="", max_length=12, pattern=PRINTABLE)
    service_type: str = Field(default="", max_length=5, pattern=PRINTABLE)
    source: str = Field(default="", max_length=20, pattern=PRINTABLE)
    source_ton: int = Field(default=0, ge=0, le=6)
    source_npi: int = Field(default=0, ge=0, le=18)
    destination_ton: int = Field(default=1, ge=0, le=6)
    destination_npi: int = Field(default=1, ge=0, le=18)
    address_range: str = Field(default="", max_length=40, pattern=PRINTABLE)
    alphabet: DefaultAlphabet = DefaultAlphabet.GSM7
    joining: Joining = Joining.UDH
    payload: bool = False
    answer_ids: IdForm = IdForm.TEXT
    receipt_ids: IdForm = IdForm.TEXT
    numbers: NumberForm = NumberForm.INTERNATIONAL
    validity: Validity = Validity.RELATIVE
    utc_offset: float = Field(default=0.0, ge=-12, le=14, multiple_of=0.25)

    @property
    def account(self) -> SmppAccount:
        """What a session needs."""
        return SmppAccount(
            system_id=self.system_id, password=self.password.get_secret_value(), system_type=self.system_type,
            source=self.source, source_ton=self.source_ton, source_npi=self.source_npi,
            destination_ton=self.destination_ton, destination_npi=self.destination_npi,
            address_range=self.address_range, service_type=self.service_type, alphabet=self.alphabet,
            joining=self.joining, payload=self.payload, ids=MessageIds(self.answer_ids, self.receipt_ids),
            writing=self.writing,
        )  # fmt: skip


def smpp_gateway(settings: SmppSettings, reactor: ReactorBase, trace_folder: Path) -> PduGateway:
    """The device for ``settings``, not started. Reads the authorities' file; ``PortError`` if that cannot be."""
    account = settings.account
    tls: Any = client_tls(settings.host, settings.authorities) if settings.tls else None
    speakers = [
        Speaker(
            SmppTongue(account, role, lambda: datetime.now(UTC)),
            TcpOpener(settings.address, reactor, tls),
            role.value,
            sends=role is not Role.RECEIVER,
        )
        for _ in range(settings.connections)
        for role in _ROLES[settings.bind]
    ]
    abilities = _ABILITIES
    if settings.bind is BindMode.TRANSMITTER:
        abilities &= ~(GatewayAbility.RECEIPTS | GatewayAbility.REPLIES)
    letters = letters_of(settings.kind, vars(settings))
    return PduGateway(settings, speakers, abilities, reactor, trace_folder, letters)
