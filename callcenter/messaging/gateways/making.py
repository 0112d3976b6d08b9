"""Makes of a gateway that is kept in the database what is needed to run it."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError
from twisted.logger import Logger

from callcenter.errors import InvalidError
from callcenter.messaging.gateways.rows import Kept
from callcenter.messaging.gateways.secret_box import SecretBox, SecretsUnreadableError
from callcenter.messaging.gateways.settings import OPTION, Arrangement, GatewayKinds, SetUp, read_kind, read_set_up
from callcenter.text import N_
from hardware.gateways.device import GatewayDevice
from hardware.gateways.letters import UNBOUND, Limits
from hardware.gateways.unusable import UnusableGateway

_log = Logger(namespace="callcenter.messaging")
_OTHER_KEY = N_("Its password was encrypted with another key. Type it in again.")


class GatewayMaker:
    """``kinds`` are those that can be set up; ``box`` opens what is kept secret."""

    def __init__(self, kinds: GatewayKinds, box: SecretBox) -> None:
        self._kinds = kinds
        self._box = box

    def secrets(self, kept: Kept) -> Mapping[str, str]:
        """Those that there are and that can be read."""
        try:
            return {name: value for name, value in self._box.open(kept.sealed).items() if value}
        except SecretsUnreadableError:
            return {}

    def set_up(self, kept: Kept) -> SetUp | None:
        """What was set up; None when nothing can be made of what is kept."""
        try:
            return self._read(kept)
        except (InvalidError, SecretsUnreadableError):
            return None

    def made(self, kept: Kept) -> tuple[Arrangement, GatewayDevice | None, Limits]:
        """Its arrangement, its device, None while it is out of service, and what that is bound to. A device that cannot
        be made is one that is lost and says why.
        """
        try:
            made = self._read(kept)
        except SecretsUnreadableError:
            return _salvaged(kept), UnusableGateway(_OTHER_KEY), UNBOUND
        except InvalidError as error:
            why = "; ".join(f"{name.removeprefix(OPTION)}: {words}" for name, words in error.fields.items())
            return _salvaged(kept), UnusableGateway(why or error.message), UNBOUND
        return made.arrangement, self.device(made), made.limits

    def device(self, made: SetUp) -> GatewayDevice | None:
        """The device alone, not started."""
        if not made.arrangement.in_service:
            return None
        try:
            return self._kinds.make(made.settings)
        except Exception as error:  # noqa: BLE001 - one gateway's settings must not keep the others from starting
            _log.failure("gateway {gateway}: no device can be made", gateway=made.arrangement.name)
            return UnusableGateway(str(error) or type(error).__name__)

    def _read(self, kept: Kept) -> SetUp:
        kind = read_kind(self._kinds.models, kept.kind)
        return read_set_up(self._kinds.models, kind, kept.arrangement, kept.options, self._box.open(kept.sealed))


def _salvaged(kept: Kept) -> Arrangement:
    try:
        return Arrangement.model_validate(kept.arrangement)
    except ValidationError:
        return Arrangement(name=str(kept.arrangement.get("name") or "?")[:40])
