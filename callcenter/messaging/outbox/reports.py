"""Writes down what gateways report, one transaction at a time. What comes meanwhile goes into the next one, so the more
there is, the more is written at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session
from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from callcenter.clock import utc_now
from callcenter.messaging.incoming.arrivals import Text, store_parts
from callcenter.messaging.outbox.settling import ANSWERS, Heard, settle
from callcenter.tasks import TaskTracker, pause
from protocols.sms import GatewaySignal, ReceiptArrived, TextArrived
from storage.database import Database
from storage.errors import PASSING

RETRY_SECONDS = 2.0
"""When the database takes nothing, reports are kept and offered again after so long."""
MOST_AT_ONCE = 2000
_KEPT = (*ANSWERS, ReceiptArrived, TextArrived)

_log = Logger(namespace="callcenter.messaging")


class Reports:
    """What gateways reported and is not on disk yet. Runs in ``tasks``. ``written`` is told of reports once they are on
    disk, with the texts that may be whole by them.
    """

    def __init__(
        self,
        database: Database,
        clock: IReactorTime,
        tasks: TaskTracker,
        written: Callable[[Sequence[Heard], Sequence[Text]], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._tasks = tasks
        self._tell_written = written
        self._heard: list[Heard] = []
        self._writing = False

    def add(self, gateway_id: int, signals: Sequence[GatewaySignal]) -> None:
        """A gateway reported; what concerns messages is kept until it is written."""
        self._heard += [Heard(gateway_id, one) for one in signals if type(one) in _KEPT]
        if self._heard and not self._writing:
            self._writing = True
            self._tasks.start(self._write())

    async def _write(self) -> None:
        try:
            while self._heard:
                batch = self._heard[:MOST_AT_ONCE]
                if await self._written(batch):
                    del self._heard[: len(batch)]
                else:
                    await pause(self._clock, RETRY_SECONDS)
        finally:
            self._writing = False

    async def _written(self, batch: Sequence[Heard]) -> bool:
        """Write ``batch``; False: the database takes nothing now."""
        try:
            texts = await self._database.run(_write_down, batch, utc_now(self._clock))
        except PASSING:
            _log.failure("reports of gateways cannot be written; they are kept and tried again")
            return False
        except CancelledError:
            raise
        except Exception:  # noqa: BLE001 - one report that cannot be written must not keep the others
            if len(batch) > 1:
                # One of them cannot be written: the others must not be lost with it.
                for one in batch:
                    if not await self._written([one]):
                        return False
                return True
            _log.failure("a report of gateway {gateway} cannot be written", gateway=batch[0].gateway_id)
            return True
        self._tell_written(batch, texts)
        return True


def _write_down(session: Session, batch: Sequence[Heard], now: datetime) -> list[Text]:
    settle(session, batch, now)
    arrived = [(one.gateway_id, one.signal) for one in batch if isinstance(one.signal, TextArrived)]
    return store_parts(session, arrived, now) if arrived else []
