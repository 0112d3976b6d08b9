"""The HTTP gateway against the simulated providers in a process of their own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import SecretStr, ValidationError
from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import capturedLogs, formatEvent
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from hardware.gateways.device import GatewayAbility
from hardware.gateways.http import HttpGateway
from hardware.gateways.http_settings import HttpGatewaySettings
from protocols.sayings import Said, Saying
from protocols.sms import (
    BalanceTold,
    Fate,
    GatewayLost,
    GatewayPaused,
    GatewayReady,
    PartAccepted,
    PartRefused,
    PartUnknown,
    PartUnsent,
    ReceiptArrived,
    Refusal,
    TextArrived,
)
from tests.peers.gateway_heard import GatewayHeard, written_trace
from tests.peers.gsm_bench import NUMBER, part
from tests.peers.patience import PATIENCE
from tests.peers.simulator import Simulator, running
from twistd_plugin.commands.ports import free_port

SECRET = "a secret of the hospital"
ACCOUNT = ("--user", "hospital", "--secret", "secret", "--receipt-after", "0")
WORDS = "【市一院】您好，预约提醒"


def provider(folder: Path, *options: str) -> Any:
    # It has no terminal.
    return running(folder, "smsc", "--protocol", "http", "--port", str(free_port()), *ACCOUNT, *options, terminal=False)


@asynccontextmanager
async def gateway_to(
    port: Simulator | int, folder: Path, unchecked: Mapping[str, Any] | None = None, **settings: Any
) -> AsyncIterator[tuple[HttpGateway, GatewayHeard]]:
    """A gateway to a simulator, or to whoever listens at a port."""
    number = port if isinstance(port, int) else port.ask("status")["port"]
    values = {
        "name": "服务商", "url": f"http://localhost:{number}/sms", "preset": "sms56_a",
        "account": "hospital", "password": "secret", "company": "8", "inside": True, "rate": 50.0, **settings,
    }  # fmt: skip
    made = HttpGatewaySettings.model_validate(values).model_copy(update=unchecked)
    device = HttpGateway(made, reactor, folder / "trace")
    heard = GatewayHeard(writes=False)
    device.start(heard)
    try:
        yield device, heard
    finally:
        await device.stop()


@ensureDeferred
async def test_56_accepts_refuses_and_tells_the_balance(tmp_path: Path) -> None:
    with provider(tmp_path) as simulator:
        async with gateway_to(simulator, tmp_path, trace=True) as (device, heard):
            assert device.room == 0
            await heard.first(GatewayReady)
            assert device.abilities == GatewayAbility.BALANCE | GatewayAbility.SENDER
            device.submit([part("a", WORDS), part("long", "字" * 71), part("gbk", "😀")])
            assert heard.signals == []
            await heard.until(lambda: len(heard.signals) == 3)
            assert heard.of(PartAccepted) == [PartAccepted("a", "")]
            assert {(one.key, one.refusal) for one in heard.of(PartRefused)} == {
                ("long", Refusal.NEVER), ("gbk", Refusal.NEVER),
            }  # fmt: skip
            [sent] = simulator.ask("status")["sent"]
            assert (sent["number"], sent["text"]) == ("13800138000", WORDS)
            for code, refusal in (("-8", Refusal.NEVER), ("-5", Refusal.GATEWAY), ("-9", Refusal.LATER)):
                simulator.ask("answer", code=code, count=1)
                device.submit([part("x", WORDS)])
                refused = await heard.first(PartRefused)
                while refused.key != "x":  # type: ignore[attr-defined]
                    refused = await heard.first(PartRefused)
                assert (refused.refusal, refused.code) == (refusal, code)  # type: ignore[attr-defined]
            device.ask_balance()
            device.ask_balance()
            assert await heard.first(BalanceTold) == BalanceTold(999)
        trace = await written_trace(tmp_path, heard)
        assert "secret" not in trace
        assert "13800138000" not in trace


@pytest.mark.parametrize(("preset", "limit"), [("sms_aspx", 500), ("linkws", 300)])
@ensureDeferred
async def test_a_text_that_is_too_long_to_be_joined_does_not_go_out_in_pieces(
    preset: str, limit: int, tmp_path: Path
) -> None:
    with provider(tmp_path) as simulator:
        async with gateway_to(simulator, tmp_path, preset=preset) as (device, heard):
            await heard.first(GatewayReady)
            device.submit([part(str(at), "字" * 63, position=at, total=8, reference=4) for at in range(1, 9)])
            await heard.until(lambda: len(heard.signals) == 8)
            assert {(one.refusal, one.words) for one in heard.of(PartRefused)} == {
                (Refusal.NEVER, f"504 characters of at most {limit}")
            }
            assert simulator.ask("status")["sent"] == []


@ensureDeferred
async def test_a_text_that_begins_where_there_is_room_is_taken_whole(tmp_path: Path) -> None:
    with provider(tmp_path) as simulator:
        async with gateway_to(simulator, tmp_path, preset="sms_aspx", rate=100) as (device, heard):
            await heard.first(GatewayReady)
            ahead = [part(f"ahead {at}", WORDS) for at in range(device.room - 1)]
            texts = [
                part(f"{name}{at}", "字" * 60, position=at, total=3, reference=4) for name in "ab" for at in (1, 2, 3)
            ]
            device.submit([*ahead, *texts])
            # Receipts are fetched when it starts, and on a busy machine some are there by then.
            ends = len(ahead) + len(texts)
            await heard.until(lambda: len(heard.of(PartAccepted)) + len(heard.of(PartUnsent)) == ends)
            assert {one.key for one in heard.of(PartUnsent)} == {"b1", "b2", "b3"}
            assert sorted(len(each["text"]) for each in simulator.ask("status")["sent"])[-2:] == [len(WORDS), 180]


@pytest.mark.parametrize("preset", ["sms56_b", "sms56_md5_a", "sms_aspx", "sms_aspx_gbk", "linkws"])
@ensureDeferred
async def test_every_preset_gets_a_message_out(preset: str, tmp_path: Path) -> None:
    charset = "gbk" if preset.endswith("gbk") else "utf-8"
    with provider(tmp_path, "--charset", charset) as simulator:
        async with gateway_to(simulator, tmp_path, preset=preset) as (device, heard):
            await heard.first(GatewayReady)
            device.submit([part("a", WORDS, sender="01")])
            accepted = await heard.first(PartAccepted)
            [sent] = simulator.ask("status")["sent"]
            assert (sent["text"], sent["extension"]) == (WORDS, "01")
            assert accepted == PartAccepted("a", sent["task"] if "aspx" in preset else "")


@pytest.mark.parametrize(
    ("url", "inside", "saying"),
    [
        ("http://127.0.0.1:1/", False, Saying.ADDRESS_FORBIDDEN),
        ("http://169.254.169.254/latest/", False, Saying.ADDRESS_NEVER),
        ("http://169.254.169.254/latest/", True, Saying.ADDRESS_NEVER),
        ("http://[fe80::1]/", True, Saying.ADDRESS_NEVER),
    ],
)
@ensureDeferred
async def test_it_says_which_addresses_are_not_allowed_here_and_which_nowhere(
    url: str, inside: bool, saying: Saying, tmp_path: Path
) -> None:
    values = {"name": "服务商", "url": url, "preset": "sms56_a", "inside": inside}
    device = HttpGateway(HttpGatewaySettings.model_validate(values), reactor, tmp_path)
    heard = GatewayHeard(writes=False)
    device.start(heard)
    try:
        why = Said(Saying.PROVIDER_OUT_OF_REACH, why=Said(saying))
        assert await heard.first(GatewayLost) == GatewayLost(why)
        assert device.room == 0
        await heard.until(lambda: device.next_attempt)
        assert device.next_attempt is not None
        assert device.next_attempt <= reactor.seconds() + 60.0  # type: ignore[attr-defined]
    finally:
        await device.stop()


@ensureDeferred
async def test_sms_aspx_joins_a_long_text_and_fetches_receipts_and_replies(tmp_path: Path) -> None:
    with provider(tmp_path) as simulator:
        simulator.ask("reply", number="13800138000", text="1 <确认> & 谢谢", extension="01")
        async with gateway_to(simulator, tmp_path, preset="sms_aspx", fetch=True, sender="10690") as (device, heard):
            await heard.first(GatewayReady)
            assert GatewayAbility.RECEIPTS | GatewayAbility.REPLIES | GatewayAbility.LONG_TEXT in device.abilities
            reply = await heard.first(TextArrived)
            assert isinstance(reply, TextArrived)
            assert (reply.sender, reply.text, reply.recipient) == ("13800138000", "1 <确认> & 谢谢", "1069001")
            reply.written()
            device.submit([part(str(at), "字" * 60, position=at, total=3, reference=4) for at in (1, 2, 3)])
            await heard.until(lambda: len(heard.of(PartAccepted)) == 3)
            [sent] = simulator.ask("status")["sent"]
            assert sent["text"] == "字" * 180
            assert {one.gateway_id for one in heard.of(PartAccepted)} == {sent["task"]}
        async with gateway_to(simulator, tmp_path, preset="sms_aspx") as (_, again):
            # What is not there yet when it is fetched first comes half a minute later.
            receipt = await again.first(ReceiptArrived)
            assert isinstance(receipt, ReceiptArrived)
            assert (receipt.gateway_id, receipt.fate, receipt.number) == (sent["task"], Fate.DELIVERED, "13800138000")
            receipt.written()


@ensureDeferred
async def test_linkws_replies(tmp_path: Path) -> None:
    with provider(tmp_path) as simulator:
        simulator.ask("reply", number="13800138000", text="A#B||C")
        async with gateway_to(simulator, tmp_path, preset="linkws") as (_, heard):
            reply = await heard.first(TextArrived)
            assert reply.text == "A#B||C"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ({"manner": "html"}, PartUnknown, "web page"), ({"manner": "redirect"}, PartUnknown, "redirects"),
        ({"status": 503}, PartUnknown, "HTTP 503"), ({"status": 502}, PartUnknown, "HTTP 502"),
        ({"status": 404}, PartRefused, "refuses the request"),
        ({"status": 503, "retry_after": 5}, PartRefused, "too many requests"),
        ({"manner": "close"}, PartUnknown, "did not answer"), ({"manner": "endless"}, PartUnknown, "too long"),
        ({"manner": "gibberish"}, PartUnknown, "charset"),
    ],
)  # fmt: skip
@ensureDeferred
async def test_answers_that_are_none(answer: dict[str, Any], kind: Any, words: str, tmp_path: Path) -> None:
    with provider(tmp_path) as simulator:
        async with gateway_to(simulator, tmp_path) as (device, heard):
            await heard.first(GatewayReady)
            simulator.ask("answer", count=1, **answer)
            device.submit([part("a", WORDS)])
            got = await heard.first(kind)
            assert words in (got.words if isinstance(got, PartRefused) else got.reason)  # type: ignore[attr-defined]
            if "retry_after" in answer:
                assert device.room == 0
                return
            device.submit([part("b", WORDS)])
            accepted = await heard.first(PartAccepted)
            assert accepted == PartAccepted("b", "")


@pytest.mark.parametrize(
    "answer", [{"manner": "html"}, {"manner": "redirect"}, {"status": 502}, {"manner": "gibberish"}]
)
@ensureDeferred
async def test_a_provider_of_which_nothing_is_understood_gets_no_more_messages(
    answer: dict[str, Any], tmp_path: Path
) -> None:
    with provider(tmp_path) as simulator:
        async with gateway_to(simulator, tmp_path, window=20) as (device, heard):
            await heard.first(GatewayReady)
            # One between them that is understood, and the counting begins anew.
            for key in "abcd":
                simulator.ask("answer", **({} if key == "c" else answer))
                device.submit([part(key, WORDS)])
                await heard.first(PartAccepted if key == "c" else PartUnknown)
            assert heard.of(GatewayLost) == []
            assert device.room
            device.submit([part(str(number), WORDS) for number in range(8)])
            await heard.until(lambda: heard.of(GatewayLost))
            [lost] = heard.of(GatewayLost)
            assert lost.refused
            assert lost.reason.saying is Saying.PROVIDER_UNCLEAR  # type: ignore[attr-defined]
            assert device.room == 0
            assert [one.key for one in heard.of(PartUnknown)] == ["0", "1"]
            assert [one.key for one in heard.of(PartUnsent)] == ["2", "3", "4", "5", "6", "7"]


@pytest.mark.parametrize("status", [404, 408, 410])
@ensureDeferred
async def test_a_provider_that_takes_nothing_is_told_of_and_gets_no_more_messages(status: int, tmp_path: Path) -> None:
    with provider(tmp_path) as simulator:
        async with gateway_to(simulator, tmp_path, window=20) as (device, heard):
            await heard.first(GatewayReady)
            simulator.ask("answer", status=status)
            for key in "ab":
                device.submit([part(key, WORDS)])
                await heard.first(PartRefused)
            assert heard.of(GatewayLost) == []
            device.submit([part(str(number), WORDS) for number in range(8)])
            await heard.until(lambda: heard.of(GatewayLost))
            [lost] = heard.of(GatewayLost)
            assert lost.refused
            assert lost.reason.saying is Saying.PROVIDER_TAKES_NOTHING  # type: ignore[attr-defined]
            assert f"HTTP {status}" in lost.reason
            assert device.room == 0
            # Of the third it is certain too, and of those that were not written.
            assert [one.key for one in heard.of(PartRefused)] == ["0"]
            assert [one.key for one in heard.of(PartUnsent)] == ["1", "2", "3", "4", "5", "6", "7"]
            assert heard.of(PartUnknown) == []


@ensureDeferred
async def test_what_is_wrong_with_messages_is_not_the_providers_fault(tmp_path: Path) -> None:
    with provider(tmp_path) as simulator:
        async with gateway_to(simulator, tmp_path) as (device, heard):
            await heard.first(GatewayReady)
            # Each with a doubt before it, and never two in a row.
            for key in "abcd":
                simulator.ask("answer", status=404, count=1)
                device.submit([part(key, WORDS)])
                await heard.first(PartRefused)
                simulator.ask("answer", code="-1", count=1)
                device.submit([part(f"bad {key}", WORDS)])
                refused = await heard.first(PartRefused)
                assert refused.refusal is Refusal.NEVER  # type: ignore[attr-defined]
            assert heard.of(GatewayLost) == []


@ensureDeferred
async def test_one_message_finds_out_whether_the_provider_is_understood_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hardware.gateways.http._FAILING_FIRST", 0.1)
    with provider(tmp_path) as simulator:
        async with gateway_to(simulator, tmp_path) as (device, heard):
            await heard.first(GatewayReady)
            simulator.ask("answer", status=502, count=4)
            for key in "abc":
                device.submit([part(key, WORDS)])
                await heard.first(PartUnknown)
            await heard.first(GatewayLost)
            await heard.first(GatewayReady)
            device.submit([part(key, WORDS) for key in "defg"])
            await heard.until(lambda: heard.of(GatewayLost))
            assert heard.of(PartUnknown) == [PartUnknown("d", heard.of(PartUnknown)[0].reason)]
            assert [one.key for one in heard.of(PartUnsent)] == ["e", "f", "g"]
            await heard.first(GatewayLost)
            await heard.first(GatewayReady)
            device.submit([part(key, WORDS) for key in "hijk"])
            await heard.until(lambda: len(heard.of(PartAccepted)) == 4)
            assert heard.of(GatewayLost) == []


@ensureDeferred
async def test_after_a_doubt_messages_go_one_by_one_until_one_is_understood(tmp_path: Path) -> None:
    async with (
        slow_provider(b"HttpInterface.aspx") as (slow, port),
        gateway_to(port, tmp_path, window=20) as (device, heard),
    ):
        await heard.first(GatewayReady)
        device.submit([part("a", WORDS)])
        await heard.until(lambda: slow.asked)
        slow.give(b"what is this")
        await heard.first(PartUnknown)
        device.submit([part(str(number), WORDS) for number in range(5)])
        await heard.until(lambda: slow.asked)
        await deferLater(reactor, 0.2)
        assert slow.asked == 1
        slow.give(b"1")
        await heard.until(lambda: slow.asked == 4)
        slow.give(b"1")
        await heard.until(lambda: len(heard.of(PartAccepted)) == 5)


@ensureDeferred
async def test_too_many_requests_make_a_pause(tmp_path: Path) -> None:
    with provider(tmp_path) as simulator:
        async with gateway_to(simulator, tmp_path) as (device, heard):
            await heard.first(GatewayReady)
            simulator.ask("answer", status=429, count=1)
            device.submit([part("a", WORDS)])
            await heard.first(GatewayPaused)
            assert device.room == 0


@ensureDeferred
async def test_a_wrong_password_is_a_loss_that_does_not_heal_by_itself(tmp_path: Path) -> None:
    with provider(tmp_path) as simulator:
        async with gateway_to(simulator, tmp_path, password="wrong") as (device, heard):
            await heard.first(GatewayReady)
            device.submit([part("a", WORDS)])
            refused = await heard.first(PartRefused)
            assert refused.refusal is Refusal.GATEWAY  # type: ignore[attr-defined]
            lost = await heard.first(GatewayLost)
            assert isinstance(lost, GatewayLost)
            assert lost.refused
            assert lost.reason.saying is Saying.PROVIDER_REFUSES  # type: ignore[attr-defined]
            assert device.room == 0


@ensureDeferred
async def test_a_provider_that_is_away_and_comes_back(tmp_path: Path) -> None:
    with provider(tmp_path) as simulator:
        async with gateway_to(simulator, tmp_path) as (device, heard):
            await heard.first(GatewayReady)
            simulator.ask("unplug")
            device.submit([part("a", WORDS)])
            assert await heard.first(PartUnsent) == PartUnsent("a")
            lost = await heard.first(GatewayLost)
            assert not lost.refused  # type: ignore[attr-defined]
            simulator.ask("replug")
            await heard.first(GatewayReady)
            device.submit([part("b", WORDS)])
            await heard.first(PartAccepted)


@ensureDeferred
async def test_stopped_while_the_provider_thinks(tmp_path: Path) -> None:
    async with slow_provider(b"HttpInterface.aspx") as (slow, port):
        async with gateway_to(port, tmp_path, window=1) as (device, heard):
            await heard.first(GatewayReady)
            device.submit([part("a", WORDS), part("b", WORDS)])
            await heard.until(lambda: slow.asked)
            stopping = Deferred.fromCoroutine(device.stop())
            slow.give(b"1")
            await stopping
        assert set(heard.signals) == {PartUnsent("b"), PartAccepted("a", "")}


@ensureDeferred
async def test_what_comes_while_it_stops_is_unsent(tmp_path: Path) -> None:
    async with slow_provider(b"HttpInterface.aspx") as (slow, port), gateway_to(port, tmp_path) as (device, heard):
        await heard.first(GatewayReady)
        device.submit([part("a", WORDS)])
        await heard.until(lambda: slow.asked)
        stopping = Deferred.fromCoroutine(device.stop())
        assert device.room == 0
        # Whoever gave it looked at the room before.
        device.submit([part("b", WORDS), part("c", WORDS)])
        assert heard.of(PartUnsent) == []
        slow.give(b"1")
        await stopping
        assert sorted(one.key for one in heard.of(PartUnsent)) == ["b", "c"]
        assert heard.of(PartAccepted) == [PartAccepted("a", "")]


@ensureDeferred
async def test_what_comes_while_it_stops_with_nothing_to_wait_for_is_unsent(tmp_path: Path) -> None:
    with provider(tmp_path) as simulator:
        async with gateway_to(simulator, tmp_path) as (device, heard):
            await heard.first(GatewayReady)
            stopping = Deferred.fromCoroutine(device.stop())
            device.submit([part("b", WORDS)])
            await stopping
            assert heard.of(PartUnsent) == [PartUnsent("b")]


class Slow(Resource):
    """Answers what is asked of its ``page`` when ``give`` is called; all else it answers with nothing."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self._page = page
        self._asked: list[Any] = []

    def getChild(self, path: bytes, request: Any) -> Resource:
        return self

    def render_POST(self, request: Any) -> Any:
        if not request.path.endswith(self._page):
            return b""
        self._asked.append(request)
        return NOT_DONE_YET

    @property
    def asked(self) -> int:
        """How many wait for an answer."""
        return len(self._asked)

    def give(self, body: bytes) -> None:
        asked, self._asked = self._asked, []
        for request in asked:
            request.write(body)
            request.finish()


