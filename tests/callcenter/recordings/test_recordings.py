"""A recording from the first word to its deletion, on a real database and a real disk."""

from __future__ import annotations

import errno
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import NotAllowedError, NotFoundError
from callcenter.recordings.collector import LOOKS
from callcenter.recordings.service import ONE_LISTENING_SECONDS
from callcenter.recordings.settings import RecordingSettings
from hardware.line_device import Capability
from protocols.signals import Answered, CallerIdentified, CommandFailed, Ended, HandsetLifted, HandsetReplaced, Rang
from storage.database import Database
from storage.models import AuditEntry, CallRecording
from tests.peers.call_center import ANNA, DORA, NOW, SUSAN, CallCenter, clock_at, every_row, fill, principal
from tests.peers.scripted_line import MODEM
from tests.protocols.test_wav import wav

ADMIN = principal(None, "admin", "administrator", None)  # type: ignore[arg-type]
SOUND = wav(b"\1\2" * 16_000)


@dataclass
class Studio:
    """A hospital whose first line records into ``spool``."""

    hospital: CallCenter
    spool: Path
    kept: Path

    @property
    def recordings(self) -> Any:
        return self.hospital.telephony.recordings

    @property
    def asked(self) -> list[str]:
        return [name for command, name in self.hospital.line.asked if command == "record"]

    async def call(self, *, sound: bytes | None = SOUND) -> int:
        """A call that is recorded, and over."""
        await self.hospital.hear(Rang(), CallerIdentified("13800138000"), Answered())
        if sound is not None:
            (self.spool / self.asked[-1]).write_bytes(sound)
        await self.hospital.hear(Ended(by_far_end=True))
        return int(self.hospital.last("call.ended")["id"])

    async def collect(self, times: int = 2) -> None:
        for _ in range(times):
            await self.recordings.collector.collect()

    async def recording(self, call_id: int) -> Any:
        return (await self.recordings.describe(SUSAN, [call_id])).get(call_id)

    async def recorded(self) -> int:
        call_id = await self.call()
        await self.collect()
        assert (await self.recording(call_id))["state"] == "kept"
        return call_id

    def files(self) -> list[str]:
        return sorted(path.name for path in self.kept.rglob("*") if path.is_file())


def audited(session: Session) -> list[tuple[str, str, Any]]:
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [(entry.username, entry.action, entry.after) for entry in entries if "recording" in entry.action]


@pytest_twisted.async_yield_fixture
async def studio(database: Database, tmp_path: Path) -> AsyncIterator[Studio]:
    await database.run(fill)
    settings = RecordingSettings(tmp_path / "recordings", enabled=True, keep=timedelta(days=30))
    hospital = CallCenter(database, clock_at(NOW), recordings=settings)
    spool = tmp_path / "spool"
    spool.mkdir()
    hospital.line.capabilities, hospital.line.recordings = MODEM | Capability.RECORD, spool
    await hospital.telephony.start()
    await hospital.settle()
    yield Studio(hospital, spool, tmp_path / "recordings")
    await hospital.telephony.stop()


@pytest_twisted.ensureDeferred
async def test_a_call_is_recorded_taken_over_played_and_deleted(studio: Studio) -> None:
    call_id = await studio.call()
    assert await studio.recording(call_id) == {"state": "recording", "reason": "", "seconds": None, "bytes": None}
    await studio.collect()
    assert await studio.recording(call_id) == {"state": "kept", "reason": "", "seconds": 2, "bytes": len(SOUND)}
    assert list(studio.spool.iterdir()) == []
    playable = await studio.recordings.open(SUSAN, call_id)
    assert playable.size == len(SOUND)
    assert await playable.read(40, 8) == SOUND[40:48]
    await studio.recordings.delete(ADMIN, call_id)
    assert studio.files() == []
    assert await studio.recording(call_id) == {"state": "deleted", "reason": "by_hand", "seconds": 2, "bytes": None}
    with pytest.raises(NotFoundError):
        await studio.recordings.open(SUSAN, call_id)
    assert await studio.hospital.look(audited) == [
        ("susan", "play-recording", None),
        ("admin", "delete-recording", {"recording": "by_hand"}),
    ]


