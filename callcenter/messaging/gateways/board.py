"""The gateways that run: each with its device, its state now, and what routing needs to know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from callcenter.clock import utc_now
from callcenter.messaging.gateways.live import Live, Passing
from callcenter.messaging.gateways.posts import Post
from callcenter.messaging.gateways.routing import Route
from callcenter.messaging.gateways.rows import write_live
from callcenter.messaging.gateways.settings import Arrangement
from callcenter.messaging.gateways.supervision import Supervision
from callcenter.tasks import Periodic, TaskTracker
from hardware.gateways.device import GatewayDevice, PushTaker
from hardware.gateways.letters import UNBOUND, Limits
from protocols.sms import (
    GatewaySignal,
    Part,
)
from storage.database import Database

LOOK_SECONDS = 10.0
ATTEMPT_SECONDS = 1.0
"""How often it is looked when gateways that are away are connected to again."""

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
        self._supervision = Supervision(clock, self._changed, self._tell_free)
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

    def put(
        self, gateway_id: int, arrangement: Arrangement, device: GatewayDevice | None, limits: Limits = UNBOUND
    ) -> None:
        """Have a gateway at work with ``device``, which is started; None: out of service, where ``limits`` say what it
        can carry when it is back.
        """
        now = utc_now(self._clock)
        before = self._posts.get(gateway_id)
        live = Live("connecting" if device is not None else "out_of_service", "", now)
        if before is not None:
            live = replace(live, balance=before.live.balance, balance_at=before.live.balance_at)
        self._posts[gateway_id] = Post(gateway_id, arrangement, device, live, self._clock.seconds(), limits)
        self._mark(gateway_id)
        if device is None:
            return
        try:
            device.set_trace(arrangement.trace)
            device.start(lambda signals: self._device_said(gateway_id, device, signals))
        except Exception as error:  # noqa: BLE001 - one gateway must not keep the others from starting
            _log.failure("gateway {gateway} cannot be started", gateway=gateway_id)
            self._supervision.became(self._posts[gateway_id], "refused", str(error) or type(error).__name__)

    def arrange(self, gateway_id: int, arrangement: Arrangement) -> None:
        """Let the device as it is be used otherwise."""
        post = self._posts[gateway_id]
        if post.device is not None and post.arrangement.trace != arrangement.trace:
            post.device.set_trace(arrangement.trace)
        post.arrangement = arrangement
        self._mark(gateway_id)
        # Whoever has changed something wants to see what is left by now, and whether it is little.
        self._supervision.ask_balance(post)
        self._free()

    async def halt(self, gateway_id: int) -> None:
        """Stop the device of a gateway; what it reports meanwhile still counts."""
        await self._halt(self._posts[gateway_id])

    async def _halt(self, post: Post) -> None:
        device = post.device
        post.live = replace(post.live, state="stopping", since=utc_now(self._clock))
        if device is not None:
            try:
                await device.stop()
            except Exception:  # noqa: BLE001 - the change goes on
                _log.failure("gateway {gateway} did not stop cleanly", gateway=post.gateway_id)
        post.device = None

    def drop(self, gateway_id: int) -> None:
        """There is no such gateway any more."""
        self._posts.pop(gateway_id, None)
        self._dirty.discard(gateway_id)

    async def stop(self, deadline: float = 5.0) -> None:
        """Stop every device, all at the same time, and write down that they are stopped."""
        self._supervision.stop()
        await self._look.stop()
        await self._attempts.stop()
        # One waits for answers as long as it has patience for: one after the other they would have none left.
        await gatherResults([Deferred.fromCoroutine(self._end(post)) for post in self if post.device is not None])
        await self._tasks.drain(deadline)

    async def _end(self, post: Post) -> None:
        await self._halt(post)
        self._supervision.became(post, "stopped", "")

    def _device_said(self, gateway_id: int, device: GatewayDevice, signals: Sequence[GatewaySignal]) -> None:
        post = self._posts.get(gateway_id)
        if post is not None and post.device is device:
            self._supervision.hear(post, signals)
        # What became of messages counts whoever has the device now.
        self._heard(gateway_id, signals)

    def try_soon(self, gateway_id: int) -> None:
        """Let the next message find out whether a gateway that is passed over takes any again."""
        if (post := self._posts.get(gateway_id)) is not None:
            post.throttling.hurry(self._clock.seconds())

    async def _look_once(self) -> None:
        self._begin_writing()
        self._supervision.look(self)

    async def _look_at_attempts(self) -> None:
        self._supervision.look_at_attempts(self)

    def _tell_free(self) -> None:
        self._free()

    def _changed(self, post: Post) -> None:
        if self._posts.get(post.gateway_id) is post:
            self._mark(post.gateway_id)

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
