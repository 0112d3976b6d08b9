"""Lines on a PBX over real connections on loopback."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor, ssl
from twisted.internet.protocol import Protocol
from twisted.internet.task import deferLater

from hardware.asterisk_pbx import PbxSettings, pbx_directory
from hardware.call_control import ControlWish, ListenMode
from hardware.drivers import LineSettings, SharedPorts, create_line_device
from hardware.line_device import Capability, HardwareError, LineDevice, NotCapableError
from hardware.pbx_port import PbxAddress, PbxOpener
from hardware.supervisor import PortError
from protocols.ami.settings import AmiSettings, AmiTimings
from protocols.sayings import Said, Saying
from protocols.signals import (
    Answered,
    CallerIdentified,
    Ended,
    HandsetLifted,
    HandsetReplaced,
    LineLost,
    LineReady,
    Rang,
)
from tests.peers.ami_server import AmiServer, ami_server
from tests.peers.patience import until
from tests.peers.pbx import UP
from tests.peers.simulator import Heard

QUICK = AmiTimings(answer=10.0, keep_alive=0.3, listing=10.0, resync=1.0, patience=30.0)
IMPATIENT = replace(QUICK, answer=3.0, listing=3.0)
"""For a PBX that does not answer; any other is given longer than a busy machine is away. One that answers everything
but one question is asked others before.
"""


def directory(server: AmiServer, timings: AmiTimings = QUICK, **address: Any) -> SharedPorts:
    where = PbxAddress(**{"host": "127.0.0.1", "port": server.port, **address})
    pbx = PbxSettings("main", where, AmiSettings("huifang", "s3cret", timings=timings))
    return SharedPorts(reactor, pbx_directory([pbx], reactor))


@asynccontextmanager
async def lines_on(
    shared: SharedPorts, folder: Path, *ports: str, **settings: Any
) -> AsyncIterator[list[tuple[LineDevice, Heard]]]:
    devices = [
        create_line_device(
            LineSettings.model_validate({"name": port, "driver": "asterisk", "port": f"main/{port}", **settings}),
            reactor,
            folder / "trace",
            shared,
        )
        for port in ports
    ]
    lines = [(device, Heard()) for device in devices]
    for device, heard in lines:
        device.start(heard)
    try:
        yield lines
    finally:
        for device in devices:
            await device.stop()
        # The reactor closes a connection in its next turn.
        await deferLater(reactor, 0)


@ensureDeferred
async def test_the_lines_of_a_pbx_share_one_connection(tmp_path: Path) -> None:
    async with (
        ami_server() as server,
        lines_on(directory(server), tmp_path, "PJSIP/8001", "PJSIP/8002") as ((first, heard), (_, other)),
    ):
        await heard.first(LineReady)
        await other.first(LineReady)
        assert server.accepted == 1
        assert first.capabilities & Capability.DIAL
        assert not first.capabilities & Capability.ANSWER
        caller, phone = server.pbx.call("PJSIP/8001", "13800138000", "张三")
        server.pbx.answer(caller, phone)
        server.pbx.end(phone, caller, by=caller)
        await heard.until(lambda signals: Ended(by_far_end=True) in signals)
        assert heard.signals[:2] == [CallerIdentified("13800138000", "张三"), Rang()]
        assert other.signals == []


@ensureDeferred
async def test_dialling_and_hanging_up(tmp_path: Path) -> None:
    async with ami_server() as server, lines_on(directory(server), tmp_path, "PJSIP/8001") as ((device, heard),):
        await heard.first(LineReady)
        device.dial("13800138000")
        await until(lambda: bool(server.pbx.legs))
        (phone,) = server.pbx.legs
        server.pbx.state(phone, UP)
        far = server.pbx.dial_out(phone, "13800138000")
        server.pbx.answer(phone, far)
        await heard.first(Answered)
        device.hang_up()
        await heard.until(lambda signals: Ended(by_far_end=False) in signals)
        with pytest.raises(NotCapableError, match="lift the telephone"):
            device.answer()
        with pytest.raises(NotCapableError):
            device.send_digits("1")
        with pytest.raises(ValueError, match="cannot dial"):
            device.dial("10086,1")


@ensureDeferred
async def test_recording_into_the_folder_of_the_pbx(tmp_path: Path) -> None:
    async with ami_server() as server:
        where = PbxAddress("127.0.0.1", server.port)
        pbx = PbxSettings("main", where, AmiSettings("huifang", "s3cret", timings=QUICK), tmp_path)
        server.pbx.monitor, server.pbx.sound = tmp_path, b"sound"
        async with lines_on(SharedPorts(reactor, pbx_directory([pbx], reactor)), tmp_path, "PJSIP/8001") as lines:
            ((device, heard),) = lines
            await heard.first(LineReady)
            assert device.capabilities & Capability.RECORD
            assert device.recordings == tmp_path
            server.pbx.answer(*server.pbx.call("PJSIP/8001", "13800138000"))
            await heard.first(Answered)
            device.record("huifang-1-ff.wav")
            await until((tmp_path / "huifang-1-ff.wav").exists)


@ensureDeferred
async def test_without_a_folder_nothing_is_recorded(tmp_path: Path) -> None:
    async with ami_server() as server, lines_on(directory(server), tmp_path, "PJSIP/8001") as ((device, heard),):
        await heard.first(LineReady)
        assert not device.capabilities & Capability.RECORD
        with pytest.raises(NotCapableError, match="cannot record"):
            device.record("huifang-1-ff.wav")


@ensureDeferred
async def test_a_trunk_does_not_dial(tmp_path: Path) -> None:
    async with (
        ami_server() as server,
        lines_on(directory(server), tmp_path, "PJSIP/telecom", trunk=True) as ((device, heard),),
    ):
        await heard.first(LineReady)
        assert not device.capabilities & (Capability.DIAL | Capability.LOCAL_HOOK)
        with pytest.raises(NotCapableError, match="trunk"):
            device.dial("10086")


@ensureDeferred
async def test_dropped_in_the_middle_of_an_event_and_refused_for_a_while(tmp_path: Path) -> None:
    async with (
        ami_server(piece=1) as server,
        lines_on(directory(server), tmp_path, "PJSIP/8001", "PJSIP/8002") as lines,
    ):
        (device, heard), (_, idle) = lines
        await heard.first(LineReady)
        await idle.first(LineReady)
        caller, phone = server.pbx.call("PJSIP/8001", "10086")
        server.pbx.answer(caller, phone)
        await heard.first(Answered)
        server.connections[0].send(b"Event: Hangup\r\nUniqueid: " + phone.uniqueid.encode()[:5])
        await server.refuse()
        server.drop()
        await idle.first(LineLost)
        with pytest.raises(HardwareError, match="out of reach"):
            device.hang_up()
        server.pbx.end(phone, caller, by=caller)
        second, ringing = server.pbx.call("PJSIP/8001", "10010")
        await deferLater(reactor, 0.3)
        await server.listen()
        await idle.first(LineReady)
        await heard.until(lambda signals: Rang() in signals)
        assert heard.signals[0] == LineLost(Said(Saying.PBX_ENDED_UNSEEN))
        assert heard.signals[2:] == [CallerIdentified("10010"), Rang()]
        server.pbx.end(ringing, second)
        await heard.until(lambda signals: Ended(by_far_end=True) in signals)


@ensureDeferred
async def test_a_pbx_that_is_not_there_at_first(tmp_path: Path) -> None:
    async with ami_server() as server:
        await server.refuse()
        async with lines_on(directory(server), tmp_path, "PJSIP/8001") as ((device, heard),):
            lost = await heard.first(LineLost)
            assert lost == LineLost(f"cannot connect to 127.0.0.1:{server.port}: Connection refused")
            with pytest.raises(HardwareError, match="not available: cannot connect"):
                device.dial("10086")
            await server.listen()
            await heard.first(LineReady)


@pytest.mark.parametrize("how", ["silent", "deaf"])
@ensureDeferred
async def test_a_pbx_that_accepts_and_never_answers_is_found_and_tried_again(how: str, tmp_path: Path) -> None:
    async with (
        ami_server(silent=how == "silent", deaf={"Login"}) as server,
        lines_on(directory(server, IMPATIENT), tmp_path, "PJSIP/8001") as ((_, heard),),
    ):
        lost = await heard.first(LineLost)
        assert isinstance(lost, LineLost)
        assert ("says nothing" if how == "silent" else "does not answer (Login)") in lost.reason
        server.silent = False
        server.deaf.clear()
        await heard.first(LineReady)


@ensureDeferred
async def test_a_pbx_that_falls_silent_is_found_by_keep_alive(tmp_path: Path) -> None:
    async with ami_server() as server, lines_on(directory(server, IMPATIENT), tmp_path, "PJSIP/8001") as ((_, heard),):
        await heard.first(LineReady)
        server.deaf.update({"Ping", "CoreShowChannels"})
        lost = await heard.first(LineLost)
        assert isinstance(lost, LineLost)
        assert "does not answer" in lost.reason
        server.deaf.clear()
        await heard.first(LineReady)


@ensureDeferred
async def test_late_answers_doubles_and_floods(tmp_path: Path) -> None:
    async with ami_server() as server, lines_on(directory(server), tmp_path, "PJSIP/8001") as ((device, heard),):
        await heard.first(LineReady)
        noise = b"Event: VarSet\r\nChannel: PJSIP/x-1\r\nUniqueid: x.1\r\nValue: " + b"y" * 2000 + b"\r\n\r\n"
        told = server.pbx.tell

        def twice_in_a_flood(event: bytes) -> None:
            told(noise * 50 + event + event + b"Response: Success\r\nActionID: of-nobody\r\n\r\n")

        server.pbx.tell = twice_in_a_flood
        device.dial("10086")
        await until(lambda: bool(server.pbx.legs))
        (phone,) = server.pbx.legs
        server.pbx.state(phone, UP)
        far = server.pbx.dial_out(phone, "10086")
        server.pbx.answer(phone, far)
        server.pbx.end(far, phone, by=far)
        await heard.until(lambda signals: Ended(by_far_end=True) in signals)
        assert heard.of(Answered) == [Answered()]
        assert [type(signal) for signal in heard.signals].count(HandsetLifted) == 1
        assert [type(signal) for signal in heard.signals].count(HandsetReplaced) == 1


@ensureDeferred
async def test_names_in_gbk(tmp_path: Path) -> None:
    async with ami_server(piece=3) as server, lines_on(directory(server), tmp_path, "PJSIP/8001") as ((_, heard),):
        await heard.first(LineReady)
        server.pbx.charset = "gbk"
        server.pbx.call("PJSIP/8001", "10086", "张三")
        assert await heard.first(CallerIdentified) == CallerIdentified("10086", "张三")


@ensureDeferred
async def test_a_refused_user_does_not_storm_the_pbx(tmp_path: Path) -> None:
    async with (
        ami_server(refused={"Login": "Authentication failed"}) as server,
        lines_on(directory(server), tmp_path, "PJSIP/8001") as ((_, heard),),
    ):
        lost = await heard.first(LineLost)
        assert lost == LineLost("the PBX refused the user huifang: Authentication failed")
        await until(lambda: server.accepted >= 2)
        assert heard.of(LineLost) == []
        server.refused.clear()
        await heard.first(LineReady)


@ensureDeferred
async def test_a_connecting_that_is_not_wanted_any_more() -> None:
    async with ami_server() as server:
        opener = PbxOpener(PbxAddress("127.0.0.1", server.port), reactor)
        opening = opener.open(Protocol(), lambda: None)
        opener.give_up()
        with pytest.raises(PortError, match="cannot connect"):
            await opening


@ensureDeferred
async def test_a_name_that_is_not_known(tmp_path: Path) -> None:
    async with (
        ami_server() as server,
        lines_on(directory(server, host="pbx.invalid"), tmp_path, "PJSIP/8001") as ((_, heard),),
    ):
        lost = await heard.first(LineLost)
        assert lost == LineLost(f"cannot connect to pbx.invalid:{server.port}: the name is not known")


@ensureDeferred
async def test_stopping_leaves_the_calls_to_the_pbx_and_nothing_behind(tmp_path: Path) -> None:
    async with ami_server() as server:
        async with lines_on(directory(server), tmp_path, "PJSIP/8001", "PJSIP/8002") as ((_, heard), _):
            await heard.first(LineReady)
            caller, phone = server.pbx.call("PJSIP/8001", "10086")
            server.pbx.answer(caller, phone)
            await heard.first(Answered)
        await until(lambda: not server.connections)
        assert server.actions("Hangup") == []
        before = list(heard.signals)
        server.pbx.end(phone, caller)
        assert heard.signals == before


@ensureDeferred
async def test_the_trace_shows_what_is_said_but_not_what_proves_the_secret(tmp_path: Path) -> None:
    async with ami_server() as server:
        shared = directory(server)
        async with lines_on(shared, tmp_path, "PJSIP/8001", trace=True) as ((_, heard),):
            await heard.first(LineReady)
        (login,) = server.actions("Login")
    trace = tmp_path / "trace" / "PJSIP_8001"
    # It is written on another thread.
    await until(lambda: trace.exists() and "Key: (not shown)" in trace.read_text())
    text = trace.read_text()
    sent = "".join(line.partition("|")[2][:-1] for line in text.splitlines() if " > " in line)
    assert "Username: huifang" in sent
    assert "Key: (not shown)" in sent
    assert login["Key"] not in sent
    assert login["Key"].encode().hex(" ") not in text
    assert "Asterisk Call Manager" in text


# TLS.


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.PrivateCertificate]:
    """A certificate that a PBX has made for itself, for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=pbx", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return cert, ssl.PrivateCertificate.loadPEM(cert.read_bytes() + key.read_bytes())


