"""Takes recordings over from the devices' folders when their calls are over."""

from __future__ import annotations

import errno
from collections.abc import Callable, Collection
from pathlib import Path

from twisted.internet.interfaces import IReactorTime
from twisted.internet.threads import deferToThread
from twisted.logger import Logger

from callcenter.recordings.fields import Reason
from callcenter.recordings.files import RecordingFiles, RefusedError
from callcenter.recordings.rows import (
    Recording,
    keep_recording,
    lose_recording,
    postpone_recording,
    waiting_recordings,
)
from callcenter.tasks import Periodic
from storage.database import Database

_log = Logger(namespace="callcenter.recordings")

INTERVAL_SECONDS = 3.0
# A device that has written nothing a minute after the call will not.
LOOKS = 20
_FULL = {errno.ENOSPC, errno.EDQUOT}


class Collector:
    """Looks again and again at the files of calls that are over; one that has stopped growing is complete.

    ``folder_of`` gives the folder of a line's device, None if it has none.
    """

    def __init__(
        self, database: Database, clock: IReactorTime, files: RecordingFiles, folder_of: Callable[[int], Path | None]
    ) -> None:
        self._database = database
        self._files = files
        self._folder_of = folder_of
        # Call id → sizes seen so far, None for no file.
        self._seen: dict[int, list[int | None]] = {}
        self._periodic = Periodic(clock, INTERVAL_SECONDS, self.collect)

    async def start(self) -> None:
        """Begin with what was left when the daemon stopped or was killed."""
        await self.resume()
        self._periodic.start()

    async def stop(self) -> None:
        """Look no more; a file that is being copied is finished first."""
        await self._periodic.stop()

    def expect(self, call_id: int) -> None:
        """The call is over; it may have been recorded."""
        self._seen.setdefault(call_id, [])

    async def resume(self) -> None:
        """Expect everything that is waiting, also what was given up for a while."""
        for one in await self._database.read(waiting_recordings):
            self.expect(one.call_id)

    async def collect(self) -> None:
        """Look once."""
        if not self._seen:
            return
        expected = list(self._seen)[:200]
        waiting = await self._database.read(waiting_recordings, expected)
        self._forget(set(expected) - {one.call_id for one in waiting})
        for one in waiting:
            await self._look(one)

    async def _look(self, one: Recording) -> None:
        folder = self._folder_of(one.line_id)
        try:
            size = None if folder is None else await deferToThread(self._files.look, folder, one.name)
            seen = self._seen[one.call_id] = [*self._seen[one.call_id][-LOOKS:], size]
            grows = size is not None and seen[-2:] != [size, size]
            missing = size is None and len(seen) < LOOKS
            if not grows and not missing:
                await self._take(one, folder)
        except FileNotFoundError:
            await self._lose(one, Reason.NO_FILE)
        except RefusedError as error:
            _log.error("the recording of call {call} is refused: {error}", call=one.call_id, error=str(error))
            await self._lose(one, Reason.REFUSED)
        except OSError as error:
            await self._postpone(one, error)

    async def _take(self, one: Recording, folder: Path | None) -> None:
        if folder is None:
            raise FileNotFoundError
        taken = await deferToThread(self._files.take_over, folder, one.name, one.id, one.started_at)
        await self._database.run(keep_recording, one.call_id, taken.size, taken.seconds)
        self._forget({one.call_id})

    async def _lose(self, one: Recording, reason: Reason) -> None:
        await self._database.run(lose_recording, one.call_id, reason)
        self._forget({one.call_id})

    async def _postpone(self, one: Recording, error: OSError) -> None:
        _log.error("the recording of call {call} stays: {error}", call=one.call_id, error=error.strerror)
        reason = Reason.DISK_FULL if error.errno in _FULL else Reason.UNREADABLE
        await self._database.run(postpone_recording, one.call_id, reason)
        self._forget({one.call_id})

    def _forget(self, call_ids: Collection[int]) -> None:
        for call_id in call_ids:
            self._seen.pop(call_id, None)
