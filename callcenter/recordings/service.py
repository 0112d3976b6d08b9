"""Recordings as a service: begun by themselves, listened to and deleted by people who may."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.internet.threads import deferToThread
from twisted.logger import Logger

from callcenter.administration.principal import Principal
from callcenter.bus import EventBus, Unsubscribe
from callcenter.clock import utc_now
from callcenter.errors import NotFoundError, UnavailableError
from callcenter.events import CallAnswered, CallEnded
from callcenter.recordings.collector import Collector
from callcenter.recordings.fields import Reason
from callcenter.recordings.files import RecordingFiles, RefusedError
from callcenter.recordings.rows import (
    Recording,
    begin_recording,
    delete_recording,
    describe_recordings,
    expire_recordings,
    find_recording,
    lose_recording,
    note_playback,
    removable_recordings,
    removed_recordings,
)
from callcenter.recordings.settings import RecordingSettings
from callcenter.tasks import TaskTracker
from callcenter.telephony.board import LineBoard
from callcenter.telephony.line_runner import LineRunner
from callcenter.text import N_
from hardware.line_device import Capability
from storage.database import Database
from storage.event_log import StoredEvent

_log = Logger(namespace="callcenter.recordings")

ONE_LISTENING_SECONDS = 600.0
"""Whoever seeks in a recording asks for it many times: so long that is one playback in the audit log."""


@dataclass(frozen=True)
class Playable:
    """A recording of ``size`` bytes, to be read in pieces. ``tag`` is another for other bytes."""

    files: RecordingFiles
    found: Recording
    size: int

    @property
    def tag(self) -> str:
        """Names these very bytes."""
        return f"{self.found.id}-{self.size}"

    async def read(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset`` on, read on a thread."""
        return await deferToThread(self.files.read, self.found.id, self.found.started_at, offset, count)


class RecordingService:
    """Limited, as calls are, to what the principal reaches; ``recordings.play`` and ``recordings.delete`` apart."""

    def __init__(
        self,
        database: Database,
        clock: IReactorTime,
        bus: EventBus,
        board: LineBoard,
        tasks: TaskTracker,
        settings: RecordingSettings,
    ) -> None:
        self._database = database
        self._clock = clock
        self._bus = bus
        self._board = board
        self._tasks = tasks
        self._settings = settings
        self._files = RecordingFiles(settings.folder)
        self.collector = Collector(database, clock, self._files, self._folder_of)
        # Calls that go on and of which a recording was asked; whatever was left behind is found on start.
        self._begun: set[int] = set()
        self._listening: dict[tuple[str, int], float] = {}
        self._unsubscribe: Unsubscribe = lambda: None

    @property
    def enabled(self) -> bool:
        """Whether calls are recorded on lines that can."""
        return self._settings.enabled

    async def start(self) -> None:
        """Record calls from now on; take over what is left from before."""
        self._unsubscribe = self._bus.subscribe(self._hear)
        await self.collector.start()

    async def stop(self) -> None:
        """Begin and take over nothing more."""
        self._unsubscribe()
        await self.collector.stop()

    async def describe(self, principal: Principal, call_ids: Collection[int]) -> dict[int, dict[str, Any]]:
        """Call id → ``state``, ``reason``, ``seconds`` and ``bytes`` of its recording; none without permission."""
        if not call_ids or not (principal.may("recordings.play") and principal.may("calls.view")):
            return {}
        return await self._database.read(describe_recordings, principal, call_ids)

    async def open(self, principal: Principal, call_id: int, *, listens: bool = True) -> Playable:
        """The recording of the call. Audited unless only asked about (``listens``).

        Needs ``recordings.play`` and ``calls.view``; ``NotFoundError`` if there is none within reach.
        """
        found = await self._database.read(find_recording, principal, call_id, "recordings.play")
        try:
            size = await deferToThread(self._files.size, found.id, found.started_at)
        except (OSError, RefusedError) as error:
            _log.error("the recording of call {call} cannot be read: {error}", call=call_id, error=str(error))
            raise NotFoundError(N_("The file of this recording cannot be read."), call_id=call_id) from error
        if listens:
            await self._note(principal, call_id)
        return Playable(self._files, found, size)

    async def delete(self, principal: Principal, call_id: int) -> None:
        """Delete the recording of the call; audited. Needs ``recordings.delete`` and ``calls.view``."""
        deleted = await self._database.run(delete_recording, principal, call_id, utc_now(self._clock))
        await self._remove([deleted])

    async def clean(self) -> int:
        """Delete what is kept long enough; take over what could not be before. How many were deleted."""
        now = utc_now(self._clock)
        count = total = await self._database.run(expire_recordings, now - self._settings.keep, now)
        while count:
            count = await self._database.run(expire_recordings, now - self._settings.keep, now)
            total += count
        while left := await self._database.read(removable_recordings):
            if not await self._remove(left):
                break
        await self.collector.resume()
        return total

    async def _remove(self, deleted: Sequence[Recording]) -> bool:
        """Remove the files of deleted recordings; whether any is gone. What cannot be is tried again by ``clean``."""
        gone = [one.call_id for one in deleted if await self._unlink(one)]
        await self._database.run(removed_recordings, gone)
        return bool(gone)

    async def _unlink(self, one: Recording) -> bool:
        try:
            await deferToThread(self._files.delete, one.id, one.started_at)
        except OSError as error:
            _log.error("the recording of call {call} stays on disk: {error}", call=one.call_id, error=error.strerror)
            return False
        return True

    async def _note(self, principal: Principal, call_id: int) -> None:
        now = self._clock.seconds()
        self._listening = {who: until for who, until in self._listening.items() if until > now}
        listener = principal.username, call_id
        if listener not in self._listening:
            await self._database.run(note_playback, principal, call_id, utc_now(self._clock))
            self._listening[listener] = now + ONE_LISTENING_SECONDS

    # While calls go on.

    def _hear(self, events: Sequence[StoredEvent]) -> None:
        for event in events:
            if event.type == CallEnded.type:
                self._ended(int(event.subject))
            elif event.type == CallAnswered.type and self._settings.enabled:
                self._answered(int(event.subject), event.data["line"]["id"])

    def _answered(self, call_id: int, line_id: int) -> None:
        runner = self._runner(line_id)
        if runner is not None and runner.can(Capability.RECORD):
            self._begun.add(call_id)
            self._tasks.start(self._begin(call_id, runner))

    def _ended(self, call_id: int) -> None:
        if call_id in self._begun:
            self._begun.discard(call_id)
            self.collector.expect(call_id)

    async def _begin(self, call_id: int, runner: LineRunner) -> None:
        """The record first, so that no file is ever there that nobody knows of."""
        # The token is what nobody else who may write into the device's folder can know beforehand.
        name = f"huifang-{call_id}-{secrets.token_hex(8)}.wav"
        begun = await self._database.run(begin_recording, call_id, name, utc_now(self._clock))
        if begun is None:
            return
        if runner.call_id != call_id:
            await self._database.run(lose_recording, call_id, Reason.TOO_SHORT)
            return
        try:
            runner.ask(lambda: runner.device.record(name))
        except UnavailableError as error:
            _log.error("call {call} is not recorded: {error}", call=call_id, error=error.message)
            await self._database.run(lose_recording, call_id, Reason.DEVICE)

    def _runner(self, line_id: int) -> LineRunner | None:
        return next((runner for runner in self._board if runner.line_id == line_id), None)

    def _folder_of(self, line_id: int) -> Path | None:
        runner = self._runner(line_id)
        return None if runner is None else runner.device.recordings