@asynccontextmanager
async def slow_provider(page: bytes) -> AsyncIterator[tuple[Slow, int]]:
    """With the port that it listens at."""
    slow = Slow(page)
    listening = cast("Any", reactor).listenTCP(0, Site(slow), interface="127.0.0.1")
    try:
        yield slow, listening.getHost().port
    finally:
        await listening.stopListening()


@ensureDeferred
async def test_replies_that_are_being_fetched_while_it_stops_are_not_lost(tmp_path: Path) -> None:
    async with (
        slow_provider(b"callApi.aspx") as (slow, port),
        gateway_to(port, tmp_path, preset="sms_aspx", fetch=True) as (device, heard),
    ):
        await heard.until(lambda: slow.asked)
        stopping = Deferred.fromCoroutine(device.stop())
        await deferLater(reactor, 0.1)
        assert not stopping.called
        slow.give(b"<returnsms><callbox><mobile>13800138000</mobile><content>1</content></callbox></returnsms>")
        await stopping
    # The provider does not give it again.
    assert [(text.sender, text.text) for text in heard.of(TextArrived)] == [("13800138000", "1")]


@ensureDeferred
async def test_stopped_while_the_provider_is_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hardware.gateways.http.DRAIN_SECONDS", 0.2)
    with provider(tmp_path) as simulator:
        async with gateway_to(simulator, tmp_path) as (device, heard):
            await heard.first(GatewayReady)
            simulator.ask("answer", manner="silent")
            device.submit([part("a", WORDS)])
            await heard.until(lambda: simulator.ask("status")["sent"])
        assert [(type(signal), signal.key) for signal in heard.signals] == [(PartUnknown, "a")]  # type: ignore[attr-defined]


