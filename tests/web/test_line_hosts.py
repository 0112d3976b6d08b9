"""``/line-host`` on a real port: who gets in, and what ends a connection."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_twisted
from autobahn.twisted.websocket import WebSocketClientFactory
from twisted.internet import reactor
from twisted.internet.endpoints import TCP4ClientEndpoint

from callcenter.administration.principal import SYSTEM
from callcenter.administration.throttle import Throttle
from callcenter.clock import utc_now
from callcenter.telephony.line_hosts import WRONG_TOKENS, make_token
from hardware.drivers import LineSettings
from protocols.line_host.codec import MAX_MESSAGE, encode
from protocols.line_host.messages import Hello, Message, Pong, Report, Standing
from protocols.signals import LineReady, LineSignal, Rang
from tests.peers.patience import PATIENCE, until
from tests.peers.site import RunningSite, start_site
from tests.peers.socket_client import Page
from web.line_hosts import PINGS

LINE = LineSettings.model_validate({"name": "ward", "driver": "line_host", "host": "ward3", "line": "1"})


@pytest_twisted.async_yield_fixture
async def site(sqlite_url: str) -> AsyncIterator[RunningSite]:
    running = await start_site(sqlite_url, hosted=[LINE])
    yield running
    await running.stop()


class Host(Page):
    """A line host driven by hand."""

    def tell(self, message: Message) -> None:
        self.sendMessage(encode(message))

    def hello(self, *lines: str) -> None:  # type: ignore[override]
        self.tell(Hello(1, "test", reactor.seconds(), 100.0, dict.fromkeys(lines or ("1",), ("ring",))))

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N803
        super().onMessage(payload, isBinary)
        if self.messages[-1]["op"] == "ping":
            self.tell(Pong(self.messages[-1]["sent"], 100.0))

    def report(self, number: int, what: LineSignal, line: str = "1") -> None:
        self.tell(Report(line, "run", number, 100.0, what))

    async def said(self, op: str) -> dict[str, Any]:
        return await self.until(lambda message: message["op"] == op)


async def knock(site: RunningSite, token: str) -> Host:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    factory = WebSocketClientFactory(f"ws://127.0.0.1:{site.number}/line-host", headers=headers, reactor=reactor)
    factory.protocol = Host
    factory.setProtocolOptions(openHandshakeTimeout=0, closeHandshakeTimeout=0, serverConnectionDropTimeout=0)
    host: Host = await TCP4ClientEndpoint(reactor, "127.0.0.1", site.number).connect(factory)
    await host.opened.addTimeout(PATIENCE, reactor)
    return host


async def token_of(site: RunningSite, name: str = "ward3") -> str:
    return await site.database.run(make_token, name, SYSTEM, utc_now(reactor))


async def connected(site: RunningSite) -> Host:
    host = await knock(site, await token_of(site))
    host.hello()
    await host.said("welcome")
    return host


async def state(site: RunningSite) -> tuple[str, str]:
    await site.settle()
    lines = (await (await site.signed_in("agent")).get("/api/v1/lines")).json["items"]
    found = next(line for line in lines if line["name"] == "ward")
    return found["state"], (found["reason_said"] or {"code": ""})["code"]


@pytest_twisted.ensureDeferred
async def test_nobody_gets_in_without_a_token_of_a_host_that_is_configured(site: RunningSite) -> None:
    agent = await site.signed_in("agent")
    session = agent.cookies["huifang_session"]
    for token, status in (
        ("", 401), ("ward3.forged", 401), (f"ward3.{'A' * 43}", 401), (session, 401), (await token_of(site, "w"), 403),
    ):  # fmt: skip
        host = await knock(site, token)
        assert not host.let_in
        assert str(status) in str(host.wasNotCleanReason), token
        await host.leave()
    assert (await agent.get("/line-host")).status == 426
    assert (await agent.get("/line-host/x")).status == 426
    assert await state(site) == ("lost", "host_not_connected")


@pytest_twisted.ensureDeferred
async def test_who_guesses_is_slowed_down(site: RunningSite) -> None:
    # However long the next tries take.
    site.services.line_hosts._wrong = Throttle(replace(WRONG_TOKENS, first=WRONG_TOKENS.longest))
    for status in [401] * 11 + [429] * 2:
        host = await knock(site, f"ward3.{'A' * 43}")
        assert str(status) in str(host.wasNotCleanReason)
        await host.leave()


@pytest_twisted.ensureDeferred
async def test_a_call_from_the_ring_on_and_a_connection_that_comes_back(site: RunningSite) -> None:
    host = await connected(site)
    host.report(1, LineReady("box"))
    host.tell(Standing("1", up=True, words="box"))
    await host.said("written")
    assert await state(site) == ("idle", "")
    host.report(2, Rang())
    assert await host.until(lambda message: message.get("number") == 2)
    assert (await state(site))[0] == "ringing"
    await host.leave()
    again = await connected(site)
    assert (await again.said("welcome"))["lines"] == {"1": {"source": "run", "number": 2, "trace": False}}
    again.report(2, Rang())
    again.report(3, Rang())
    await again.until(lambda message: message.get("number") == 3)
    await again.leave()
    (runner,) = [one for one in site.services.telephony._board if one.journal.line.name == "ward"]
    assert runner.line.call is not None
    # The second was heard before.
    assert runner.line.call.rings == 2


@pytest_twisted.ensureDeferred
async def test_the_newer_connection_wins_and_the_older_is_told(site: RunningSite) -> None:
    token = await token_of(site)
    first = await knock(site, token)
    first.hello()
    await first.said("welcome")
    second = await knock(site, token)
    second.hello()
    await second.said("welcome")
    assert (await first.said("refused"))["why"]["code"] == "host_elsewhere"
    await first.gone
    second.report(1, LineReady("box"))
    await second.said("written")
    await second.leave()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"{", True),
        (b"\xff\x00", True),
        (encode(Report("2", "run", 1, 1.0, Rang())), True),
        (b"x" * (MAX_MESSAGE + 1), False),
    ],
)
@pytest_twisted.ensureDeferred
async def test_who_misbehaves_is_cut_off_and_the_next_connection_is_good(
    site: RunningSite, data: bytes, told: bool
) -> None:
    host = await connected(site)
    host.sendMessage(data, isBinary=True)
    await host.gone.addTimeout(PATIENCE, reactor)
    codes = [message["why"]["code"] for message in host.messages if message["op"] == "refused"]
    assert codes == (["host_misbehaves"] if told else [])
    again = await connected(site)
    again.report(1, LineReady("box"))
    await again.said("written")
    await again.leave()


@pytest_twisted.ensureDeferred
async def test_a_flood_of_pings_and_one_who_does_not_read(site: RunningSite) -> None:
    flooding = await connected(site)
    for _ in range(PINGS + 2):
        flooding.sendPing()
    await flooding.gone.addTimeout(PATIENCE, reactor)
    assert flooding.code == 1008
    deaf = await connected(site)
    deaf.transport.pauseProducing()
    socket = next(iter(site.web.line_hosts._sockets))
    for _ in range(400):
        socket.send(json.dumps({"op": "ping", "sent": "x" * 30_000}).encode())
        if not socket.connected:
            break
    await until(lambda: not site.web.line_hosts._sockets, "the end of the one who does not read")
    await deaf.leave()


@pytest_twisted.ensureDeferred
async def test_a_server_that_stops_says_goodbye(site: RunningSite) -> None:
    host = await connected(site)
    await site.web.line_hosts.stop()
    await host.gone
    assert host.code == 1001
    late = await knock(site, "x")
    assert "503" in str(late.wasNotCleanReason)
    await late.leave()
