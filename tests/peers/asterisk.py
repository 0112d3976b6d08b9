"""Two real Asterisk: a hospital's PBX, and the world around it with its telephones and the telephone company.

Both run as processes of the test with folders of their own, on loopback. Asterisk is looked for under the folder that
``HUIFANG_ASTERISK`` names (Debian's packages asterisk, asterisk-modules and what they depend on, unpacked there), and
otherwise in the system.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.patience import PATIENCE, wait_for
from twistd_plugin.commands.ports import free_port

ROOT = Path(os.environ.get("HUIFANG_ASTERISK", "/"))
PROGRAM = ROOT / "usr/sbin/asterisk"

MANAGER = """
[general]
enabled = yes
port = {port}
bindaddr = 127.0.0.1
tlsenable = yes
tlsbindaddr = 127.0.0.1:{tls}
tlscertfile = {certificate}

[huifang]
secret = s3cret
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.1/255.255.255.255
read = call,system
write = call,originate,reporting
"""

# Telephones and telephone company answer, or not, by the number that is called.
WORLD = """
[phones]
exten = phone8001,1,Ringing()
 same => n,Wait(1)
 same => n,Answer()
 same => n,Wait(60)
exten = phone8002,1,Ringing()
 same => n,Wait(60)
exten = phone8003,1,Busy()
exten = phone8004,1,Ringing()
 same => n,Wait(0.5)
 same => n,Answer()
 same => n,Wait(2)
exten = phone8005,1,Goto(phone8001,1)
; ChanSpy looks whether it is to end only when something is heard from its telephone, as from every real one
exten = phone8006,1,Ringing()
 same => n,Wait(1)
 same => n,Answer()
 same => n(talk),Playback(demo-congrats)
 same => n,Goto(talk)
exten = _1380000XXXX,1,Ringing()
 same => n,Wait(1)
 same => n,Answer()
 same => n,Wait(2)
exten = _1384000XXXX,1,Ringing()
 same => n,Wait(1)
 same => n,Answer()
 same => n,Wait(60)
exten = _1381000XXXX,1,Busy()
exten = _1382000XXXX,1,Ringing()
 same => n,Wait(60)
exten = _1383000XXXX,1,Congestion()
"""

PBX = """
[from-internal]
exten = _800X,1,Dial(PJSIP/${EXTEN},30)
exten = _1XXXXXXXXXX,1,Dial(PJSIP/${EXTEN}@telecom,60)
 same => n,Hangup()
exten = *8,1,PickupChan(PJSIP/8002)

[from-telecom]
exten = 9001,1,Dial(PJSIP/8001,20)
exten = 9002,1,Dial(PJSIP/8002,20)
exten = 9004,1,Dial(PJSIP/8004,20)
exten = 9012,1,Dial(PJSIP/8001&PJSIP/8002,20)
exten = 9100,1,Answer()
 same => n,Wait(1)
 same => n,Dial(PJSIP/8001,20)