@ensureDeferred
async def test_an_address_inside_is_refused_unless_it_is_said(tmp_path: Path) -> None:
    with provider(tmp_path) as simulator:
        async with gateway_to(simulator, tmp_path, inside=False) as (_, heard):
            lost = await heard.first(GatewayLost)
            assert "not allowed" in lost.reason  # type: ignore[attr-defined]
            assert "127.0.0.1" not in lost.reason  # type: ignore[attr-defined]


@ensureDeferred
async def test_a_push_is_answered_when_it_is_written_down_and_taken_once(tmp_path: Path) -> None:
    with provider(tmp_path) as simulator:
        async with gateway_to(simulator, tmp_path, push_secret=SECRET) as (device, heard):
            body = json.dumps({"mobile": "13800138000", "text": "退订", "time": 1457336869, "extend": "01"}).encode()
            assert (await device.pushes.take(body, {"x-push-secret": "guessed"})).status == 403
            assert (await device.pushes.take(b"{", {"x-push-secret": SECRET})).status == 400
            answers = [Deferred.fromCoroutine(device.pushes.take(body, {"x-push-secret": SECRET})) for _ in range(2)]
            # The second came while the first was not written down.
            busy = await answers[1]
            assert (busy.status, json.loads(busy.body)["result"]) == (503, 2)
            reply = await heard.first(TextArrived)
            assert (reply.sender, reply.text) == ("13800138000", "退订")  # type: ignore[attr-defined]
            assert not answers[0].called
            reply.written()  # type: ignore[attr-defined]
            done = await answers[0]
            assert (done.status, json.loads(done.body)) == (200, {"result": 0, "errmsg": "OK"})
            assert (await device.pushes.take(body, {"x-push-secret": SECRET})).status == 200
            await deferLater(reactor, 0.1)
            assert heard.of(TextArrived) == []


