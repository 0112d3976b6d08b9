"""CMPP and SMPP gateways as devices, on loopback, against simulated ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pytest_twisted import ensureDeferred
from twisted.internet import reactor, ssl
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from hardware.gateways import pdu_connection
from hardware.gateways.device import GatewayAbility
from hardware.gateways.drivers import DRIVERS
from hardware.gateways.settings import GatewayKind
from hardware.simulators.smsc_requests import DropRequest, TextRequest, Treatment
from hardware.supervisor import PortError
from hardware.trace import TraceEntry, Way
from protocols.sms import (
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
from tests.peers.asterisk import make_certificate
from tests.peers.gateway_heard import GatewayHeard
from tests.peers.sms_session import NUMBER, part
from tests.peers.smsc import ACCOUNTS, device_for, gateway_on, gateway_settings, smsc_running, submit_all
from twistd_plugin.commands.ports import free_port

KINDS = pytest.mark.parametrize("kind", ["cmpp2", "cmpp3", "smpp"])


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdu_connection, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(pdu_connection, "MOST_PAUSE", 0.1)


@KINDS
@ensureDeferred
async def test_messages_go_out_and_receipts_and_texts_come_in(kind: str, tmp_path: Path) -> None:
    async with (
        smsc_running(kind, receipt_after=0.05, copies=2, shuffled=True) as smsc,
        gateway_on(kind, smsc.port, tmp_path) as (device, heard),
    ):
        await submit_all(device, heard, [part(str(each)) for each in range(100)])
        accepted = await heard.some(PartAccepted, 100)
        receipts = await heard.some(ReceiptArrived, 200)
        assert {each.key for each in accepted} == {str(each) for each in range(100)}
        assert {each.gateway_id for each in receipts} == {each.gateway_id for each in accepted}
        assert {each.fate for each in receipts} == {Fate.DELIVERED}
        assert smsc.messages[0].text == "您好，预约提醒"
        assert smsc.messages[0].number == (NUMBER[3:] if kind != "smpp" else NUMBER[1:])
        await heard.until(lambda: smsc.counts["answered"] == 200)
        smsc.text(TextRequest(command="text", number="13800138000", text="疼" * 100, backwards=True, wide=True))
        second, first = await heard.some(TextArrived, 2)
        assert (first.text + second.text, first.position, first.total) == ("疼" * 100, 1, 2)
        assert first.reference == second.reference


@ensureDeferred
async def test_a_connection_tells_at_once_whether_it_lives_and_that_our_answer_was_read(tmp_path: Path) -> None:
    async with smsc_running("smpp") as smsc, gateway_on("smpp", smsc.port, tmp_path) as (_, heard):
        smsc.text(TextRequest(command="text", number="13800138000", text="1"))
        [text] = await heard.some(TextArrived)
        text.written()
        answered_at, link = reactor.seconds(), text.link
        link.ask()
        await heard.until(lambda: link.has_read(answered_at))
        assert not link.ended
        smsc.drop()
        await heard.until(lambda: link.ended)


@KINDS
@ensureDeferred
async def test_stopping_says_goodbye_and_what_became_of_everything(kind: str, tmp_path: Path) -> None:
    async with smsc_running(kind, delay=0.2, receipt=None) as smsc:
        device, heard = device_for(kind, smsc.port, tmp_path, window=2), GatewayHeard()
        device.start(heard)
        await heard.some(GatewayReady)
        # In the turn in which the second is there: the answers to both are waited for.
        stopping: Deferred[None] = Deferred()
        taken = smsc.submitted

        def second_is_there(client: Any, message: Any) -> None:
            taken(client, message)
            if smsc.counts["submitted"] == 2:
                Deferred.fromCoroutine(device.stop()).chainDeferred(stopping)

        smsc.submitted = second_is_there  # type: ignore[method-assign]
        device.submit([part(str(each)) for each in range(5)])
        await stopping
        assert [each.key for each in heard.of(PartAccepted)] == ["0", "1"]
        assert [each.key for each in heard.of(PartUnsent)] == ["2", "3", "4"]
        assert len(heard.of(GatewayLost)) == 1
        assert smsc.clients == []
        device.submit([part("late")])
        assert device.room == 0
        await deferLater(reactor, 0)


@KINDS
@ensureDeferred
async def test_a_cut_connection_leaves_doubt_and_comes_back(kind: str, tmp_path: Path) -> None:
    async with (
        smsc_running(kind, behaviour="silent") as smsc,
        gateway_on(kind, smsc.port, tmp_path, window=2) as (device, heard),
    ):
        device.submit([part(str(each)) for each in range(3)])
        await heard.until(lambda: smsc.counts["submitted"] == 2)
        smsc.drop()
        await heard.some(GatewayLost)
        assert [each.key for each in heard.of(PartUnknown)] == ["0", "1"]
        assert [each.key for each in heard.of(PartUnsent)] == ["2"]
        await heard.some(GatewayReady, 2)
        smsc.treat(Treatment(receipt=None))
        device.submit([part("3")])
        await heard.some(PartAccepted)


@KINDS
@ensureDeferred
async def test_a_gateway_that_closes_after_each_pdu(kind: str, tmp_path: Path) -> None:
    async with smsc_running(kind) as smsc:
        smsc.close_after = 1
        async with gateway_on(kind, smsc.port, tmp_path, ready=False) as (_, heard):
            await heard.until(lambda: smsc.counts["connections"] >= 3)
            smsc.handle(DropRequest(command="drop", after=0), lambda _: None)
            await heard.until(lambda: smsc.clients and isinstance(heard.signals[-1], GatewayReady))


@KINDS
@ensureDeferred
async def test_each_part_has_one_end_however_often_the_connection_is_cut(kind: str, tmp_path: Path) -> None:
    async with smsc_running(kind, receipt=None) as smsc:
        smsc.close_after = 37
        device, heard = device_for(kind, smsc.port, tmp_path, connections=2, window=8), GatewayHeard()
        device.start(heard)
        await submit_all(device, heard, [part(str(each)) for each in range(300)])
        await heard.until(lambda: len(ends(heard)) == 300)
        await device.stop()
        assert sorted(ends(heard), key=int) == [str(each) for each in range(300)]
        assert len(heard.of(PartAccepted)) <= smsc.counts["accept"]
        assert smsc.counts["accept"] <= len(heard.of(PartAccepted)) + len(heard.of(PartUnknown))


def ends(heard: GatewayHeard) -> list[str]:
    kinds = (PartAccepted, PartUnknown, PartUnsent)
    return [signal.key for kind in kinds for signal in heard.of(kind)]


@KINDS
@ensureDeferred
async def test_a_wrong_password_is_not_tried_again_soon(kind: str, tmp_path: Path) -> None:
    secret = {"password": "wrong"} if kind == "smpp" else {"secret": "wrong"}
    async with (
        smsc_running(kind) as smsc,
        gateway_on(kind, smsc.port, tmp_path, ready=False, **secret) as (device, heard),
    ):
        [lost] = await heard.some(GatewayLost)
        assert lost.refused
        await deferLater(reactor, 0.3)
        assert smsc.counts["sign-ins refused"] == 1
        assert device.room == 0


@ensureDeferred
async def test_a_gateway_that_is_not_there_is_lost_once_and_taken_when_it_comes(tmp_path: Path) -> None:
    port = free_port()
    async with gateway_on("smpp", port, tmp_path, ready=False) as (device, heard):
        await heard.some(GatewayLost)
        await deferLater(reactor, 0.3)
        device.submit([part("1")])
        await heard.some(PartUnsent)
        assert heard.signals == [
            GatewayLost(f"cannot connect to 127.0.0.1:{port}: Connection refused"), PartUnsent("1"),
        ]  # fmt: skip
        async with smsc_running("smpp", port):
            await heard.some(GatewayReady)


@ensureDeferred
async def test_a_gateway_of_version_2_is_found_out(tmp_path: Path) -> None:
    async with (
        smsc_running("cmpp2", receipt_after=0.01) as smsc,
        gateway_on("cmpp3", smsc.port, tmp_path) as (device, heard),
    ):
        assert smsc.counts["sign-ins refused"] == 1
        device.submit([part("1")])
        await heard.some(ReceiptArrived)


@KINDS
@ensureDeferred
async def test_a_throttle_is_told_and_kept(kind: str, tmp_path: Path) -> None:
    async with smsc_running(kind, limit=10) as smsc, gateway_on(kind, smsc.port, tmp_path) as (device, heard):
        rooms: list[int] = []
        heard.when(GatewayPaused, lambda: reactor.callLater(0, lambda: rooms.append(device.room)))
        device.submit([part("1"), part("2")])
        [refused] = await heard.some(PartRefused)
        assert refused.refusal is Refusal.LATER
        assert (await heard.some(GatewayPaused))[0].seconds == 1.0
        await heard.until(lambda: rooms)
        assert rooms == [0]
        await heard.until(lambda: device.room)


@ensureDeferred
async def test_a_pair_is_ready_when_both_are(tmp_path: Path) -> None:
    async with (
        smsc_running("smpp", receipt_after=0.01) as smsc,
        gateway_on("smpp", smsc.port, tmp_path, bind="pair") as (device, heard),
    ):
        assert len(smsc.clients) == 2
        device.submit([part("1")])
        await heard.some(ReceiptArrived)
        receiver = next(client for client in smsc.clients if client.hears)
        rooms: list[int] = []
        heard.when(GatewayLost, lambda: rooms.append(device.room))
        receiver.cut()
        await heard.some(GatewayLost)
        assert rooms == [0]
        await heard.some(GatewayReady, 2)
        assert len(heard.of(GatewayReady)) == 2


@ensureDeferred
async def test_all_parts_of_a_text_take_one_connection(tmp_path: Path) -> None:
    async with (
        smsc_running("cmpp3", receipt=None) as smsc,
        gateway_on("cmpp3", smsc.port, tmp_path, connections=4) as (device, heard),
    ):
        # The simulator knows a connection before its answer is here.
        ours: Any = device
        await heard.until(lambda: all(connection.room for connection in ours._senders))
        seen: dict[int, list[Any]] = {id(client): [] for client in smsc.clients}
        taken = smsc.submitted
        smsc.submitted = lambda client, message: (  # type: ignore[method-assign]
            seen[id(client)].append((message.reference, message.position)), taken(client, message),
        )[1]  # fmt: skip
        texts = [[part(f"{ref}-{at}", reference=ref, position=at, total=3) for at in (1, 2, 3)] for ref in range(20)]
        device.submit([one for text in texts for one in text])
        await heard.some(PartAccepted, 60)
        for messages in seen.values():
            assert messages, "one connection had nothing to do"
            assert [at for _, at in messages] == [1, 2, 3] * (len(messages) // 3)
        gone = smsc.clients[0]
        gone.cut()
        await heard.until(lambda: gone not in smsc.clients)
        assert device.room
        assert not heard.of(GatewayLost)


@KINDS
@ensureDeferred
async def test_the_trace_shows_no_secret_and_no_number(kind: str, tmp_path: Path) -> None:
    entries: list[TraceEntry] = []
    async with smsc_running(kind, receipt_after=0.01) as smsc:
        device, heard = device_for(kind, smsc.port, tmp_path, trace=True), GatewayHeard()
        device.watch(entries.append)
        device.start(heard)
        await heard.some(GatewayReady)
        device.submit([part("1", text="call 13900139000"), part("2", text="电话13900139000")])
        await heard.some(ReceiptArrived, 2)
        device.watch(None)
        await device.stop()
    shown = b"".join(entry.data for entry in entries)
    assert {entry.way for entry in entries} >= {Way.OPENED, Way.SENT, Way.RECEIVED}
    assert b"1380013****" in shown
    assert b"900139000" not in shown
    assert "9000".encode("utf-16-be") not in shown
    assert b"888888" not in shown
    file = tmp_path / "g"
    await heard.until(lambda: file.exists() and "1380013****" in file.read_text())


@ensureDeferred
async def test_nothing_is_read_while_too_much_is_not_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protocols.sms_endpoint.MOST_OWED", 10)
    async with (
        smsc_running("smpp") as smsc,
        gateway_on("smpp", smsc.port, tmp_path, writes=False) as (_, heard),
    ):
        for _ in range(50):
            smsc.text(TextRequest(command="text", number="13800138000", text="x" * 60))
            await deferLater(reactor, 0)
        await heard.some(TextArrived, 11)
        assert len(heard.of(TextArrived)) < 50

        def write_down() -> bool:
            for text in heard.of(TextArrived):
                text.written()
            return bool(smsc.counts["answered"] == 50)

        await heard.until(write_down)
        assert len(heard.of(TextArrived)) == 50


@ensureDeferred
async def test_smpp_over_tls(tmp_path: Path) -> None:
    file, authorities = tmp_path / "both.pem", tmp_path / "both.pem.cert"
    make_certificate(file)
    tls = ssl.PrivateCertificate.loadPEM(file.read_bytes()).options()
    async with smsc_running("smpp", tls=tls, receipt_after=0.01) as smsc:
        async with gateway_on("smpp", smsc.port, tmp_path, tls=True, authorities=authorities) as (device, heard):
            device.submit([part("1")])
            await heard.some(ReceiptArrived)
            smsc.drop()
            await heard.some(GatewayReady, 2)
        async with gateway_on("smpp", smsc.port, tmp_path, ready=False, tls=True) as (_, heard):
            [lost] = await heard.some(GatewayLost)
            assert "certificate verify failed" in lost.reason
        async with gateway_on("smpp", smsc.port, tmp_path, ready=False) as (device, heard):
            await deferLater(reactor, 0.1)
            assert device.room == 0
    with pytest.raises(PortError, match="cannot be read"):
        device_for("smpp", 1, tmp_path, tls=True, authorities=tmp_path / "none")


def test_what_gateways_can_do(tmp_path: Path) -> None:
    assert device_for("cmpp2", 1, tmp_path).abilities.names == ["long_text", "receipts", "replies", "sender"]
    sender = device_for("smpp", 1, tmp_path, bind="transmitter")
    assert GatewayAbility.RECEIPTS not in sender.abilities
    device_for("smpp", 1, tmp_path).ask_balance()


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("cmpp3", {"sp_id": "9000012"}),
        ("cmpp3", {"sp_number": "10-69"}),
        ("cmpp3", {"host": "a b"}),
        ("cmpp3", {"tls": True}),
        ("smpp", {"password": "123456789" * 4}),
        ("smpp", {"source_ton": 7}),
        ("smpp", {"utc_offset": 8.1}),
        ("smpp", {"connections": 0}),
    ],
)
def test_settings_that_cannot_be(kind: str, wrong: dict[str, Any]) -> None:
    values = {"name": "g", "host": "127.0.0.1", **ACCOUNTS[kind], **wrong}
    with pytest.raises(ValidationError) as caught:
        gateway_settings(GatewayKind(kind), values)
    assert "123456789" not in str(caught.value)


def test_secrets_are_not_shown() -> None:
    for kind, account in ACCOUNTS.items():
        settings = gateway_settings(GatewayKind(kind), {"name": "g", "host": "h", **account})
        assert "888888" not in repr(settings)
        assert "888888" not in repr(settings.account)  # type: ignore[attr-defined]
    assert set(DRIVERS) == set(GatewayKind)


@pytest.mark.parametrize("kind", ["cmpp3", "smpp"])
@ensureDeferred
async def test_it_is_known_when_a_lost_one_is_connected_to_again(kind: str, tmp_path: Path) -> None:
    async with smsc_running(kind) as smsc:
        port = smsc.port
        async with gateway_on(kind, port, tmp_path, connections=2) as (device, heard):
            assert device.next_attempt is None
            await smsc.unplug()
            await heard.some(GatewayLost)
            await heard.until(lambda: device.next_attempt)
            assert device.next_attempt is not None
            assert device.next_attempt <= reactor.seconds() + 60.0  # type: ignore[attr-defined]
            smsc.plug()
            await heard.some(GatewayReady, 2)
            assert device.next_attempt is None