exten = 9200,1,Queue(care)
"""

QUEUES = """
[care]
strategy = ringall
timeout = 10
member => PJSIP/8001
member => PJSIP/8002
"""


def documented_control() -> str:
    """The dialplan context that docs/devices/asterisk.md has people copy."""
    text = (Path(__file__).parents[2] / "docs/devices/asterisk.md").read_text()
    return next(part for part in re.findall(r"```ini\n(.*?)```", text, re.DOTALL) if "[huifang-control]" in part)


def why_not() -> str:
    """Why the tests with a real Asterisk cannot run; empty if they can."""
    return "" if PROGRAM.exists() else f"Asterisk is not installed: there is no {PROGRAM} (see HUIFANG_ASTERISK)"


def make_certificate(file: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=pbx", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(file), "-out", f"{file}.cert"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    with file.open("a") as both:
        both.write(Path(f"{file}.cert").read_text())


def endpoint(name: str, context: str, contact: str, *more: str) -> str:
    extra = "\n".join(more)
    return (
        f"[{name}]\ntype=endpoint\ncontext={context}\ndisallow=all\nallow=ulaw\naors={name}\ndirect_media=no\n"
        f"send_pai=yes\n{extra}\n[{name}]\ntype=aor\ncontact={contact}\n"
    )


@dataclass
class Asterisk:
    """One Asterisk in ``folder``, with its ports."""

    folder: Path
    manager: int
    tls: int
    sip: int
    process: subprocess.Popen[bytes] | None = None

    def write(self, **files: str) -> None:
        for name in ("etc", "run", "log", "spool", "lib", "db", "keys"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        modules = next(ROOT.glob("usr/lib/*/asterisk/modules"), ROOT / "usr/lib/asterisk/modules")
        here = self.folder
        directories = {
            "astetcdir": here / "etc", "astmoddir": modules, "astvarlibdir": ROOT / "var/lib/asterisk",
            "astdbdir": here / "db", "astkeydir": here / "keys", "astdatadir": ROOT / "usr/share/asterisk",
            "astspooldir": here / "spool", "astrundir": here / "run", "astlogdir": here / "log",
        }  # fmt: skip
        lines = "\n".join(f"{key} => {value}" for key, value in directories.items())
        files["asterisk"] = f"[directories]\n{lines}\n"
        files["modules"] = "[modules]\nautoload=yes\nnoload => chan_sip.so\nnoload => chan_iax2.so\n"
        # Without one there are no conferences; every package of Asterisk brings it.
        files["confbridge"] = "[general]\n"
        files["logger"] = "[logfiles]\nmessages => notice,warning,error\n"
        files["manager"] = MANAGER.format(port=self.manager, tls=self.tls, certificate=self.certificate)
        make_certificate(self.certificate)
        for name, text in files.items():
            (self.folder / "etc" / f"{name}.conf").write_text(text)

    @property
    def certificate(self) -> Path:
        """What it shows on TLS, made by itself; the key is in the same file."""
        return self.folder / "keys/pbx.pem"

    def command(self, *arguments: str) -> list[str]:
        found = [str(PROGRAM), "-C", str(self.folder / "etc/asterisk.conf"), *arguments]
        if Path("/") == ROOT:
            return found
        loader = next(ROOT.glob("**/x86_64-linux-gnu/ld-linux-x86-64.so.2"))
        libraries = ":".join(
            str(ROOT / place) for place in ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu", "usr/lib")
        )
        return [str(loader), "--library-path", libraries, *found]

    def start(self) -> None:
        log = (self.folder / "output").open("wb")
        self.process = subprocess.Popen(self.command("-f", "-n"), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_for(self._is_up, "Asterisk")

    def _is_up(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "output").read_text()
        return "fully booted" in self.say("core waitfullybooted")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE)

    def say(self, command: str) -> str:
        """What the console answers."""
        return subprocess.run(
            self.command("-rx", command), capture_output=True, text=True, timeout=PATIENCE, check=False
        ).stdout

    @property
    def version(self) -> str:
        found = re.search(r"Asterisk ([\d.]+)", self.say("core show version"))
        return found[1] if found else "?"


@dataclass
class Telephony:
    """The hospital's ``pbx`` and the ``world``."""

    pbx: Asterisk
    world: Asterisk

    def call(self, number: str, caller: str, seconds: int, *, then: str = "Wait") -> None:
        """Somebody outside calls ``number`` at the hospital and hangs up after ``seconds``."""
        self._spool(f"PJSIP/pbx/sip:{number}@127.0.0.1:{self.pbx.sip}", caller, then, str(seconds))

    def dial_by_hand(self, phone: str, number: str, seconds: int) -> None:
        """Somebody at a telephone of the hospital dials."""
        self._spool(f"PJSIP/desk{phone}/sip:{number}@127.0.0.1:{self.pbx.sip}", phone, "Wait", str(seconds))

    def _spool(self, channel: str, caller: str, application: str, data: str) -> None:
        text = f'Channel: {channel}\nCallerID: "Zhang San" <{caller}>\nApplication: {application}\nData: {data}\n'
        outgoing = self.world.folder / "spool/outgoing"
        outgoing.mkdir(exist_ok=True)
        file = self.world.folder / f"call-{time.monotonic_ns()}"
        file.write_text(text)
        shutil.move(file, outgoing / file.name)


@contextmanager
def telephony(folder: Path) -> Iterator[Telephony]:
    """Both started and ready."""
    ports = socket.SOCK_STREAM, socket.SOCK_STREAM, socket.SOCK_DGRAM
    pbx, world = (Asterisk(folder / name, *map(free_port, ports)) for name in ("pbx", "world"))
    transport = "[transport]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:{}\n"
    order = "[global]\ntype=global\nendpoint_identifier_order=username,ip\n"
    phones = ("8001", "8002", "8003", "8004", "8005", "8006")
    inside = "".join(
        endpoint(name, "from-internal", f"sip:phone{name}@127.0.0.1:{world.sip}", f"callerid={name} <{name}>",
                 "call_group=1", "pickup_group=1")
        for name in phones
    )  # fmt: skip
    outside = endpoint("telecom", "from-telecom", f"sip:127.0.0.1:{world.sip}", "trust_id_inbound=yes")
    pbx.write(
        pjsip=transport.format(pbx.sip) + order + inside + outside, extensions=PBX + documented_control(), queues=QUEUES
    )
    desks = "".join(
        endpoint(f"desk{name}", "phones", f"sip:127.0.0.1:{pbx.sip}", f"from_user={name}") for name in phones
    )
    hospital = endpoint("pbx", "phones", f"sip:127.0.0.1:{pbx.sip}", "from_user=telecom")
    hospital += "[pbx]\ntype=identify\nendpoint=pbx\nmatch=127.0.0.1\n"
    world.write(pjsip=transport.format(world.sip) + order + desks + hospital, extensions=WORLD)
    try:
        for one in (world, pbx):
            one.start()
        yield Telephony(pbx, world)
    finally:
        for one in (pbx, world):
            one.stop()