@ensureDeferred
async def test_a_push_that_nobody_writes_down_is_not_answered_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hardware.gateways.http_pushes.WRITE_SECONDS", 0.2)
    with provider(tmp_path) as simulator:
        async with gateway_to(simulator, tmp_path, push_secret=SECRET) as (device, heard):
            body = json.dumps({"mobile": "13800138000", "text": "1"}).encode()
            assert (await device.pushes.take(body, {"x-push-secret": SECRET})).status == 503
            assert (await device.pushes.take(body, {"x-push-secret": SECRET})).status == 503
            [reply] = heard.of(TextArrived)
            reply.written()
            assert (await device.pushes.take(body, {"x-push-secret": SECRET})).status == 200
            assert len(heard.of(TextArrived)) == 1


@ensureDeferred
async def test_the_same_words_without_a_time_are_a_text_of_their_own_once_the_first_were_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hardware.gateways.http_pushes.WRITE_SECONDS", 0.2)
    with provider(tmp_path) as simulator:
        async with gateway_to(simulator, tmp_path, push_secret=SECRET) as (device, heard):
            body = json.dumps({"mobile": "13800138000", "text": "1"}).encode()
            # The first is brought again, since it was not written down in time; that one is the same, the next is not.
            assert (await device.pushes.take(body, {"x-push-secret": SECRET})).status == 503
            heard.of(TextArrived)[0].written()
            assert (await device.pushes.take(body, {"x-push-secret": SECRET})).status == 200
            monkeypatch.setattr("hardware.gateways.http_pushes.WRITE_SECONDS", PATIENCE)
            for count in (2, 3):
                answer = Deferred.fromCoroutine(device.pushes.take(body, {"x-push-secret": SECRET}))
                await heard.some(TextArrived, count)
                heard.of(TextArrived)[-1].written()
                assert (await answer).status == 200


