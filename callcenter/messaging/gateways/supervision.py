"""Keeps what is known of gateways at work as their devices tell it: ready, lost, paused, throttled, out of credit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from callcenter.clock import utc_now
from callcenter.messaging.gateways.posts import AWAY, Post
from hardware.gateways.device import GatewayAbility
from protocols.sms import (
    BalanceTold,
    GatewayLost,
    GatewayPaused,
    GatewayReady,
    GatewaySignal,
    PartAccepted,
    PartRefused,
    Refusal,
    StorageTold,
)

DOWN_AFTER = 60.0
"""Seconds that a gateway may be away before somebody is told; one that refuses us is told at once."""
BALANCE_SECONDS = 900.0
"""How often a gateway is asked for its balance by itself."""
BALANCE_AGAIN = 60.0
"""So long it is not asked again because it became ready: one that comes and goes is not to be asked without end."""

_log = Logger(namespace="callcenter.messaging")


class Supervision:
    """``changed`` is told of each gateway that is otherwise than before, ``free`` that somebody may have room."""

    def __init__(self, clock: IReactorTime, changed: Callable[[Post], None], free: Callable[[], None]) -> None:
        self._clock = clock
        self._changed = changed
        self._free = free
        self._timers: list[IDelayedCall] = []
        self._stopped = False

    def stop(self) -> None:
        """Wait for the end of no pause any more."""
        self._stopped = True
        for timer in self._timers:
            if timer.active():
                timer.cancel()

    def hear(self, post: Post, signals: Sequence[GatewaySignal]) -> None:
        """The gateway's device says this."""
        for signal in signals:
            if (heed := _SIGNALS.get(type(signal))) is not None:
                heed(self, post, signal)

    def became_ready(self, post: Post, _: GatewayReady) -> None:
        """It takes messages."""
        post.next_attempt = None
        self.became(post, "ready", "")
        self.ask_balance(post)
        self._free()

    def was_lost(self, post: Post, signal: GatewayLost) -> None:
        """It does not, any more or yet."""
        state = "refused" if signal.refused else "lost"
        if (post.live.state, post.live.reason) != (state, signal.reason):
            self.became(post, state, signal.reason)

    def was_paused(self, post: Post, signal: GatewayPaused) -> None:
        """It asked us to be slower; it has room again after that."""
        now = self._clock.seconds()
        if post.asked_for_pause(signal, now):
            self._was_given_up(post)
        if post.pause(signal.seconds, signal.reason, now):
            self._changed(post)
        if not self._stopped:
            timers = [timer for timer in self._timers if timer.active()]
            self._timers = [*timers, self._clock.callLater(signal.seconds, self._pause_over, post)]

    def _pause_over(self, post: Post) -> None:
        if post.pause_over(self._clock.seconds()):
            self._changed(post)
        self._free()

    def took(self, post: Post, _: PartAccepted) -> None:
        """It took a message."""
        self._works(post)

    def _works(self, post: Post) -> None:
        if post.throttling.worked():
            _log.info("gateway {gateway} takes messages again", gateway=post.gateway_id)
            self._changed(post)
            self._free()

    def did_not_take(self, post: Post, signal: PartRefused) -> None:
        """It refused a message: for now, or it found what is wrong with it."""
        match signal.refusal:
            case Refusal.LATER:
                if post.put_off(signal, self._clock.seconds()):
                    self._was_given_up(post)
            case Refusal.NEVER:
                self._works(post)
            case Refusal.GATEWAY:
                # One that judges itself is lost by then, and says why.
                if post.live.state == "ready":
                    self._refused(post, signal)

    def _refused(self, post: Post, signal: PartRefused) -> None:
        known = post.throttling.refuses
        if post.refused(signal, self._clock.seconds()):
            self._was_given_up(post)
        elif post.throttling.refuses != known:
            self._changed(post)

    def _was_given_up(self, post: Post) -> None:
        _log.warn("gateway {gateway} takes no messages: others take over", gateway=post.gateway_id)
        self._changed(post)
        self._free()

    def told_balance(self, post: Post, signal: BalanceTold) -> None:
        """What its account still pays for."""
        post.live = replace(post.live, balance=signal.messages, balance_at=utc_now(self._clock))
        self._changed(post)

    def told_storage(self, post: Post, signal: StorageTold) -> None:
        """How much place it has for what comes in."""
        post.storage = signal
        self._changed(post)

    def became(self, post: Post, state: str, reason: str) -> None:
        """It is in ``state`` now, because of ``reason``."""
        before = post.live
        if before.state == "stopping" and state != "stopped":
            return
        since = before.since
        if before.state not in AWAY or state not in AWAY:
            since, post.away_since = utc_now(self._clock), self._clock.seconds()
        down = state == "refused" or (state == "lost" and before.down)
        post.live = replace(before, state=state, reason=reason, since=since, down=down)
        self._changed(post)

    def look(self, posts: Iterable[Post]) -> None:
        """Some are away for too long by now, and some were not asked for their balance for long."""
        now = self._clock.seconds()
        for post in posts:
            away = post.live.state in ("lost", "connecting") and post.device is not None
            if away and not post.live.down and now - post.away_since >= DOWN_AFTER:
                post.live = replace(post.live, down=True)
                self._changed(post)
            self.ask_balance(post, BALANCE_SECONDS)

    def look_at_attempts(self, posts: Iterable[Post]) -> None:
        """It may be known by now when some that are away are connected to again."""
        now = self._clock.seconds()
        for post in posts:
            if post.live.state in AWAY and post.look_at_attempt(now):
                self._changed(post)

    def ask_balance(self, post: Post, after: float = BALANCE_AGAIN) -> None:
        """Of a gateway that can tell it now, if it was not asked for ``after`` seconds."""
        now = self._clock.seconds()
        can = post.live.state == "ready" and post.abilities & GatewayAbility.BALANCE
        if post.device is not None and can and now - post.balance_asked >= after:
            post.balance_asked = now
            post.device.ask_balance()


_SIGNALS: Mapping[type[GatewaySignal], Callable[[Supervision, Post, Any], None]] = MappingProxyType(
    {
        GatewayReady: Supervision.became_ready,
        GatewayLost: Supervision.was_lost,
        GatewayPaused: Supervision.was_paused,
        BalanceTold: Supervision.told_balance,
        StorageTold: Supervision.told_storage,
        PartAccepted: Supervision.took,
        PartRefused: Supervision.did_not_take,
    }
)