@ensureDeferred
async def test_tls_with_the_certificate_that_the_pbx_made(
    certificate: tuple[Path, ssl.PrivateCertificate], tmp_path: Path
) -> None:
    authorities, own = certificate
    async with ami_server(own.options()) as server:
        shared = directory(server, tls=True, authorities=authorities)
        async with lines_on(shared, tmp_path, "PJSIP/8001") as ((_, heard),):
            await heard.first(LineReady)
            server.drop()
            await heard.first(LineLost)
            await heard.first(LineReady)


@ensureDeferred
async def test_a_certificate_that_nobody_vouches_for_is_refused(
    certificate: tuple[Path, ssl.PrivateCertificate], tmp_path: Path
) -> None:
    async with (
        ami_server(certificate[1].options()) as server,
        lines_on(directory(server, tls=True), tmp_path, "PJSIP/8001") as ((_, heard),),
    ):
        lost = await heard.first(LineLost)
        assert isinstance(lost, LineLost)
        assert "certificate verify failed" in lost.reason
        assert server.seen == []


@ensureDeferred
async def test_a_pbx_without_tls_on_the_port(tmp_path: Path) -> None:
    async with (
        ami_server() as server,
        lines_on(directory(server, tls=True), tmp_path, "PJSIP/8001") as ((_, heard),),
    ):
        lost = await heard.first(LineLost)
        assert isinstance(lost, LineLost)
        assert "refused" in lost.reason
        assert server.seen == []