@ensureDeferred
async def test_of_a_push_what_can_be_read_is_taken(tmp_path: Path) -> None:
    with provider(tmp_path) as simulator:
        async with gateway_to(simulator, tmp_path, push_secret=SECRET) as (device, heard):
            replies = [{"mobile": "13800138000", "text": "1"}, {"zzz": "13800138007"}, {"mobile": 5}]
            body = json.dumps([*replies, {"mobile": "13800138001", "text": "2"}]).encode()
            with capturedLogs() as logs:
                answer = Deferred.fromCoroutine(device.pushes.take(body, {"x-push-secret": SECRET}))
                for reply in await heard.some(TextArrived, 2):
                    reply.written()
                assert (await answer).status == 200
            [warning] = [formatEvent(event) for event in logs if "pushed" in event]
            assert "2 replies or receipts of 4" in warning
            assert "13800138007" not in warning
            nothing = json.dumps([{"mobile": 5}]).encode()
            assert (await device.pushes.take(nothing, {"x-push-secret": SECRET})).status == 400


OWN = {"fields": {"to": "{numbers}", "msg": "{text}"}, "accepted": "OK"}


@pytest.mark.parametrize(
    "wrong",
    [{"url": "ftp://x/"}, {"url": "http://user:pw@x/"}, {"url": "http://x/?a=b"}, {"url": "file:///etc/passwd"},
     {"url": "http://x/a b"}, {"push_secret": "short"}, {"preset": "unknown"}, {"preset": "custom"}, {"own": OWN},
     {"preset": "custom", "own": OWN | {"fields": {"to": "{numbers}"}}}, {"sender": "12a"},
     {"preset": "custom", "own": OWN | {"fields": {"to": "{numbers}", "msg": "{text}", "x": "{secret}"}}},
     {"preset": "custom", "own": OWN | {"accepted": "("}}, {"preset": "custom", "own": OWN | {"code": "-1"}},
     {"preset": "custom", "own": OWN | {"accepted": "^(a|aa)+$"}},
     {"preset": "custom", "own": OWN | {"words": r"(?:(a|b)*c?)*$"}},
     {"preset": "custom", "own": OWN | {"path": "//evil/"}}, {"preset": "custom", "own": OWN | {"path": "a?b=c"}},
     {"preset": "custom", "own": OWN | {"path": "页"}}],
)  # fmt: skip
def test_settings_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        HttpGatewaySettings.model_validate({"name": "1", "url": "http://x/", "preset": "linkws", **wrong})


