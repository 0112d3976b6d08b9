"""A real daemon for measuring: its database is filled, its lines are our ptys, its agents are signed in."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import make_url
from sqlalchemy.orm import Session

from callcenter.administration.first_users import seed_roles
from callcenter.administration.rights import give_roles
from storage import schema
from storage.demo import demo_patients, insert_patients, seed_demo_departments
from storage.engines import writing_engine
from storage.models import AgentGroup, GroupMember, UserAccount
from storage.seed import seed_outcomes

PASSWORD = "Measure-2026-only-here"


def fill(
    url: str, patients: int, consoles: int, role: str = "agent", *, walls: int = 0, groups: int = 0, members: int = 0
) -> None:
    """Tables, departments, ``patients``, ``consoles`` users named console0 … and ``walls`` supervisors wall0 …

    The first ``members`` of the consoles are the agents of ``groups`` groups named group0 …, one after the other.
    """
    schema.upgrade(make_url(url))
    engine = writing_engine(make_url(url), 1)
    with Session(engine) as session, session.begin():
        seed_outcomes(session)
        departments = seed_demo_departments(session)
        roles = seed_roles(session)
        stored = PasswordHasher().hash(PASSWORD)
        people = [(f"console{number}", role) for number in range(consoles)]
        people += [(f"wall{number}", "supervisor") for number in range(walls)]
        teams = [AgentGroup(name=f"group{number}", rule="all", ring_seconds=20) for number in range(groups)]
        session.add_all(teams)
        session.flush()
        for number, (name, given) in enumerate(people):
            user = UserAccount(
                username=name,
                display_name=name,
                password_hash=stored,
                must_change_password=False,
                created_at=datetime.now(UTC),
            )
            session.add(user)
            session.flush()
            give_roles(session, user.id, [roles[given]])
            if number < members:
                session.add(GroupMember(group_id=teams[number % groups].id, user_id=user.id))
        invented = demo_patients(patients)
        while batch := list(islice(invented, 2000)):
            insert_patients(session, batch, departments, {})
    engine.dispose()


class MeasuredDaemon:
    """``twistd -n callcenter`` with the given lines, as a process of its own."""

    def __init__(
        self,
        folder: Path,
        port: int,
        lines: Sequence[str],
        ring_timeout: float = 0.5,
        bound_agents: Sequence[str] = (),
        groups: int = 0,
    ) -> None:
        self.port = port
        bound = dict(enumerate(bound_agents))
        sections = "".join(
            f'[[lines]]\nname = "{index + 1}"\ndriver = "hayes"\nport = "{path}"\nprofile = "generic"\n'
            f'ring_timeout = {ring_timeout}\nnumberless_alarm_after = 1000\nbound_agent = "{bound.get(index, "")}"\n'
            + (f'group = "group{index % groups}"\n' if groups else "")
            for index, path in enumerate(lines)
        )
        configuration = folder / "callcenter.toml"
        configuration.write_text(
            f'[var]\nfolder = "."\n[web]\nport = {port}\n[logging]\nstall_milliseconds = 0\nlevel = "warn"\n{sections}'
        )
        self.log = folder / "log"
        twistd = Path(sys.executable).with_name("twistd")
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [twistd, "-n", "--pidfile=", "callcenter", "--config", configuration], stdout=log, stderr=log
            )

    def wait(self, seconds: float = 30) -> None:
        """Until it is ready; raises with its log when it is not."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if self.request("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"the daemon did not get ready: {self.log.read_text()[-2000:]}")

    def request(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """``(status, headers, data)`` of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        payload = None if body is None else json.dumps(body)
        sent = {"Content-Type": "application/json", "Origin": f"http://127.0.0.1:{self.port}", **(headers or {})}
        connection.request(method, path, payload, sent)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return response.status, response.headers, text

    def sign_in(self, username: str) -> tuple[str, str]:
        """The cookie to send and the CSRF token."""
        status, headers, text = self.request("POST", "/api/v1/session", {"username": username, "password": PASSWORD})
        if status != 200:
            raise RuntimeError(f"{username} cannot sign in: {status} {text[:300]!r}")
        return headers["Set-Cookie"].partition(";")[0], json.loads(text)["csrf"]

    def cpu_seconds(self) -> float:
        """Processor time that the process has used."""
        return process_cpu(self._process.pid)

    def memory_mib(self) -> float:
        """Resident memory."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def stop(self) -> None:
        """End it as an operator would."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(40)


def process_cpu(pid: int) -> float:
    """Processor seconds of ``pid``, from /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
