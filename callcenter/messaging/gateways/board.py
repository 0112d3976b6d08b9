"""The gateways that run: each with its device, its state now, and what routing needs to know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from twisted.internet.base import DelayedCall
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from callcenter.clock import utc_now
from callcenter.messaging.gateways.posts import AWAY, Post
from callcenter.messaging.gateways.routing import Route
from callcenter.messaging.gateways.rows import Live, Passing, write_live
from callcenter.messaging.gateways.settings import Arrangement
from callcenter.tasks import Periodic, TaskTracker
from hardware.gateways.device import GatewayAbility, GatewayDevice, PushTaker
from protocols.sms import (
    BalanceTold,
    GatewayLost,
    GatewayPaused,
    GatewayReady,
    GatewaySignal,
    Part,
    PartAccepted,
    PartRefused,
    Refusal,
    StorageTold,
)
from storage.database import Database

DOWN_AFTER = 60.0
"""Seconds that a gateway may be away before somebody is told; one that refuses us is told at once."""
LOOK_SECONDS = 10.0
ATTEMPT_SECONDS = 1.0
"""How often it is looked when gateways that are away are connected to again."""
BALANCE_SECONDS = 900.0
"""How often a gateway is asked for its balance by itself."""
BALANCE_AGAIN = 60.0
"""So long it is not asked again because it became ready: one that comes and goes is not to be asked without end."""

Heard = Callable[[int, Sequence[GatewaySignal]], None]

_log = Logger(namespace="callcenter.messaging")


class GatewayBoard:
    """A ``Switchboard``. ``heard`` is told what concerns messages, ``free`` that somebody may have room."""

    def __init__(self, database: Database, clock: IReactorTime) -> None:
        self._database = database
        self._clock = clock
        self._tasks = TaskTracker("gateways", clock)
        self._look = Periodic(clock, LOOK_SECONDS, self._look_once)
        self._attempts = Periodic(clock, ATTEMPT_SECONDS, self._look_at_attempts)
        self._posts: dict[int, Post] = {}
        self._dirty: set[int] = set()
        self._writing = False
        self._timers: list[DelayedCall] = []
        self._stopped = False
        self._heard: Heard = lambda _, __: None
        self._free: Callable[[], None] = lambda: None

    @property
    def busy(self) -> int:
        """How many coroutines run."""
        return len(self._tasks) + self._look.running + self._attempts.running

    def __iter__(self) -> Iterator[Post]:
        return iter(list(self._posts.values()))

    def begin(self, heard: Heard, free: Callable[[], None]) -> None:
        """Report to these from now on."""
        self._heard, self._free = heard, free
        self._look.start()
        self._attempts.start()

    def get(self, gateway_id: int) -> Post | None:
        """The gateway, if it is at work or out of service."""
        return self._posts.get(gateway_id)

    def passing(self) -> dict[int, Passing]:
        """What is true of each for the moment."""
        return {post.gateway_id: self._passing(post) for post in self}

    def _passing(self, post: Post) -> Passing:
        return post.passing(self._clock.seconds(), utc_now(self._clock))

    def routes(self) -> Sequence[Route]:
        """See ``Switchboard``."""
        now = self._clock.seconds()
        return [post.route(now) for post in self._posts.values()]

    def submit(self, gateway_id: int, parts: Sequence[Part]) -> None:
        """See ``Switchboard``."""
        post = self._posts[gateway_id]
        if post.device is None:
            raise KeyError(gateway_id)
        post.throttling.handed(self._clock.seconds())
        post.device.submit(parts)

    def pushes(self, gateway_id: int) -> PushTaker | None:
        """What takes the pushes of a gateway's provider; None where there is nothing of the kind."""
        post = self._posts.get(gateway_id)
        return None if post is None or post.device is None else post.device.pushes

    def put(self, gateway_id: int, arrangement: Arrangement, device: GatewayDevice | None) -> None:
        """Have a gateway at work with ``device``, which is started; None: out of service."""
        now = utc_now(self._clock)
        before = self._posts.get(gateway_id)
        live = Live("connecting" if device is not None else "out_of_service", "", now)
        if before is not None:
            live = replace(live, balance=before.live.balance, balance_at=before.live.balance_at)
        self._posts[gateway_id] = Post(gateway_id, arrangement, device, live, self._clock.seconds())
        self._mark(gateway_id)
        if device is None:
            return
        try:
            device.set_trace(arrangement.trace)
            device.start(lambda signals: self._device_said(gateway_id, device, signals))
        except Exception as error:  # noqa: BLE001 - one gateway must not keep the others from starting
            _log.failure("gateway {gateway} cannot be started", gateway=gateway_id)
            self._became(gateway_id, "refused", str(error) or type(error).__name__)

    def arrange(self, gateway_id: int, arrangement: Arrangement) -> None:
        """Let the device as it is be used otherwise."""
        post = self._posts[gateway_id]
        if post.device is not None and post.arrangement.trace != arrangement.trace:
            post.device.set_trace(arrangement.trace)
        post.arrangement = arrangement
        self._mark(gateway_id)
        # Whoever has changed something wants to see what is left by now, and whether it is little.
        self._ask_balance(post, BALANCE_AGAIN)
        self._free()

    async def halt(self, gateway_id: int) -> None:
        """Stop the device of a gateway; what it reports meanwhile still counts."""
        post = self._posts[gateway_id]
        device, was = post.device, post.live
        post.live = replace(was, state="stopping", since=utc_now(self._clock))
        if device is not None:
            try:
                await device.stop()
            except Exception:  # noqa: BLE001 - the change goes on
                _log.failure("gateway {gateway} did not stop cleanly", gateway=gateway_id)
        post.device = None

    def drop(self, gateway_id: int) -> None:
        """There is no such gateway any more."""
        self._posts.pop(gateway_id, None)
        self._dirty.discard(gateway_id)

    async def stop(self, deadline: float = 5.0) -> None:
        """Stop every device, and write down that they are stopped."""
        self._stopped = True
        for timer in self._timers:
            if timer.active():
                timer.cancel()
        await self._look.stop()
        await self._attempts.stop()
        for post in self:
            if post.device is not None:
                await self.halt(post.gateway_id)
                self._became(post.gateway_id, "stopped", "")
        await self._tasks.drain(deadline)

    def _device_said(self, gateway_id: int, device: GatewayDevice, signals: Sequence[GatewaySignal]) -> None:
        post = self._posts.get(gateway_id)
        if post is not None and post.device is device:
            for signal in signals:
                if (hear := _SIGNALS.get(type(signal))) is not None:
                    hear(self, post, signal)
        # What became of messages counts whoever has the device now.
        self._heard(gateway_id, signals)

    def became_ready(self, post: Post, _: GatewayReady) -> None:
        """It takes messages."""
        post.next_attempt = None
        self._became(post.gateway_id, "ready", "")
        self._ask_balance(post, BALANCE_AGAIN)
        self._free()

    def was_lost(self, post: Post, signal: GatewayLost) -> None:
        """It does not, any more or yet."""
        state = "refused" if signal.refused else "lost"
        if (post.live.state, post.live.reason) != (state, signal.reason):
            self._became(post.gateway_id, state, signal.reason)

    def was_paused(self, post: Post, signal: GatewayPaused) -> None:
        """It asked us to be slower; it has room again after that."""
        now = self._clock.seconds()
        if post.asked_for_pause(signal, now):
            self._was_given_up(post)
        if post.pause(signal.seconds, signal.reason, now):
            self._mark(post.gateway_id)
        if not self._stopped:
            timers = [timer for timer in self._timers if timer.active()]
            # The interface is all that is asked of a clock; what comes back is a DelayedCall or its like.
            self._timers = [*timers, self._clock.callLater(signal.seconds, self._pause_over, post)]  # type: ignore[list-item]

    def _pause_over(self, post: Post) -> None:
        if post.pause_over(self._clock.seconds()) and self._posts.get(post.gateway_id) is post:
            self._mark(post.gateway_id)
        self._free()

    def took(self, post: Post, _: PartAccepted) -> None:
        """It took a message."""
        self._works(post)

    def _works(self, post: Post) -> None:
        if post.throttling.worked():
            _log.info("gateway {gateway} takes messages again", gateway=post.gateway_id)
            self._mark(post.gateway_id)
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
            self._mark(post.gateway_id)

    def try_soon(self, gateway_id: int) -> None:
        """Let the next message find out whether a gateway that is passed over takes any again."""
        if (post := self._posts.get(gateway_id)) is not None:
            post.throttling.hurry(self._clock.seconds())

    def _was_given_up(self, post: Post) -> None:
        _log.warn("gateway {gateway} takes no messages: others take over", gateway=post.gateway_id)
        self._mark(post.gateway_id)
        self._free()

    def told_balance(self, post: Post, signal: BalanceTold) -> None:
        """What its account still pays for."""
        post.live = replace(post.live, balance=signal.messages, balance_at=utc_now(self._clock))
        self._mark(post.gateway_id)

    def told_storage(self, post: Post, signal: StorageTold) -> None:
        """How much place it has for what comes in."""
        post.storage = signal
        self._mark(post.gateway_id)

    def _became(self, gateway_id: int, state: str, reason: str) -> None:
        post = self._posts[gateway_id]
        before = post.live
        if before.state == "stopping" and state != "stopped":
            return
        since = before.since
        if before.state not in AWAY or state not in AWAY:
            since, post.away_since = utc_now(self._clock), self._clock.seconds()
        down = state == "refused" or (state == "lost" and before.down)
        post.live = replace(before, state=state, reason=reason, since=since, down=down)
        self._mark(gateway_id)

    async def _look_once(self) -> None:
        self._begin_writing()
        now = self._clock.seconds()
        for post in self:
            away = post.live.state in ("lost", "connecting") and post.device is not None
            if away and not post.live.down and now - post.away_since >= DOWN_AFTER:
                post.live = replace(post.live, down=True)
                self._mark(post.gateway_id)
            self._ask_balance(post, BALANCE_SECONDS)

    async def _look_at_attempts(self) -> None:
        now = self._clock.seconds()
        for post in self:
            if post.live.state in AWAY and post.look_at_attempt(now):
                self._mark(post.gateway_id)

    def _ask_balance(self, post: Post, after: float) -> None:
        """Of a gateway that can tell it now, if it was not asked for ``after`` seconds."""
        now = self._clock.seconds()
        can = post.live.state == "ready" and post.abilities & GatewayAbility.BALANCE
        if post.device is not None and can and now - post.balance_asked >= after:
            post.balance_asked = now
            post.device.ask_balance()

    def _mark(self, gateway_id: int) -> None:
        """It is otherwise than it stands in the database."""
        self._dirty.add(gateway_id)
        self._begin_writing()

    def _begin_writing(self) -> None:
        if self._dirty and not self._writing:
            self._writing = True
            self._tasks.start(self._write())

    async def _write(self) -> None:
        try:
            while self._dirty:
                chosen, self._dirty = self._dirty, set()
                live = {
                    post.gateway_id: (post.live, self._passing(post))
                    for post in self
                    if post.gateway_id in chosen and post.live.state != "stopping"
                }
                if live:
                    try:
                        await self._database.run(write_live, live, utc_now(self._clock))
                    except BaseException:
                        # The next look tries again; until then what stands there is old.
                        self._dirty |= chosen
                        raise
        finally:
            self._writing = False


_SIGNALS: Mapping[type[GatewaySignal], Callable[[GatewayBoard, Post, Any], None]] = MappingProxyType(
    {
        GatewayReady: GatewayBoard.became_ready,
        GatewayLost: GatewayBoard.was_lost,
        GatewayPaused: GatewayBoard.was_paused,
        BalanceTold: GatewayBoard.told_balance,
        StorageTold: GatewayBoard.told_storage,
        PartAccepted: GatewayBoard.took,
        PartRefused: GatewayBoard.did_not_take,
    }
)