GBK = "has a character that the provider's charset (GBK) does not have"
OWN_GBK = OWN | {"charset": "gbk", "fields": OWN["fields"] | {"user": "{account}"}}  # type: ignore[operator]


@pytest.mark.parametrize(
    ("preset", "settings", "place"),
    [
        ("sms56_a", {"account": "医院😀"}, ("account",)),
        ("linkws", {"password": "pässword"}, ("password",)),
        # The digest would go, but the balance is asked for with the password as it is.
        ("sms56_md5_a", {"password": "pässword"}, ("password",)),
        ("sms_aspx_gbk", {"company": "8ß"}, ("company",)),
        ("custom", {"account": "ä", "own": OWN_GBK}, ("account",)),
        ("custom", {"own": OWN_GBK | {"fields": OWN["fields"] | {"from": "ä"}}}, ("own", "fields")),  # type: ignore[operator]
        ("custom", {"own": OWN_GBK | {"balance_fields": {"ä": "1"}}}, ("own", "balance_fields")),
    ],
)
def test_what_the_providers_charset_cannot_write_is_refused_at_its_field(
    preset: str, settings: dict[str, Any], place: tuple[str, ...]
) -> None:
    with pytest.raises(ValidationError) as error:
        HttpGatewaySettings.model_validate({"name": "1", "url": "http://x/", "preset": preset, **settings})
    assert [(one["loc"], one["ctx"]["error"].args[0]) for one in error.value.errors()] == [(place, GBK)]