@pytest_twisted.ensureDeferred
async def test_a_file_that_grows_is_left_until_it_does_not(studio: Studio) -> None:
    call_id = await studio.call(sound=SOUND[:1000])
    await studio.collect(1)
    file = studio.spool / studio.asked[0]
    file.write_bytes(SOUND)
    await studio.collect(1)
    assert (await studio.recording(call_id))["state"] == "recording"
    await studio.collect(1)
    assert (await studio.recording(call_id))["seconds"] == 2


@pytest_twisted.ensureDeferred
async def test_only_lines_that_can_record_are_asked(studio: Studio) -> None:
    await studio.hospital.hear(Rang(), Answered(), Ended(by_far_end=True), line=1)
    assert [command for command, _ in studio.hospital.devices[1].asked] == []
    assert await studio.hospital.look(lambda session: list(session.scalars(select(CallRecording.id)))) == []


@pytest_twisted.ensureDeferred
async def test_nothing_is_recorded_unless_the_hospital_says_so(studio: Studio) -> None:
    studio.recordings._settings = replace(studio.recordings._settings, enabled=False)
    await studio.hospital.hear(Rang(), Answered(), Ended(by_far_end=True))
    assert studio.asked == []


@pytest_twisted.ensureDeferred
async def test_a_call_on_the_handset_is_not_recorded_and_says_why(studio: Studio) -> None:
    hospital = studio.hospital
    notes = len(hospital.told("line.updated"))
    await hospital.hear(Rang(), HandsetLifted())
    call_id = hospital.last("call.answered")["id"]
    # What a modem says that is on hook.
    await hospital.hear(CommandFailed("record", "on hook"))
    found = await studio.recording(call_id)
    assert (found["state"], found["reason"]) == ("none", "handset")
    await hospital.hear(HandsetReplaced())
    await studio.collect(LOOKS + 1)
    assert (await studio.recording(call_id))["state"] == "none"
    assert [event.data["note"] for event in hospital.told("line.updated")[notes:] if event.data["note"]] == []


@pytest_twisted.ensureDeferred
async def test_a_call_that_cannot_be_recorded_goes_on_and_says_why(studio: Studio) -> None:
    hospital = studio.hospital
    await hospital.hear(Rang(), Answered())
    await hospital.hear(CommandFailed("record", "the PBX refuses: Permission denied"))
    call_id = hospital.last("call.answered")["id"]
    assert (await studio.recording(call_id))["state"] == "lost"
    assert (await studio.recording(call_id))["reason"] == "device"
    assert hospital.last("line.updated")["note"] == "recording failed: the PBX refuses: Permission denied"
    assert (await hospital.telephony.calls.get(SUSAN, call_id))["state"] == "talking"
    await hospital.hear(Ended(by_far_end=True))
    hospital.line.broken = "unplugged"
    await hospital.hear(Rang(), Answered())
    assert (await studio.recording(hospital.last("call.answered")["id"]))["reason"] == "device"


@pytest_twisted.ensureDeferred
async def test_no_file_and_a_wrong_file_are_said(studio: Studio) -> None:
    missing = await studio.call(sound=None)
    await studio.collect(LOOKS - 1)
    assert (await studio.recording(missing))["state"] == "recording"
    await studio.collect(1)
    assert (await studio.recording(missing))["reason"] == "no_file"
    link = await studio.call(sound=None)
    (studio.spool / studio.asked[-1]).symlink_to("/etc/passwd")
    await studio.collect(1)
    assert (await studio.recording(link))["reason"] == "refused"
    assert studio.files() == []


