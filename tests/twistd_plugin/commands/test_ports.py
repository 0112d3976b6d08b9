"""Ports that nobody else is given."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from twistd_plugin.commands import ports
from twistd_plugin.commands.ports import Ports, free_port

OTHERS = """
import sys
from twistd_plugin.commands.ports import free_port
print(free_port(), free_port(), flush=True)
sys.stdin.read()
"""


def test_processes_are_given_ports_of_their_own() -> None:
    others = [
        subprocess.Popen([sys.executable, "-c", OTHERS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    given = [str(free_port()), str(free_port())]
    for other in others:
        assert other.stdout is not None
        given += other.stdout.readline().split()
    for other in others:
        other.communicate()
    assert len(set(given)) == 6


def test_outgoing_connections_have_other_ports() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as outgoing:
        assert free_port() < ports._first_outgoing() <= outgoing.getsockname()[1]


@pytest.mark.parametrize(("told", "first"), [("40000\t60999\n", 40_000), ("1024\t65535\n", 32_768), ("", 32_768)])
def test_where_the_ports_of_outgoing_connections_begin(
    told: str, first: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if told:
        (tmp_path / "range").write_text(told)
    monkeypatch.setattr(ports, "_OUTGOING", tmp_path / "range")
    assert ports._first_outgoing() == first


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_one_that_a_program_has_is_passed_over(kind: socket.SocketKind) -> None:
    own = Ports()
    first = own.free(kind)
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", first))
        # Once round: whoever had these ports before may have left some of the others as they are.
        assert first not in [own.free(kind) for _ in range(ports._BLOCK)]
    assert first in [own.free(kind) for _ in range(ports._BLOCK)]