@pytest.mark.parametrize(
    ("preset", "settings"),
    [
        ("linkws", {"account": "医院", "password": "ü"}),
        # It is asked for neither there.
        ("linkws", {"company": "ä"}),
        ("custom", {"password": "ä", "own": OWN_GBK}),
        ("sms_aspx", {"account": "😀", "password": "ä", "company": "ß"}),
    ],
)
def test_what_it_can_write_or_need_not_is_taken(preset: str, settings: dict[str, Any]) -> None:
    HttpGatewaySettings.model_validate({"name": "1", "url": "http://x/", "preset": preset, **settings})


@ensureDeferred
async def test_an_account_that_cannot_be_written_is_no_fault_of_a_message(tmp_path: Path) -> None:
    with provider(tmp_path) as simulator:
        unchecked = {"password": SecretStr("pässword")}
        async with gateway_to(simulator, tmp_path, unchecked, window=1) as (device, heard):
            await heard.first(GatewayReady)
            device.submit([part("a", WORDS), part("b", WORDS)])
            await heard.until(lambda: len(heard.signals) == 3)
            why = Said(Saying.ACCOUNT_UNWRITABLE, charset="GBK")
            assert heard.of(PartRefused) == [PartRefused("a", Refusal.GATEWAY, "", why)]
            assert heard.of(PartUnsent) == [PartUnsent("b")]
            assert heard.of(GatewayLost) == [GatewayLost(why, refused=True)]
            assert device.room == 0
            assert not simulator.ask("status")["sent"]