def test_a_file_without_certificates_is_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    for file, says in ((empty, "holds no certificate"), (tmp_path / "none.pem", "cannot be read")):
        server = AmiServer(port=5039)
        shared = directory(server, tls=True, authorities=file)
        device = create_line_device(
            LineSettings.model_validate({"name": "1", "driver": "asterisk", "port": "main/PJSIP/1"}),
            reactor,
            tmp_path,
            shared,
        )
        with pytest.raises(HardwareError, match=says):
            device.start(Heard())


@ensureDeferred
async def test_what_a_telephone_offers_follows_from_its_pbx(tmp_path: Path) -> None:
    async with ami_server() as server, lines_on(directory(server), tmp_path, "PJSIP/8001", "PJSIP/8002") as lines:
        (device, heard), (other, _) = lines
        await heard.first(LineReady)
        assert device.call_control is not None
        assert other.call_control is not None
        assert device.capabilities & (Capability.TRANSFER | Capability.LISTEN)
        assert not device.capabilities & (Capability.HOLD | Capability.CONSULT | Capability.CONFERENCE)
        for wish in (ControlWish.HOLD, ControlWish.CONSULT, ControlWish.CONFERENCE):
            with pytest.raises(NotCapableError):
                device.call_control.control(wish)
        elsewhere = replace(other.call_control.telephone, pbx="branch")
        with pytest.raises(NotCapableError):
            device.call_control.listen("7", elsewhere, ListenMode.LISTEN)
        with pytest.raises(ValueError, match="cannot dial"):
            device.call_control.control(ControlWish.TRANSFER, "8002\r\nAction: Logoff")
        await server.refuse()
        server.drop()
        # The PBX knows it before we do.
        await heard.first(LineLost)
        with pytest.raises(HardwareError):
            device.call_control.control(ControlWish.TRANSFER, "8002")


@ensureDeferred
async def test_a_trunk_has_no_agents_telephone(tmp_path: Path) -> None:
    async with ami_server() as server, lines_on(directory(server), tmp_path, "PJSIP/telecom", trunk=True) as lines:
        ((device, heard),) = lines
        await heard.first(LineReady)
        assert device.call_control is None
        assert not device.capabilities & (Capability.TRANSFER | Capability.LISTEN)
