"""What can be set on a gateway that is spoken to in PDUs over TCP."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from hardware.gateways.settings import GatewaySettings
from hardware.port_address import TcpAddress
from protocols.pdu_account import NumberForm, Validity, Writing
from protocols.sms_actions import SmsLimits, SmsTimings

PRINTABLE = r"^[ -~]*$"
COUNTRY = r"^[1-9][0-9]{0,3}$"
HOST = r"^[0-9A-Za-z_.:%-]{1,253}$"


class PduSettings(GatewaySettings):
    """``rate`` is that of all connections together, ``window`` that of each. Times are in seconds.

    ``utc_offset``, in hours, is that of the gateway's clock; ``country`` is what national numbers lack.
    """

    # A password that is wrong in form is still a password.
    model_config = ConfigDict(hide_input_in_errors=True)

    host: str = Field(pattern=HOST)
    port: int = Field(ge=1, le=65535)
    connections: int = Field(default=1, ge=1, le=16)
    heartbeat: float = Field(default=60.0, ge=5, le=600)
    answer_timeout: float = Field(default=60.0, ge=5, le=600)
    numbers: NumberForm
    country: str = Field(default="86", pattern=COUNTRY)
    validity: Validity
    utc_offset: float = Field(ge=-12, le=14, multiple_of=0.25)

    @property
    def address(self) -> TcpAddress:
        """Where the gateway is."""
        return TcpAddress(self.host, self.port)

    @property
    def writing(self) -> Writing:
        """How numbers and times are written."""
        return Writing(self.numbers, self.country, self.validity, self.utc_offset)

    @property
    def timings(self) -> SmsTimings:
        """Those of a session."""
        return SmsTimings(answer=self.answer_timeout, heartbeat=self.heartbeat)

    @property
    def limits(self) -> SmsLimits:
        """Those of one connection."""
        return SmsLimits(self.rate / self.connections, self.window)
