from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

from twisted.internet.task import Clock

from hardware.trace import MAX_WAITING, LineTrace, TraceEntry, Way, format_entry, trace_path


class Thread:
    """Runs work only when told to, as a busy thread pool would."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], None], Callable[[], None]]] = []

    def __call__(self, work: Callable[[], None], then: Callable[[], None]) -> None:
        self.waiting.append((work, then))

    def work(self) -> None:
        while self.waiting:
            work, then = self.waiting.pop(0)
            work()
            then()


def trace(path: Path, **options: int) -> tuple[LineTrace, Clock, Thread]:
    clock, thread = Clock(), Thread()
    return LineTrace(path, clock, thread, enabled=True, **options), clock, thread


def test_an_entry() -> None:
    assert format_entry(0.5, "<", b"\r\nOK\x10") == "1970-01-01T00:00:00.500000+00:00 < 0d 0a 4f 4b 10 |..OK.|\n"


def test_file_names_cannot_leave_the_folder(tmp_path: Path) -> None:
    for name in ("../../etc/passwd", "a/b", "..", ".", "门诊 1", "\0"):
        assert trace_path(tmp_path, name).parent == tmp_path
        assert trace_path(tmp_path, name).name not in ("", ".", "..")


def test_nothing_is_written_on_the_reactor_thread(tmp_path: Path) -> None:
    tap, clock, thread = trace(tmp_path / "line")
    tap.sent(b"AT\r")
    tap.received(b"OK")
    clock.advance(1)
    assert not (tmp_path / "line").exists()
    thread.work()
    assert (tmp_path / "line").read_text().count("\n") == 2
    assert stat.S_IMODE((tmp_path / "line").stat().st_mode) == 0o600


def test_off_costs_no_timer_and_no_file(tmp_path: Path) -> None:
    tap, clock, _ = trace(tmp_path / "line")
    tap.enabled = False
    tap.received(b"OK")
    assert not clock.getDelayedCalls()


def test_batches_keep_their_order(tmp_path: Path) -> None:
    tap, clock, thread = trace(tmp_path / "line")
    for byte in range(100):
        tap.received(bytes([byte]))
        clock.advance(0.4)
        if byte % 7 == 0:
            thread.work()
    tap.close()
    thread.work()
    lines = (tmp_path / "line").read_text().splitlines()
    assert [int(line.split()[2], 16) for line in lines] == list(range(100))
    assert not clock.getDelayedCalls()


def test_size_is_bounded(tmp_path: Path) -> None:
    tap, clock, thread = trace(tmp_path / "line", max_bytes=1000, keep=2)
    for _ in range(200):
        tap.received(b"\xaa" * 20)
        clock.advance(1)
        thread.work()
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files in (["line", "line.1", "line.2"], ["line.1", "line.2"])
    assert all(path.stat().st_size < 1200 for path in tmp_path.iterdir())
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in tmp_path.iterdir())


def test_a_disk_that_does_not_keep_up_costs_entries_not_memory(tmp_path: Path) -> None:
    tap, clock, thread = trace(tmp_path / "line")
    for _ in range(MAX_WAITING + 100):
        tap.received(b"x")
    clock.advance(1)
    thread.work()
    lines = (tmp_path / "line").read_text().splitlines()
    assert lines[0] == "(100 entries were dropped)"
    assert len(lines) == MAX_WAITING + 1


def test_a_full_disk_does_not_stop_the_line(tmp_path: Path, lost_failures: object) -> None:
    (tmp_path / "line").mkdir()
    tap, clock, thread = trace(tmp_path / "line")
    tap.received(b"x")
    clock.advance(1)
    thread.work()
    assert "IsADirectoryError" in lost_failures.take()[0]  # type: ignore[attr-defined]
    tap.received(b"y")
    assert clock.getDelayedCalls()


def test_whoever_watches_is_told_of_everything_and_writes_nothing(tmp_path: Path) -> None:
    tap, clock, _ = trace(tmp_path / "line")
    tap.enabled = False
    seen: list[TraceEntry] = []
    clock.advance(1)
    tap.opened()
    tap.received(b"before")
    clock.advance(1)
    tap.watch(seen.append)
    tap.received(b"RING")
    tap.sent(b"ATA")
    tap.closed()
    tap.watch(None)
    tap.received(b"after")
    assert seen == [
        TraceEntry(1, Way.OPENED), TraceEntry(2, Way.RECEIVED, b"RING"), TraceEntry(2, Way.SENT, b"ATA"),
        TraceEntry(2, Way.CLOSED),
    ]  # fmt: skip
    assert not clock.getDelayedCalls()
    tap.watch(seen.append)
    assert len(seen) == 4
