"""Listening to a recording over HTTP: ranges, refusals, and what is left when the listener goes away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet import reactor
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol

from hardware.line_device import Capability
from protocols.signals import Answered, Ended, Rang
from storage.models import AuditEntry
from tests.peers.patience import until
from tests.peers.scripted_line import MODEM
from tests.peers.site import Browser, RunningSite, all_rows, start_site
from tests.protocols.test_wav import wav

SOUND = wav(bytes(range(256)) * 2000)


@dataclass
class Recorded:
    site: RunningSite
    call_id: int
    folder: Path

    @property
    def address(self) -> str:
        return f"/api/v1/calls/{self.call_id}/recording"

    async def heard(self) -> int:
        return len(await self.site.database.read(_playbacks))

    async def supervisor(self) -> Browser:
        return await self.site.signed_in("supervisor")


def _playbacks(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.username).where(AuditEntry.action == "play-recording")))


@pytest_twisted.async_yield_fixture
async def recorded(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Recorded]:
    site = await start_site(sqlite_url, recordings=tmp_path / "recordings")
    line, spool = site.lines[0], tmp_path / "spool"
    spool.mkdir()
    line.capabilities, line.recordings = MODEM | Capability.RECORD, spool
    await site.hear(Rang(), Answered())
    (spool / dict(line.asked)["record"]).write_bytes(SOUND)
    await site.hear(Ended(by_far_end=True))
    collector = site.services.telephony.recordings.collector
    # By its clock it would look while the test does.
    await collector.stop()
    await collector.collect()
    await collector.collect()
    calls = await site.services.telephony.calls.list(site.people["admin"])
    yield Recorded(site, calls.items[0]["id"], tmp_path / "recordings")
    await site.stop()


@pytest_twisted.ensureDeferred
async def test_the_whole_recording_and_parts_of_it(recorded: Recorded) -> None:
    browser = await recorded.supervisor()
    whole = await browser.get(recorded.address)
    assert (whole.status, whole.body) == (200, SOUND)
    assert whole.header("Content-Type") == "audio/wav"
    assert whole.header("Content-Disposition") == f'inline; filename="call-{recorded.call_id}.wav"'
    assert whole.header("Cache-Control") == "no-store"
    assert whole.header("Accept-Ranges") == "bytes"
    tag = whole.header("ETag")
    part = await browser.get(recorded.address, headers={"Range": "bytes=100000-199999", "If-Range": tag})
    assert (part.status, part.body) == (206, SOUND[100_000:200_000])
    assert part.header("Content-Range") == f"bytes 100000-199999/{len(SOUND)}"
    tail = await browser.get(recorded.address, headers={"Range": "bytes=-10"})
    assert (tail.status, tail.body) == (206, SOUND[-10:])
    other = await browser.get(recorded.address, headers={"Range": "bytes=5-", "If-Range": '"other"'})
    assert (other.status, other.body) == (200, SOUND)
    several = await browser.get(recorded.address, headers={"Range": "bytes=0-1," * 500 + "2-3"})
    assert (several.status, several.body) == (200, SOUND)
    behind = await browser.get(recorded.address, headers={"Range": f"bytes={len(SOUND)}-"})
    assert (behind.status, behind.body) == (416, b"")
    assert behind.header("Content-Range") == f"bytes */{len(SOUND)}"
    saved = await browser.get(recorded.address + "?download=true")
    assert saved.header("Content-Disposition").startswith("attachment")
    assert await recorded.heard() == 1


@pytest_twisted.ensureDeferred
async def test_head_tells_of_it_without_being_a_playback(recorded: Recorded) -> None:
    browser = await recorded.supervisor()
    head = await browser.ask("HEAD", recorded.address)
    assert (head.status, head.body) == (200, b"")
    assert head.header("Content-Length") == str(len(SOUND))
    assert await recorded.heard() == 0


@pytest_twisted.ensureDeferred
async def test_who_may_not_hears_nothing_and_leaves_no_trace(recorded: Recorded) -> None:
    people = [await recorded.site.signed_in(name) for name in ("agent", "doctor", "clerk", "head")]
    supervisor = await recorded.supervisor()
    before = await all_rows(recorded.site)
    for browser in people:
        for method, address in (("GET", ""), ("HEAD", ""), ("DELETE", ""), ("GET", "/details")):
            answer = await browser.ask(method, recorded.address + address, headers={"Range": "bytes=0-"})
            assert answer.status == 403
            assert b"WAVE" not in answer.body
    assert (await supervisor.ask("DELETE", recorded.address)).status == 403
    assert (await recorded.site.browser().get(recorded.address)).status == 401
    assert await all_rows(recorded.site) == before


@pytest.mark.parametrize(
    "call",
    [
        "../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e/1",
        "1%00",
        "1/../1",
        "-1",
        "0",
        "999999",
        "1.wav",
        "9" * 40,
    ],
)
@pytest_twisted.ensureDeferred
async def test_no_address_leads_to_another_file(recorded: Recorded, call: str) -> None:
    answer = await (await recorded.site.signed_in("admin")).get(f"/api/v1/calls/{call}/recording")
    assert answer.status in (400, 404)
    assert await recorded.heard() == 0


@pytest_twisted.ensureDeferred
async def test_a_link_in_place_of_the_file_is_not_followed(recorded: Recorded, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"the secret")
    (file,) = recorded.folder.rglob("*.wav")
    file.unlink()
    file.symlink_to(secret)
    answer = await (await recorded.supervisor()).get(recorded.address)
    assert answer.status == 404
    assert b"the secret" not in answer.body


@pytest_twisted.ensureDeferred
async def test_deleting_leaves_why_on_the_page(recorded: Recorded) -> None:
    admin = await recorded.site.signed_in("admin")
    page = f"/calls/{recorded.call_id}?lang=en"
    assert f'src="{recorded.address}"' in (await admin.get(page)).text
    assert 'aria-label="recorded"' in (await admin.get("/calls?lang=en&recorded=True")).text
    assert "No matching calls" in (await admin.get("/calls?lang=en&recorded=False")).text
    assert (await admin.ask("DELETE", recorded.address)).status == 204
    assert (await admin.get(recorded.address)).status == 404
    after = (await admin.get(page)).text
    assert "<audio" not in after
    assert "deleted: deleted by somebody" in after
    assert (await admin.get(recorded.address + "/details")).json["reason"] == "by_hand"
    assert list(recorded.folder.rglob("*.wav")) == []
    agent = (await (await recorded.site.signed_in("agent")).get("/calls?lang=en")).text
    assert "f-recorded" not in agent


@pytest_twisted.ensureDeferred
async def test_a_listener_who_does_not_read_holds_back_the_reading(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file,) = recorded.folder.rglob("*.wav")
    with file.open("r+b") as huge:
        huge.truncate(500 * 1024 * 1024)
    files = recorded.site.services.telephony.recordings._files
    read, pieces = files.read, []

    def counted(*arguments: Any) -> bytes:
        pieces.append(arguments)
        return read(*arguments)

    monkeypatch.setattr(files, "read", counted)
    browser = await recorded.supervisor()
    client = Protocol()
    await connectProtocol(TCP4ClientEndpoint(reactor, "127.0.0.1", recorded.site.number), client)
    assert client.transport is not None
    client.transport.pauseProducing()  # type: ignore[attr-defined]
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    client.transport.write(f"GET {recorded.address} HTTP/1.1\r\nHost: x\r\nCookie: {cookies}\r\n\r\n".encode())
    for _ in range(20):
        assert (await browser.get("/api/v1/calls")).status == 200
    await until(lambda: pieces, "the first piece")
    client.transport.abortConnection()  # type: ignore[attr-defined]
    assert len(pieces) < 2000
