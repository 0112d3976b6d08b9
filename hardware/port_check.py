"""Whether a port that a person has typed may be used, as far as that shows without opening it."""

from __future__ import annotations

from hardware.device_files import require_device_in_time
from hardware.settings import DriverName, LineSettings


def require_usable_port(settings: LineSettings) -> None:
    """Raise ``PortError`` for a path that is no device. Blocks for a moment: call it on a thread.

    What is not plugged in, and whatever stands behind an address, is for the line to find out, again and again.
    """
    path = settings.port.partition("#")[0] if settings.driver is DriverName.TCI else settings.port
    if path.startswith("/"):
        require_device_in_time(path)
