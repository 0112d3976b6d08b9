"""Fan-out: one event to 2,000 sockets, against autobahn's own broadcast of a prepared message of the same size.

Compared is the processor time of the server for each event, and the time from the first socket's frame to the last's as
the generator sees it (which includes the generator's reading, the same for both).
"""

from __future__ import annotations

import json
import resource
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.benchmarks.daemon import MeasuredDaemon, fill, process_cpu
from tests.benchmarks.figures import percentile
from tests.benchmarks.sockets import SocketClient
from twistd_plugin.commands.ports import free_port

SOCKETS, EVENTS = 2000, 40
# A person may have this share of them open at a time, and no more.
PEOPLE = SOCKETS // 20


def spread(clients: Sequence[SocketClient], trigger: Callable[[int], None], wanted: bytes) -> list[float]:
    """For each event, seconds from the first socket that heard it to the last."""
    selector = selectors.DefaultSelector()
    for client in clients:
        selector.register(client.sock, selectors.EVENT_READ, client)
    spans = []
    for event in range(EVENTS):
        trigger(event)
        heard, first, end = 0, 0.0, time.perf_counter() + 20
        while heard < len(clients) and time.perf_counter() < end:
            for key, _ in selector.select(1):
                count = sum(wanted in message for message in key.data.receive())
                if count:
                    first = first or time.perf_counter()
                    heard += count
        spans.append(time.perf_counter() - first)
    return spans


def main() -> None:
    """Measure and print."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    print(f"fan-out: one event to {SOCKETS} sockets, {EVENTS} events")
    floor_span, floor_cpu = _floor()
    ours_span, ours_cpu = _ours()
    for name, span, cpu in (("floor", floor_span, floor_cpu), ("Huifang", ours_span, ours_cpu)):
        print(
            f"{name:10} server CPU {cpu * 1000:7.2f} ms an event; first to last socket"
            f" p50 {percentile(span, 0.5) * 1000:7.2f} ms  p99 {percentile(span, 0.99) * 1000:7.2f} ms"
        )
    print(f"ratio      server CPU {ours_cpu / floor_cpu:.2f}, span p50 "
          f"{percentile(ours_span, 0.5) / percentile(floor_span, 0.5):.2f}")  # fmt: skip


def _floor() -> tuple[list[float], float]:
    port = free_port()
    command = [sys.executable, "-m", "tests.benchmarks.floor", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        clients = [SocketClient(port) for _ in range(SOCKETS)]
        message = "broadcast" + "x" * 400
        before = process_cpu(process.pid)
        spans = spread(clients, lambda _: clients[0].send(message), b"broadcast")
        return spans, (process_cpu(process.pid) - before) / EVENTS
    finally:
        process.terminate()
        process.wait(10)


def _ours() -> tuple[list[float], float]:
    """An agent changes state; every socket belongs to somebody who may see all agents."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(f"sqlite:///{folder}/huifang.db", 10, PEOPLE, role="supervisor")
        daemon = MeasuredDaemon(folder, free_port(), [])
        try:
            daemon.wait()
            cookies = [daemon.sign_in(f"console{number}") for number in range(PEOPLE)]
            cookie, csrf = cookies[0]
            clients = []
            for number in range(SOCKETS):
                client = SocketClient(daemon.port, cookie=cookies[number % PEOPLE][0])
                client.send(json.dumps({"op": "hello", "since": None, "topics": ["agents"]}))
                clients.append(client)
            time.sleep(2)

            def trigger(event: int) -> None:
                body = {"state": ("away", "available")[event % 2], "reason": ""}
                status, _, text = daemon.request(
                    "POST", "/api/v1/agents/me/state", body, {"Cookie": cookie, "X-CSRF-Token": csrf}
                )
                assert status == 200, text[:300]

            before = daemon.cpu_seconds()
            spans = spread(clients, trigger, b"agent.updated")
            return spans, (daemon.cpu_seconds() - before) / EVENTS
        finally:
            daemon.stop()