@pytest_twisted.ensureDeferred
async def test_a_full_disk_is_waited_for(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    call_id = await studio.call()
    await studio.collect(1)
    with monkeypatch.context() as full:

        def no_room(descriptor: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        full.setattr(os, "fsync", no_room)
        studio.recordings.collector.expect(call_id)
        files = studio.recordings._files
        full.setattr(files, "take_over", lambda *_: no_room(0))
        await studio.collect(2)
    found = await studio.recording(call_id)
    assert (found["state"], found["reason"]) == ("recording", "disk_full")
    assert len(list(studio.spool.iterdir())) == 1
    await studio.collect(3)
    assert (await studio.recording(call_id))["state"] == "recording"
    await studio.recordings.clean()
    await studio.collect(2)
    assert (await studio.recording(call_id))["state"] == "kept"


@pytest_twisted.ensureDeferred
async def test_what_a_crash_left_behind_is_taken_over_on_start(studio: Studio) -> None:
    call_id = await studio.call()
    await studio.recordings.stop()
    studio.recordings.collector._seen.clear()
    await studio.recordings.start()
    await studio.collect(2)
    assert (await studio.recording(call_id))["state"] == "kept"


@pytest_twisted.ensureDeferred
async def test_recordings_are_deleted_when_their_time_is_over(studio: Studio) -> None:
    call_id = await studio.recorded()
    assert await studio.recordings.clean() == 0
    studio.hospital.clock.rightNow += timedelta(days=31).total_seconds()
    assert await studio.recordings.clean() == 1
    assert studio.files() == []
    assert (await studio.recording(call_id))["reason"] == "expired"
    assert await studio.hospital.look(audited) == [("system", "delete-recording", {"recording": "expired"})]
    assert await studio.recordings.clean() == 0


@pytest_twisted.ensureDeferred
async def test_a_file_that_cannot_be_removed_is_removed_later(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    call_id = await studio.recorded()
    with monkeypatch.context() as stubborn:

        def refuse(*_: object) -> None:
            raise PermissionError(errno.EACCES, "Permission denied")

        stubborn.setattr(studio.recordings._files, "delete", refuse)
        await studio.recordings.delete(ADMIN, call_id)
        await studio.recordings.clean()
    assert len(studio.files()) == 1
    assert (await studio.recording(call_id))["state"] == "deleted"
    await studio.recordings.clean()
    assert studio.files() == []
    assert (await studio.recording(call_id))["bytes"] is None


@pytest_twisted.ensureDeferred
async def test_whoever_may_not_gets_nothing_and_changes_nothing(studio: Studio) -> None:
    call_id = await studio.recorded()
    elsewhere = replace(DORA, grants={**DORA.grants, "recordings.play": DORA.grants["calls.view"]})
    silent = replace(SUSAN, grants={"recordings.play": SUSAN.grants["recordings.play"]})
    before = await studio.hospital.look(every_row)
    for who, error in ((ANNA, NotAllowedError), (DORA, NotAllowedError), (silent, NotAllowedError),
                       (elsewhere, NotFoundError)):  # fmt: skip
        with pytest.raises(error):
            await studio.recordings.open(who, call_id)
        assert await studio.recordings.describe(who, [call_id]) == {}
    for who, error in ((ANNA, NotAllowedError), (SUSAN, NotAllowedError)):
        with pytest.raises(error):
            await studio.recordings.delete(who, call_id)
    with pytest.raises(NotFoundError):
        await studio.recordings.open(SUSAN, call_id + 1)
    assert await studio.hospital.look(every_row) == before
    assert len(studio.files()) == 1


@pytest_twisted.ensureDeferred
async def test_seeking_is_one_playback_and_asking_is_none(studio: Studio) -> None:
    call_id = await studio.recorded()
    for listens in (False, True, True):
        await studio.recordings.open(SUSAN, call_id, listens=listens)
    assert len(await studio.hospital.look(audited)) == 1
    studio.hospital.clock.advance(ONE_LISTENING_SECONDS)
    await studio.recordings.open(SUSAN, call_id)
    await studio.recordings.open(ADMIN, call_id)
    assert [who for who, _, _ in await studio.hospital.look(audited)] == ["susan", "susan", "admin"]


@pytest_twisted.ensureDeferred
async def test_a_file_that_is_gone_is_not_found(studio: Studio) -> None:
    call_id = await studio.recorded()
    next(studio.kept.rglob("*.wav")).unlink()
    with pytest.raises(NotFoundError, match="cannot be read"):
        await studio.recordings.open(SUSAN, call_id)
    assert await studio.hospital.look(audited) == []
