"""A line host as a process of its own, a modem on its port, a cable that is pulled out, and the call records."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor, ssl
from twisted.internet.interfaces import IListeningPort
from twisted.internet.threads import deferToThread

from callcenter.administration.principal import SYSTEM
from callcenter.clock import utc_now
from callcenter.telephony.line_hosts import make_token
from hardware.drivers import LineSettings
from protocols.signals import HandsetReplaced
from tests.peers.cable import Cable
from tests.peers.line_host import LineHostProcess
from tests.peers.patience import until
from tests.peers.simulator import Simulator, running
from tests.peers.site import Browser, RunningSite, start_site

NUMBER = "13800138000"
LINE = LineSettings.model_validate({"name": "ward", "driver": "line_host", "host": "ward3", "line": "1"})
FAST = ("--speed", "8")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.PrivateCertificate]:
    """A hospital's own authority, and a certificate of it for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=calls", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, ssl.PrivateCertificate.loadPEM(cert.read_bytes() + key.read_bytes())


@dataclass
class Ward:
    """A server with a line on a line host, the host's modem, and the cable between them."""

    site: RunningSite
    modem: Simulator
    cable: Cable
    host: LineHostProcess
    browser: Browser

    async def line(self) -> dict[str, Any]:
        lines = (await self.browser.get("/api/v1/lines")).json["items"]
        return next(line for line in lines if line["name"] == "ward")

    async def until(self, state: str) -> dict[str, Any]:
        return await self.wait(self.line, lambda line: line["state"] == state)

    async def call(self) -> dict[str, Any] | None:
        """The newest."""
        items = (await self.browser.get("/api/v1/calls?limit=1")).json["items"]
        return items[0] if items else None

    async def call_until(self, condition: Callable[[Any], Any]) -> dict[str, Any]:
        return await self.wait(self.call, lambda call: call is not None and condition(call))

    async def wait(self, ask: Any, condition: Callable[[Any], Any]) -> Any:
        seen: list[Any] = []

        async def come_about() -> bool:
            seen[:] = [await ask()]
            return bool(condition(seen[0]))

        await until(come_about, lambda: f"something; it is {seen}; the host says:\n{self.says}")
        return seen[0]

    @property
    def says(self) -> str:
        return self.host.log.read_text() if self.host.log.exists() else ""


@asynccontextmanager
async def ward(url: str, folder: Path, tls: tuple[Path, ssl.PrivateCertificate] | None = None) -> AsyncIterator[Ward]:
    site = await start_site(url, hosted=[LINE])
    token = await site.database.run(make_token, "ward3", SYSTEM, utc_now(reactor))
    listening: IListeningPort | None = None
    port, scheme, authorities = site.number, "ws", None
    if tls is not None:
        authorities, private = tls
        listening = reactor.listenSSL(0, site.web.site, private.options(), interface="127.0.0.1")
        port, scheme = listening.getHost().port, "wss"
    cable = Cable(port)
    with running(folder / "modem", "modem", *FAST) as modem:
        host = LineHostProcess(
            folder / "host", f"{scheme}://127.0.0.1:{cable.port}", token, {"1": modem.link}, authorities
        )
        host.start()
        try:
            yield Ward(site, modem, cable, host, await site.signed_in("supervisor"))
        finally:
            host.close()
            await cable.close()
            if listening is not None:
                await listening.stopListening()
            await site.stop()


def told(call: dict[str, Any]) -> dict[str, Any]:
    """What does not depend on when it was, nor, as the number of rings does, on how busy the machine is."""
    kept = ("direction", "state", "number", "missed", "end_reason", "certainty")
    return {name: call[name] for name in kept} | {"answered": call["answered_at"] is not None}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def now() -> datetime:
    return datetime.fromtimestamp(reactor.seconds(), UTC)


# Of the modem's time, which is eight times as fast.
SCRIPT: dict[str, Any] = {"number": NUMBER, "rings": 30, "answer_after": 32, "hangup_after": 8}
# There are some seconds to pull the cable out while it rings.
RINGS_ON = SCRIPT | {"rings": 60, "answer_after": 120}


@pytest_twisted.ensureDeferred
async def test_calls_are_as_if_nothing_had_happened(sqlite_url: str, tmp_path: Path) -> None:
    async with ward(sqlite_url, tmp_path) as one:
        await one.until("idle")
        assert (await one.line())["capabilities"][:2] == ["ring", "caller_id"]
        await one.modem.run("call", **SCRIPT)
        calm = await one.call_until(lambda call: call["state"] == "ended")
        assert calm["number"] == "+8613800138000"

        # The cable is out from the first ring on.
        over = one.modem.run("call", **RINGS_ON)
        await one.call_until(lambda call: call["id"] != calm["id"] and call["number"])
        one.cable.pull()
        await over
        await until(lambda: one.host.keeps(HandsetReplaced), "the end of the call on the host's disk")
        still = await one.call()
        assert still is not None
        assert still["state"] == "ringing"
        line = (await one.line())["id"]
        refused = await one.browser.post(f"/api/v1/lines/{line}/dial", {"number": "10086"})
        one.cable.plug()
        cut = await one.call_until(lambda call: call["state"] == "ended")
        assert refused.status in (409, 503), refused.text
        assert cut["id"] == still["id"]
        assert told(cut) == told(calm)
        # Also those that rang while the cable was out.
        assert cut["rings"] > still["rings"]
        # When it was there, and not when we heard of it.
        reached = datetime.fromtimestamp(one.cable.accepted_at, UTC)
        assert moment(cut["started_at"]) < moment(cut["answered_at"]) < moment(cut["ended_at"]) < reached


@pytest_twisted.ensureDeferred
async def test_a_host_that_is_killed_forgets_nothing_and_answers_dial_and_hang_up(
    sqlite_url: str, tmp_path: Path, certificate: tuple[Path, ssl.PrivateCertificate]
) -> None:
    async with ward(sqlite_url, tmp_path, certificate) as one:
        await one.until("idle")
        over = one.modem.run("call", **RINGS_ON)
        ringing = await one.call_until(lambda call: call["number"])
        one.cable.pull()
        await over
        await until(lambda: one.host.keeps(HandsetReplaced), "the end of the call on the host's disk")
        one.host.kill()
        killed = now()
        one.host.start()
        one.cable.plug()
        ended = await one.call_until(lambda call: call["state"] == "ended")
        assert ended["id"] == ringing["id"]
        assert ended["end_reason"] != "unknown"
        assert moment(ended["ended_at"]) < killed
        await one.until("idle")

        one.modem.ask("outgoing", result="answer", after=1)
        agent = await one.site.signed_in("agent")
        line = (await one.line())["id"]
        dialled = await agent.post(f"/api/v1/lines/{line}/dial", {"number": "10086"})
        assert dialled.status < 300, dialled.text
        talking = await one.call_until(lambda call: call["state"] == "talking")
        assert talking["direction"] == "out"
        assert (await agent.post(f"/api/v1/calls/{talking['id']}/hang-up")).status < 300
        over_again = await one.call_until(lambda call: call["state"] == "ended")
        assert over_again["end_reason"] == "hung_up"
        # twistd stops everything and then ends by the signal itself.
        assert await deferToThread(one.host.end) == -signal.SIGTERM
        stopped = await one.until("lost")
        assert stopped["reason_said"]["code"] == "host_stopped"
        assert NUMBER not in one.says
        assert "10086" not in one.says
        assert "Traceback" not in one.says