@ensureDeferred
async def test_a_provider_of_ones_own(tmp_path: Path) -> None:
    own = {
        "method": "GET", "charset": "gbk", "path": "HttpInterface.aspx", "accepted": "^1$", "code": "(-[0-9]+)",
        "fields": {"username": "{account}", "userpwd": "{password}", "handtel": "{numbers}", "sendcontent": "{text}"},
        "codes": {"-8": {"refusal": "never", "words": "forbidden"}},
    }  # fmt: skip
    with provider(tmp_path) as simulator:
        async with gateway_to(simulator, tmp_path, preset="custom", own=own) as (device, heard):
            await heard.first(GatewayReady)
            device.submit([part("a", WORDS, number=NUMBER)])
            await heard.first(PartAccepted)
            simulator.ask("answer", code="-8", count=1)
            device.submit([part("b", WORDS)])
            assert await heard.first(PartRefused) == PartRefused("b", Refusal.NEVER, "-8", "forbidden")
            assert simulator.ask("status")["sent"][0]["text"] == WORDS


def test_the_secrets_are_not_shown() -> None:
    values = {"name": "1", "url": "http://x/", "preset": "linkws", "password": "pass-word", "push_secret": SECRET}
    settings = HttpGatewaySettings.model_validate(values)
    assert "pass-word" not in repr(settings)
    assert SECRET not in repr(settings)
    assert "pass-word" not in repr(settings.credentials)
