"""A gateway at work: how it is arranged, its device, and what it is now."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from callcenter.messaging.gateways.live import Live, Passing
from callcenter.messaging.gateways.routing import Route
from callcenter.messaging.gateways.settings import Arrangement
from callcenter.messaging.gateways.throttling import Throttling
from callcenter.messaging.outbox.attempts import read_key
from callcenter.messaging.texts.segments import Wording
from hardware.gateways.device import GatewayAbility, GatewayDevice
from hardware.gateways.letters import UNBOUND, Limits
from protocols.sms import GatewayPaused, PartRefused, StorageTold, with_code
from protocols.text import clean_text

AWAY = ("lost", "refused", "connecting")
PAUSE_TOLD = 10.0
"""Seconds of a pause that is told of: one that is shorter is over before somebody has read it."""
ATTEMPT_TOLD = 15.0
"""The same of the wait before it is connected to again. A wait that is shorter is written down with the next news."""
_REASON = 100


@dataclass
class Post:
    """A gateway at work. ``device`` is None while it is out of service; ``limits`` are what it is bound to then.

    Times are seconds of the clock, None or minus infinity for never: ``away_since`` is when it was last there
    (``live.since`` is by the time of the day, which may be set), ``balance_asked`` when it was asked for its balance,
    ``paused_until`` the end of a pause that is told of, with its ``pause_reason``, ``next_attempt`` when it is
    connected to again. ``not_now`` is what it said, in its own words, when others took over because it put off whatever
    it was given. ``storage`` is what this device told last.
    """

    gateway_id: int
    arrangement: Arrangement
    device: GatewayDevice | None
    live: Live
    away_since: float
    limits: Limits = UNBOUND
    balance_asked: float = float("-inf")
    throttling: Throttling = field(default_factory=Throttling)
    paused_until: float = float("-inf")
    pause_reason: str = ""
    next_attempt: float | None = None
    not_now: str = ""
    storage: StorageTold | None = None

    def pause(self, seconds: float, reason: str, now: float) -> bool:
        """It asked for a pause. Whether it is long enough, and the gateway without room by it, to be told of."""
        told = seconds >= PAUSE_TOLD and self.device is not None and not self.device.room
        if told:
            self.paused_until, self.pause_reason = now + seconds, clean_text(reason, _REASON)
        return told

    def pause_over(self, now: float) -> bool:
        """Whether a pause that was told of is over by now."""
        over = 0.0 <= self.paused_until <= now
        if over:
            self.paused_until = float("-inf")
        return over

    def refused(self, signal: PartRefused, now: float) -> bool:
        """It refused a part for a reason of its own. Whether others are to take over by that."""
        # Who does not tell the number told of one message at least, whose parts are refused together.
        number = signal.number or str(read_key(signal.key)[0])
        return self.throttling.refused(now, number, _words_of(signal))

    def put_off(self, signal: PartRefused, now: float) -> bool:
        """It did not take a part for now. Whether others are to take over by that."""
        given_up = self.throttling.put_off(now)
        self.not_now = _words_of(signal) if given_up else self.not_now
        return given_up

    def asked_for_pause(self, signal: GatewayPaused, now: float) -> bool:
        """It asked for a pause. Whether others are to take over by that."""
        given_up = self.throttling.paused(now, signal.seconds)
        self.not_now = clean_text(signal.reason, _REASON) if given_up else self.not_now
        return given_up

    def look_at_attempt(self, now: float) -> bool:
        """Note when it is connected to again. Whether that is new, and so late that it is worth to be told of."""
        at = None if self.device is None else self.device.next_attempt
        if at is None or at == self.next_attempt:
            return False
        told = self.next_attempt is not None and self.next_attempt > now
        self.next_attempt = at
        return told or at - now >= ATTEMPT_TOLD

    def passing(self, now: float, utc: datetime) -> Passing:
        """What is true of it for the moment: ``now`` in seconds of the clock, which is ``utc``."""
        away = self.live.state in AWAY and self.device is not None
        attempt = self.next_attempt if away and self.next_attempt is not None and self.next_attempt > now else None
        began = self.throttling.began if self.throttling.out else None
        paused = self.live.state == "ready" and self.paused_until > now

        def moment(at: float | None) -> datetime | None:
            return None if at is None else utc + timedelta(seconds=at - now)

        return Passing(
            tuple(self.abilities.names),
            moment(self.paused_until) if paused else None,
            self.pause_reason if paused else "",
            moment(began),
            moment(attempt),
            self.storage,
            self.throttling.refuses,
            self.not_now if self.throttling.out else "",
        )

    @property
    def abilities(self) -> GatewayAbility:
        """What it can do now."""
        return GatewayAbility.NONE if self.device is None else self.device.abilities

    def route(self, now: float) -> Route:
        """The gateway as routing sees it at ``now``, in seconds of the clock."""
        arranged, can = self.arrangement, self.abilities
        on_trial, refuses = self.throttling.on_trial(now), bool(self.throttling.refuses)
        # What would only be refused is not given: where nobody else takes it, it waits for what the one on trial finds.
        ready = self.device is not None and self.live.state == "ready" and (on_trial or not refuses)
        room = self.device.room if ready and self.device is not None else 0
        return Route(
            gateway_id=self.gateway_id,
            prefixes=arranged.prefixes,
            purposes=arranged.purposes,
            priority=arranged.priority,
            cost=arranged.cost,
            in_service=arranged.in_service,
            ready=ready,
            room=min(1, room) if refuses else room,
            wording=Wording(
                arranged.counting,
                arranged.signature,
                arranged.adds_signature,
                long_text=self.limits.joins if self.device is None else bool(can & GatewayAbility.LONG_TEXT),
                letters="" if self.device is None else self.device.letters,
                charset=(self.device or self.limits).charset,
                longest=(self.device or self.limits).longest,
            ),
            receipts=bool(can & GatewayAbility.RECEIPTS),
            number=arranged.number,
            picks_sender=bool(can & GatewayAbility.SENDER),
            throttled=self.throttling.out,
            on_trial=on_trial,
        )


def _words_of(signal: PartRefused) -> str:
    return clean_text(with_code(signal.words, signal.code), _REASON)
