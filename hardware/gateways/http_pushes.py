"""Answering a provider's pushes: yes only when what it says is written down, so that it brings the rest again."""

from __future__ import annotations

import json
from collections.abc import Mapping

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from hardware.gateways.device import PushAnswer
from hardware.gateways.http_arrivals import Arrivals
from protocols.clocks import wall_seconds
from protocols.http_sms.pushes import Pushed, PushError, Seen, read_push, verify

_log = Logger(namespace="hardware.gateways")

WRITE_SECONDS = 10.0
"""So long a push waits until what it says is written down."""
MOST_WAITING = 5000
"""With more than this not written down, nothing is taken."""


def _answer(status: int, result: int, words: str) -> PushAnswer:
    return PushAnswer(status, json.dumps({"result": result, "errmsg": words}).encode())


class Pushes:
    """Of the gateway ``name``. Without ``secret`` nothing is taken."""

    def __init__(self, name: str, secret: str, arrivals: Arrivals, clock: IReactorTime) -> None:
        self._name = name
        self._secret = secret
        self._arrivals = arrivals
        self._clock = clock
        self._seen = Seen()
        self._being_written: set[str] = set()

    async def take(self, body: bytes, headers: Mapping[str, str]) -> PushAnswer:
        """See ``PushTaker``."""
        try:
            verify(self._secret, headers, body, wall_seconds(self._clock))
            push = read_push(body)
        except PushError as error:
            return _answer(error.status, 1, str(error))
        pushed = push.pushed
        if self._arrivals.waiting > MOST_WAITING or any(one.identity in self._being_written for one in pushed):
            return _answer(503, 2, "busy")
        fresh = {one.identity: one for one in pushed if one.identity not in self._seen}
        again = [one.identity for one in pushed if not one.once and one.identity in self._seen]
        if fresh and not await self._written(fresh):
            return _answer(503, 2, "busy")
        self._seen.forget(again)
        if push.unread:
            # The answer is yes all the same: otherwise it would come again for ever, with the others.
            _log.warn(
                "gateway {gateway}: {unread} replies or receipts of {pushed} that were pushed cannot be read",
                gateway=self._name,
                unread=push.unread,
                pushed=push.unread + len(pushed),
            )
        return _answer(200, 0, "OK")

    async def _written(self, fresh: Mapping[str, Pushed]) -> bool:
        """Whether ``fresh`` is written down in time. Later is remembered, too: it will be pushed once more, even if the
        like of it may be new.
        """
        self._being_written |= fresh.keys()
        in_time: Deferred[bool] = Deferred()
        done = self._arrivals.add([one.crop for one in fresh.values()])
        done.addCallback(lambda _: self._done(fresh, in_time))
        return await in_time.addTimeout(WRITE_SECONDS, self._clock, lambda *_: False)

    def _done(self, fresh: Mapping[str, Pushed], in_time: Deferred[bool]) -> None:
        self._being_written -= fresh.keys()
        late = in_time.called
        self._seen.add(identity for identity, one in fresh.items() if one.once or late)
        if not late:
            in_time.callback(True)
