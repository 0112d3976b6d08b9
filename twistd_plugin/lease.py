"""One daemon at a time works with a database.

A second one that is started beside it by mistake ends at once, with a word. It would call in doubt what the first has
in hand and send some of it again, before it noticed that the port is taken, too.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from callcenter.clock import utc_now
from callcenter.tasks import Periodic, pause
from storage.database import Database
from storage.leases import Held, Process, beat_lease, release_lease, take_lease
from twistd_plugin.processes import is_running, this_process
from twistd_plugin.stages import StageFailedError

_log = Logger(namespace="callcenter.daemon")

BEAT_SECONDS = 5.0
"""How often the daemon says that it lives."""
DEAD_AFTER_SECONDS = 20.0
"""After so long without a beat it is dead for those who cannot look for its process."""
LOOK_SECONDS = 1.0


class LeaseHeldError(StageFailedError):
    """Another daemon works with the database. The message says which."""


class DatabaseLease:
    """Has the lease of ``database`` from ``start`` to ``stop``.

    ``lost`` fires with the reason when another daemon has it meanwhile: this one was cut off from the database, or
    stood still, for longer than ``DEAD_AFTER_SECONDS``, and must end.
    """

    def __init__(self, database: Database, clock: IReactorTime) -> None:
        self._database = database
        self._clock = clock
        self._token = secrets.token_hex(16)
        self._periodic = Periodic(clock, BEAT_SECONDS, self._beat)
        self.lost: Deferred[str] = Deferred()

    async def start(self) -> None:
        """Take the lease. One whose holder has died is taken at once where that can be seen, else when its beat has not
        moved for ``DEAD_AFTER_SECONDS``.

        Raises ``LeaseHeldError`` when the holder lives.
        """
        dead: Held | None = None
        seen: Held | None = None
        since = 0.0
        while True:
            held, running = await self._database.run(self._take, utc_now(self._clock), dead)
            if held is None:
                break
            if running or (seen is not None and held != seen):
                raise LeaseHeldError(f"{_words(held)} works with this database; end it first")
            # Counted from the first look's answer: that may have come late, and of a beat it says nothing.
            if running is False or (seen is not None and self._clock.seconds() - since >= DEAD_AFTER_SECONDS):
                dead = held
                continue
            if seen is None:
                seen, since = held, self._clock.seconds()
                _log.warn(
                    "{who} had this database last; waiting up to {seconds:.0f} s for a sign of its life",
                    who=_words(held),
                    seconds=DEAD_AFTER_SECONDS,
                )
            await pause(self._clock, LOOK_SECONDS)
        self._periodic.start()

    async def stop(self) -> None:
        """Give it back. A database that is away is no reason not to stop."""
        await self._periodic.stop()
        try:
            await self._database.run(release_lease, self._token)
        except Exception as error:  # noqa: BLE001 - the text of a database error may hold values
            _log.warn("the lease of the database was not given back ({error})", error=type(error).__name__)

    def _take(self, session: Session, at: datetime, dead: Held | None) -> tuple[Held | None, bool | None]:
        """On a thread of the database, and by the process that runs: a daemon has another number than what made it."""
        address = _address(self._database.url)
        held = take_lease(session, self._token, _at(this_process(), address), at, dead)
        return held, None if held is None else _is_running(held.process, address)

    async def _beat(self) -> None:
        if not await self._database.run(beat_lease, self._token) and not self.lost.called:
            self.lost.callback("another daemon works with this database")


def _address(url: URL) -> str:
    """Tells one database from another, as they are known here. A copy of a database names the process that works with
    the original.
    """
    is_file = url.get_backend_name() == "sqlite"
    words = str(Path(url.database or "").resolve()) if is_file else url.render_as_string(hide_password=True)
    return sha256(words.encode()).hexdigest()[:16]


def _at(process: Process, address: str) -> Process:
    return replace(process, place=f"{process.place} {address}") if process.place else process


def _is_running(process: Process, address: str) -> bool | None:
    place, _, theirs = process.place.rpartition(" ")
    return is_running(replace(process, place=place)) if theirs == address else None


def _words(held: Held) -> str:
    process = f"process {held.process.pid}" if held.process.pid is not None else "a process"
    return f"a daemon ({process} on {held.process.host}, since {held.since:%Y-%m-%d %H:%M} UTC)"
