"""Our gateways and simulators against software that we did not write."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred

from hardware.simulators.smsc_requests import TextRequest
from protocols.cmpp.codec import V3, encode, encode_report
from protocols.cmpp.messages import RESPONSE, Command, Deliver, Report, SubmitAnswer
from protocols.cmpp.session import CmppTongue
from protocols.cmpp.settings import CmppAccount
from protocols.smpp.session import SmppTongue
from protocols.smpp.settings import Role, SmppAccount
from protocols.sms import Fate, GatewayLost, GatewayReady, PartAccepted, ReceiptArrived, TextArrived
from tests.peers.foreign import (
    DRIVE_SMPP,
    NODE_MODULES,
    PYTHON,
    SCRIPTS,
    TEXT2PCAP,
    TSHARK,
    has_python,
    needs,
    run,
    talking,
)
from tests.peers.gateway_heard import GatewayHeard
from tests.peers.sms_session import NOON, part
from tests.peers.smsc import device_for, smsc_running, submit_all
from twistd_plugin.commands.ports import free_port

LONG = "您好，请于明天上午八点空腹到门诊二楼抽血。" * 5


def parts_of(text: str, size: int = 66) -> list[Any]:
    pieces = [text[place : place + size] for place in range(0, len(text), size)]
    return [
        part(f"long-{at}", piece, reference=0x7A, position=at, total=len(pieces)) for at, piece in enumerate(pieces, 1)
    ]


@needs((NODE_MODULES / "smpp").exists(), "npm's smpp")
@pytest.mark.parametrize("joining", ["udh", "sar"])
@ensureDeferred
async def test_npm_smpp_as_gateway(tmp_path: Path, joining: str) -> None:
    heard = GatewayHeard()
    with talking("/usr/bin/env", "node", str(SCRIPTS / "smsc.js")) as peer:
        await heard.until(lambda: peer.having("port") or peer.ended)
        port = peer.having("port")[0]["port"]
        ids = {"answer_ids": "hex", "receipt_ids": "decimal"}
        device = device_for("smpp", port, tmp_path, joining=joining, alphabet="gsm7", **ids)
        device.start(heard)
        await heard.some(GatewayReady)
        await submit_all(device, heard, [part("1"), part("2", "Hello @[]"), *parts_of(LONG)])
        accepted = await heard.some(PartAccepted, 4)
        receipts = await heard.some(ReceiptArrived, 4)
        [text] = await heard.some(TextArrived)
        await heard.until(lambda: len(peer.having("answered")) == 5)
        await device.stop()
        assert {each.gateway_id for each in receipts} == {each.gateway_id for each in accepted} != {""}
        assert {each.fate for each in receipts} == {Fate.DELIVERED}
        assert (text.sender, text.text) == ("8613900139000", "退订")
        one, two, *long = peer.having("to")
        assert (one["to"], one["words"], one["validity"]) == ("8613800138000", "您好，预约提醒", one["validity"])
        assert (two["words"], two["coding"]) == ("Hello @[]", 0)
        assert "".join(each["words"] for each in long) == LONG
        assert peer.having("unbind")
        assert all(each["sar"] for each in long) == (joining == "sar")
        assert all(each["udh"] for each in long) == (joining == "udh")


@needs(has_python("smpp34"), "PyPI's smpp34")
@ensureDeferred
async def test_smpp34_as_gateway(tmp_path: Path) -> None:
    heard = GatewayHeard()
    port = free_port()
    with talking(str(PYTHON), str(SCRIPTS / "smpp34_smsc.py"), str(port)) as peer:
        await heard.until(lambda: peer.having("listening") or peer.ended)
        assert not peer.ended, peer.words
        device = device_for("smpp", port, tmp_path)
        device.start(heard)
        await heard.some(GatewayReady)
        await submit_all(device, heard, [part("1"), *parts_of(LONG)])
        accepted = await heard.some(PartAccepted, 3)
        receipts = await heard.some(ReceiptArrived, 3)
        await heard.until(lambda: len(peer.having("answered")) == 3)
        await device.stop()
        assert {each.gateway_id for each in receipts} == {each.gateway_id for each in accepted} == {"ab1", "ab2", "ab3"}
        assert {each.fate for each in receipts} == {Fate.DELIVERED}
        # It hands messages on in any order.
        whole = [each["words"] for each in peer.having("words") if not each["esm_class"]]
        assert [bytes.fromhex(words).decode("utf-16-be") for words in whole] == ["您好，预约提醒"]
        joined = sorted(each["words"] for each in peer.having("words") if each["esm_class"] == 0x40)
        assert "".join(bytes.fromhex(words)[6:].decode("utf-16-be") for words in joined) == LONG


@needs(DRIVE_SMPP, "Kannel's drive_smpp")
@ensureDeferred
async def test_kannels_drive_smpp_as_gateway(tmp_path: Path) -> None:
    heard = GatewayHeard()
    port = free_port()
    with talking(str(DRIVE_SMPP), "-v", "0", "-p", str(port), "-m", "20") as peer:
        device = device_for("smpp", port, tmp_path, bind="pair")
        device.start(heard)
        await heard.some(GatewayReady)
        await submit_all(device, heard, [part("1", "Hello"), part("2")])
        assert {each.gateway_id for each in await heard.some(PartAccepted, 2)} == {""}
        texts = await heard.some(TextArrived, 20)
        assert [each.text for each in texts] == [str(each) for each in range(1, 21)]
        await heard.until(lambda: "All messages sent" in peer.words)
        assert "<Hello>" in peer.words
        await device.stop()
    assert isinstance(heard.signals[-1], GatewayLost)


@needs(has_python("smpplib"), "PyPI's smpplib")
@ensureDeferred
async def test_smpplib_as_client_of_the_simulator() -> None:
    async with smsc_running("smpp", receipt_after=0.05) as smsc:
        heard = GatewayHeard()
        command = (str(PYTHON), str(SCRIPTS / "client.py"), str(smsc.port), "8613800138000", LONG)
        with talking(*command) as peer:
            await heard.until(lambda: peer.having("sent") or peer.ended)
            smsc.text(TextRequest(command="text", number="13800138000", text="退订"))
            await heard.until(lambda: peer.ended)
            assert peer.having("received"), peer.words
        [told] = peer.having("received")
        receipts = [each["id"] for each in told["received"] if each["receipt"]]
        assert sorted(receipts) == sorted(told["answered"])
        assert [each["words"] for each in told["received"] if not each["receipt"]] == ["退订"]
        parts = sorted(smsc.messages, key=lambda each: each.position)
        assert "".join(each.text for each in parts) == LONG
        assert {each.number for each in parts} == {"8613800138000"}


def cmpp3_conversation() -> list[bytes]:
    """As both sides write it."""
    tongue = CmppTongue(CmppAccount("900001", "888888", "10690001", service_id="HELP"), lambda: NOON)
    message_id = 0xB2B9DA8000010000
    report = Report(message_id, "DELIVRD", "2511051429", "2511051430", "13800138000", 5)
    receipt = Deliver(message_id, "10690001", "13800138000", encode_report(report, V3), is_report=True)
    return [
        tongue.sign_in(1),
        tongue.submission(parts_of(LONG)[1], 2),
        encode(Command.SUBMIT | RESPONSE, 2, SubmitAnswer(message_id, 0), V3),
        encode(Command.DELIVER, 3, receipt, V3),
        tongue.heartbeat(4),
        tongue.farewell(5),
    ]


def as_tshark_reads(
    folder: Path, pdus: list[bytes], port: int, protocol: str, fields: list[str]
) -> list[dict[str, Any]]:
    """The fields of each PDU, none of which is malformed."""
    dump, capture = folder / "dump", folder / "capture"
    dump.write_text("\n".join(f"0000 {pdu.hex(' ')}\n" for pdu in pdus))
    run(str(TEXT2PCAP), "-q", "-T", f"40000,{port}", str(dump), str(capture))
    command = [str(TSHARK), "-r", str(capture), "-d", f"tcp.port=={port},{protocol}", "-T", "json"]
    packets = json.loads(run(*command, *(word for field in [*fields, "_ws.malformed"] for word in ("-e", field))))
    found = [packet["_source"]["layers"] for packet in packets]
    assert not any("_ws.malformed" in each for each in found)
    return found


@needs(TSHARK and TEXT2PCAP, "tshark")
def test_tshark_reads_smpp_as_we_write_it(tmp_path: Path) -> None:
    account = SmppAccount("huifang", "secret", "VMA", "Hospital", 5)
    tongue = SmppTongue(account, Role.TRANSCEIVER, lambda: NOON)
    pdus = [tongue.sign_in(1), tongue.submission(parts_of(LONG)[1], 2), tongue.heartbeat(3), tongue.farewell(4)]
    fields = [
        "smpp.command_id", "smpp.system_id", "smpp.system_type", "smpp.source_addr", "smpp.source_addr_ton",
        "smpp.destination_addr", "smpp.data_coding", "smpp.sm_length", "smpp.validity_period_r",
        "smpp.esm.submit.features",
    ]  # fmt: skip
    bind, submit, *others = as_tshark_reads(tmp_path, pdus, 2775, "smpp", fields)
    assert (bind["smpp.system_id"], bind["smpp.system_type"]) == (["huifang"], ["VMA"])
    assert (submit["smpp.source_addr"], submit["smpp.source_addr_ton"]) == (["Hospital"], ["0x05"])
    assert submit["smpp.destination_addr"] == ["8613800138000"]
    assert int(submit["smpp.data_coding"][0], 0) == 8
    assert int(submit["smpp.esm.submit.features"][0], 0) == 1
    assert "smpp.validity_period_r" in submit
    assert int(submit["smpp.sm_length"][0], 0) == 6 + 2 * len(parts_of(LONG)[1].text)
    assert [int(each["smpp.command_id"][0], 0) for each in others] == [0x15, 0x06]


@needs(TSHARK and TEXT2PCAP, "tshark")
def test_tshark_reads_version_3_as_we_write_it(tmp_path: Path) -> None:
    fields = [
        "cmpp.Command_Id", "cmpp.Sequence_Id", "cmpp.Total_Length", "cmpp.connect.Source_Addr", "cmpp.Version",
        "cmpp.Servicd_Id", "cmpp.TP_udhi", "cmpp.Msg_Fmt", "cmpp.submit.Msg_src", "cmpp.submit.Valld_Time",
        "cmpp.submit.Src_Id", "cmpp.Dest_terminal_Id", "cmpp.Msg_Length", "cmpp.submit.Pk_number",
        "cmpp.submit_resp.Result", "cmpp.Msg_Id.timestamp", "cmpp.deliver.Report.Status",
    ]  # fmt: skip
    found = as_tshark_reads(tmp_path, cmpp3_conversation(), 7890, "cmpp", fields)
    connect, submit, answer, deliver, heartbeat, farewell = found
    assert [int(each["cmpp.Command_Id"][0], 0) for each in found] == [1, 4, 0x80000004, 5, 8, 2]
    assert connect["cmpp.connect.Source_Addr"] == ["900001"]
    assert submit["cmpp.Servicd_Id"] == ["HELP"]
    assert (submit["cmpp.submit.Src_Id"], submit["cmpp.Dest_terminal_Id"]) == (["10690001"], ["13800138000"])
    assert (submit["cmpp.Msg_Fmt"], submit["cmpp.submit.Pk_number"]) == (["8"], ["2"])
    assert submit["cmpp.submit.Valld_Time"] == ["251105152942032+"]
    assert int(submit["cmpp.Msg_Length"][0]) == 6 + 2 * len(parts_of(LONG)[1].text)
    assert (answer["cmpp.submit_resp.Result"], deliver["cmpp.deliver.Report.Status"]) == (["0"], ["DELIVRD"])
    assert heartbeat["cmpp.Total_Length"] == farewell["cmpp.Total_Length"] == ["12"]


@needs(has_python("pycmpp"), "PyPI's pycmpp")
def test_pycmpp_reads_version_2_as_we_write_it() -> None:
    tongue = CmppTongue(CmppAccount("900001", "888888", "10690001", 2, service_id="HELP"), lambda: NOON)
    sent = parts_of(LONG)[0]
    printed = run(str(PYTHON), str(SCRIPTS / "decode_cmpp2.py"), tongue.submission(sent, 7).hex())
    told = {
        name: value.rstrip("\0") if isinstance(value, str) else value for name, value in json.loads(printed).items()
    }
    assert (told["seq_id"], told["pk_total"], told["pk_number"]) == (7, sent.total, 1)
    assert (told["service_id"], told["msg_src"], told["src_id"]) == ("HELP", "900001", "10690001")
    assert (told["dest_terminal_id"], told["destusr_tl"]) == ("13800138000", 1)
    assert (told["msg_content"], told["msg_head"]) == (sent.text, "\x05\x00\x03\x7a\x02\x01")
    assert (told["msg_fmt"], told["register_delivery"], told["valid_time"]) == (8, 1, "251105152942032+")


@needs(has_python("pycmpp") and has_python("cmppy"), "PyPI's pycmpp or cmppy")
@pytest.mark.parametrize("version", ["2", "3"])
@ensureDeferred
async def test_the_simulator_understands_pycmpp_and_cmppy(version: str) -> None:
    async with smsc_running(f"cmpp{version}", receipt_after=0.01) as smsc:
        pdus = bytes.fromhex(run(str(PYTHON), str(SCRIPTS / "write_cmpp.py"), version).decode())
        with socket.create_connection(("127.0.0.1", smsc.port)) as connection:
            connection.sendall(pdus)
            await GatewayHeard().until(lambda: smsc.counts["receipts"])
        assert smsc.counts["sign-ins"] == 1
        [message] = smsc.messages
        assert (message.number, message.sender, message.text) == ("13800138000", "1069", "您好，预约提醒")
