"""Which paths may be opened as a device. What a person names as a port must not make us open any other file."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath

from hardware.supervisor import PortError
from protocols.sayings import Said, Saying

DEVICES = "/dev"


def require_device(path: str) -> None:
    """Raise ``PortError`` for a file that is there and is no character device. Blocks: call it on a thread."""
    if not _is_device(path):
        raise PortError(Said(Saying.NO_DEVICE, port=path))


def require_device_in_time(path: str) -> None:
    """Raise ``PortError`` for what is no device and cannot become one: below /dev it may be plugged in later.

    Blocks like ``require_device``.
    """
    require_device(path)
    below = PurePosixPath(os.path.normpath(path)).is_relative_to(DEVICES)
    if not below and not os.path.lexists(path):
        raise PortError(Said(Saying.NOT_THERE, port=path))


def _is_device(path: str) -> bool:
    """True also for what cannot be looked at: opening it says better why."""
    try:
        return stat.S_ISCHR(Path(path).stat().st_mode)
    except OSError:
        return True
