"""A process whose clock on the wall is set: by an hour forward with SIGUSR1, back with SIGUSR2.

``python -m tests.peers.set_wall demo …`` is ``callcenter demo …``; ``… story SECONDS FOLDER`` is ``set_wall_story``.
The machine's clock is left alone: what Python says of it is replaced before anybody asks.
"""

from __future__ import annotations

import signal
import sys
import time

HOUR = 3600.0


class Wall:
    """Stands for ``time.time``; ``ahead`` of the true time by so many seconds."""

    def __init__(self) -> None:
        self.true = time.time
        self.ahead = 0.0

    def __call__(self) -> float:
        return self.true() + self.ahead

    def set(self, by: float) -> None:
        """Somebody sets it."""
        self.ahead += by


def main() -> int:
    """Replace the wall and do what is asked for."""
    wall = Wall()
    time.time = wall
    signal.signal(signal.SIGUSR1, lambda *_: wall.set(HOUR))
    signal.signal(signal.SIGUSR2, lambda *_: wall.set(-HOUR))
    if sys.argv[1] == "story":
        from tests.peers.set_wall_story import tell

        return tell(wall, float(sys.argv[2]), sys.argv[3])
    from twistd_plugin.commands import main as callcenter

    return callcenter()


if __name__ == "__main__":
    sys.exit(main())
