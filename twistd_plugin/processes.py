"""Processes as other processes on the same machine know them. Blocks for a moment: reads a few lines of /proc."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from storage.leases import Process

PROC = Path("/proc")
# In /proc/PID/stat, counted after the name in parentheses: its state, and when it began, in ticks since the machine did
# (proc(5)).
_STATE, _BEGAN = 0, 19
# It has ended, and nobody has asked how.
_ENDED = frozenset("ZX")


def this_process(proc: Path = PROC) -> Process:
    """The one that asks."""
    host, pid = socket.gethostname(), os.getpid()
    try:
        return Process(host, _place(proc), pid, _began(proc, pid))
    except OSError:
        return Process(host, "", None, None)


def is_running(process: Process, proc: Path = PROC) -> bool | None:
    """Whether ``process`` is still there; None when that cannot be told from here: it is of another machine, of another
    container, of somebody else whose processes are hidden, or of a system that does not say.
    """
    if process.pid is None:
        return None
    try:
        if process.place != _place(proc):
            return None
    except OSError:
        return None
    try:
        return _began(proc, process.pid) == process.began
    except (FileNotFoundError, ProcessLookupError):
        return None if _is_hidden(process.pid) else False
    except OSError:
        return None


def _place(proc: Path) -> str:
    """This run of this machine, and the part of it in which numbers of processes mean the same."""
    boot = (proc / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot} {(proc / 'self/ns/pid').readlink()}"


def _is_hidden(pid: int) -> bool:
    """It is somebody else's, and /proc is mounted with ``hidepid`` (proc(5)), or systemd's ``ProtectProc=``."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _began(proc: Path, pid: int) -> int | None:
    """None: it has ended."""
    # The name may have anything in it, parentheses too.
    fields = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return None if fields[_STATE] in _ENDED else int(fields[_BEGAN])
