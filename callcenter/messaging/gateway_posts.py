"""A gateway at work: how it is arranged, its device, and what it is now."""

from __future__ import annotations

from dataclasses import dataclass, field

from callcenter.messaging.gateway_rows import Live
from callcenter.messaging.gateway_settings import Arrangement
from callcenter.messaging.routing import Route
from callcenter.messaging.segments import Wording
from callcenter.messaging.throttling import Throttling
from hardware.gateways.device import GatewayAbility, GatewayDevice


@dataclass
class Post:
    """A gateway at work. ``device`` is None while it is out of service. ``away_since`` is when it was last there, in
    seconds of the clock: ``live.since`` is what the wall showed, which is set now and then. ``balance_asked`` is when
    it was asked for its balance.
    """

    gateway_id: int
    arrangement: Arrangement
    device: GatewayDevice | None
    live: Live
    away_since: float
    balance_asked: float = float("-inf")
    throttling: Throttling = field(default_factory=Throttling)

    @property
    def abilities(self) -> GatewayAbility:
        """What it can do now."""
        return GatewayAbility.NONE if self.device is None else self.device.abilities

    def route(self, now: float) -> Route:
        """The gateway as routing sees it at ``now``, in seconds of the clock."""
        arranged, can = self.arrangement, self.abilities
        ready = self.device is not None and self.live.state == "ready"
        return Route(
            gateway_id=self.gateway_id,
            prefixes=arranged.prefixes,
            purposes=arranged.purposes,
            priority=arranged.priority,
            cost=arranged.cost,
            in_service=arranged.in_service,
            ready=ready,
            room=self.device.room if ready and self.device is not None else 0,
            wording=Wording(
                arranged.counting,
                arranged.signature,
                arranged.adds_signature,
                long_text=bool(can & GatewayAbility.LONG_TEXT),
            ),
            receipts=bool(can & GatewayAbility.RECEIPTS),
            picks_sender=bool(can & GatewayAbility.SENDER),
            throttled=self.throttling.out,
            on_trial=self.throttling.on_trial(now),
        )
