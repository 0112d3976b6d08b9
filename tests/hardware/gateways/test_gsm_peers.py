"""The simulated modem, driven by programs that drive real ones: what they understand of it, our driver may rely on."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from tests.peers.patience import PATIENCE, wait_for
from tests.peers.simulator import Simulator, running
from twistd_plugin.commands.ports import free_port

NUMBER = "+8613800138000"
WORDS = "您好，预约提醒"


def found(program: str, package: str) -> str:
    path = shutil.which(program, path="/usr/bin:/usr/sbin:/usr/local/bin")
    if path is None:
        pytest.skip(f"{program} is not installed: apt-get install {package}")
    return path


@pytest.fixture
def gammu(tmp_path: Path) -> Callable[..., str]:
    program = found("gammu", "gammu")
    (tmp_path / "gammurc").write_text(f"[gammu]\ndevice = {tmp_path / 'port'}\nconnection = at115200\n")

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [program, "-c", str(tmp_path / "gammurc"), *arguments], capture_output=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.decode()

    return run


def test_gammu_sends_reads_and_deletes(gammu: Callable[..., str], tmp_path: Path) -> None:
    with running(tmp_path, "smsc", "--protocol", "gsm", "--speed", "20") as simulator:
        assert "SIM800" in gammu("identify")
        gammu("sendsms", "TEXT", NUMBER, "-unicode", "-text", WORDS)
        gammu("sendsms", "TEXT", NUMBER, "-len", "400", "-text", "abc [x] " * 25)
        sent = simulator.ask("status")["sent"]
        assert [(one["number"], one["text"]) for one in sent[:1]] == [(NUMBER, WORDS)]
        assert "".join(one["text"] for one in sent[1:]) == "abc [x] " * 25
        assert [one["part"][1:] for one in sent[1:]] == [[1, 2], [2, 2]]
        for text, options in (("好的，谢谢", {}), ("Price 5€ {ok}", {}), ("长" * 100, {"wide": True})):
            simulator.ask("text", number=NUMBER, text=text, **options)
        read = gammu("getallsms")
        assert "好的，谢谢" in read
        assert "Price 5€ {ok}" in read
        assert read.count("长") == 100
        assert "part 2 of 2" in read
        gammu("deletesms", "0", "1", "4")
        assert simulator.ask("status")["stored"]["SM"] == 0


def test_smstools_sends_and_receives(tmp_path: Path) -> None:
    program = found("smsd", "smstools")
    folders = {name: tmp_path / name for name in ("outgoing", "checked", "incoming", "sent", "failed", "report")}
    for folder in folders.values():
        folder.mkdir()
    lines = [f"{name} = {folder}" for name, folder in folders.items()]
    lines += [f"{name} = {tmp_path / name}" for name in ("logfile", "infofile", "pidfile")]
    lines += ["devices = GSM1", "delaytime = 1", "loglevel = 7"]
    lines += ["[GSM1]", f"device = {tmp_path / 'port'}", "incoming = yes", "report = yes", "rtscts = no"]
    (tmp_path / "smsd.conf").write_text("\n".join(lines) + "\n")
    (folders["outgoing"] / "one").write_text(f"To: {NUMBER[1:]}\nAlphabet: UTF-8\nReport: yes\n\n{WORDS}")
    with running(tmp_path, "smsc", "--protocol", "gsm", "--speed", "20") as simulator:
        simulator.ask("text", number=NUMBER, text="好的，谢谢")
        daemon = subprocess.Popen([program, "-t", f"-c{tmp_path / 'smsd.conf'}"], stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: simulator.ask("status")["sent"] and list(folders["incoming"].iterdir()))
            wait_for(lambda: (folders["sent"] / "one").exists() and emptied(simulator))
        finally:
            daemon.terminate()
            daemon.wait(PATIENCE)
        [sent] = simulator.ask("status")["sent"]
        assert (sent["number"], sent["text"], sent["receipt"]) == (NUMBER, WORDS, True)
        [received] = folders["incoming"].iterdir()
        head, _, text = received.read_bytes().partition(b"\n\n")
        assert f"From: {NUMBER[1:]}".encode() in head
        assert text.decode("utf-16-be") == "好的，谢谢"


@contextmanager
def kannel(folder: Path) -> Iterator[int]:
    """Kannel on the modem in ``folder``; gives the port to which messages are posted. It answers whoever writes."""
    bearerbox, smsbox = found("bearerbox", "kannel"), found("smsbox", "kannel")
    admin, inner, outer = (free_port() for _ in range(3))
    settings = [
        {"group": "core", "admin-port": admin, "admin-password": "x", "smsbox-port": inner, "log-file": folder / "log",
         "log-level": 0},
        {"group": "smsc", "smsc": "at", "smsc-id": "gsm", "modemtype": "auto", "device": folder / "port",
         "speed": 115200, "my-number": 1234},
        {"group": "modems", "id": "generic", "name": "any", "init-string": "AT+CNMI=2,1,0,1,0"},
        {"group": "smsbox", "bearerbox-host": "127.0.0.1", "sendsms-port": outer, "log-file": folder / "smsbox.log"},
        {"group": "sendsms-user", "username": "u", "password": "p"},
        {"group": "sms-service", "keyword": "default", "text": "thanks %a", "max-messages": 1},
    ]  # fmt: skip
    blocks = ["\n".join(f"{name} = {value}" for name, value in group.items()) for group in settings]
    (folder / "kannel.conf").write_text("\n\n".join(blocks) + "\n")
    running_ones = []
    try:
        for program, port in ((bearerbox, inner), (smsbox, outer)):
            arguments = [program, str(folder / "kannel.conf")]
            running_ones.append(subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            wait_for(lambda port=port: answers(port))
        wait_for(lambda: "successfully opened" in (folder / "log").read_text(errors="replace"))
        yield outer
    finally:
        for process in reversed(running_ones):
            process.terminate()
            process.wait(PATIENCE)


def answers(port: int) -> bool:
    with socket.socket() as knocking:
        return knocking.connect_ex(("127.0.0.1", port)) == 0


def test_kannel_sends_gets_its_receipt_receives_and_answers(tmp_path: Path) -> None:
    found("bearerbox", "kannel")
    with running(tmp_path, "smsc", "--protocol", "gsm", "--speed", "20") as simulator, kannel(tmp_path) as port:
        query = urlencode({"username": "u", "password": "p", "from": "1234", "to": NUMBER, "coding": 2, "text": WORDS,
                           "charset": "UTF-8", "dlr-mask": 31, "dlr-url": "http://127.0.0.1:9/"})  # fmt: skip
        with urlopen(f"http://127.0.0.1:{port}/cgi-bin/sendsms?{query}", timeout=PATIENCE) as answer:
            assert answer.status == 202
        wait_for(lambda: simulator.ask("status")["sent"])
        [sent] = simulator.ask("status")["sent"]
        assert (sent["number"], sent["text"], sent["receipt"]) == (NUMBER, WORDS, True)
        # It looks for what it sent when the modem tells that it was delivered (1).
        wait_for(lambda: "type=1" in (tmp_path / "log").read_text(errors="replace"))
        simulator.ask("text", number=NUMBER, text="hello")
        wait_for(lambda: len(simulator.ask("status")["sent"]) == 2 and emptied(simulator))
        assert simulator.ask("status")["sent"][1]["text"] == "thanks hello"


def emptied(simulator: Simulator) -> bool:
    return bool(simulator.ask("status")["stored"]["SM"] == 0)
