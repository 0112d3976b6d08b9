"""A channel of the UBOX service as ``BoxLine`` sees it: commands out, and whose hook it is that moved."""

from __future__ import annotations

import enum
import re
from collections import deque
from collections.abc import Callable

from protocols.box_line import BoxLine
from protocols.phone_box import Use
from protocols.reports import Reports
from protocols.telephones import Telephones
from protocols.ubox.link import ServiceLink
from protocols.ubox.messages import OffHook
from protocols.ubox.settings import UboxTimings

_GOING_OFF_HOOK = (Use.ANSWERING, Use.SEIZING)


class Telephone(enum.Enum):
    """What people lift: the box cannot tell one telephone from another."""

    BESIDE = "beside the box"


class UboxBox:
    """A ``Box``. The service knows no pauses, so a number with some is sent piece by piece."""

    def __init__(
        self, timings: UboxTimings, reports: Reports, link: ServiceLink, line: BoxLine, telephones: Telephones
    ) -> None:
        self._timings = timings
        self._reports = reports
        self._link = link
        self._line = line
        self._telephones = telephones
        self._pieces: deque[tuple[float, str]] = deque()

    @property
    def sending(self) -> bool:
        """Whether pieces of a number wait for their moment."""
        return bool(self._pieces)

    def trouble(self) -> str:
        """See ``Box``."""
        return self._link.trouble()

    def go_off_hook(self) -> None:
        """See ``Box``."""
        self._link.send("SoftHookoff")

    def go_on_hook(self) -> None:
        """See ``Box``."""
        self._pieces.clear()
        self._link.send("SoftHookon")

    def watch_for_busy_tone(self) -> None:
        """See ``Box``. The service reports busy tone always."""

    def send_tones(self, digits: str, refused: Callable[[], None]) -> None:
        """See ``Box``. What the service refuses it says by itself."""
        at = self._pieces[-1][0] if self._pieces else self._reports.now
        for piece in re.findall(r"[^,]+|,+", digits):
            if piece.startswith(","):
                at += self._timings.pause * len(piece)
            else:
                self._pieces.append((at, piece))
                at += self._timings.tone * len(piece)
        self.tick()

    def off_hook(self, message: OffHook) -> None:
        """A telephone was lifted, or the box obeyed."""
        going = self._line.use in _GOING_OFF_HOOK
        if message.by_software or (going and message.by_software is None):
            self._line.box_moved(up=True)
        else:
            self._line.people_moved(self._telephones.lift(Telephone.BESIDE))

    def on_hook(self) -> None:
        """Nobody has the line any more."""
        self._line.box_moved(up=False)
        self._line.people_moved(self._telephones.none())

    def tick(self) -> None:
        """Send what is due."""
        while self._pieces and self._reports.now >= self._pieces[0][0]:
            self._link.send("SendDtmf", dtmf=self._pieces.popleft()[1])
            self._line.local_digit()

    def forget(self) -> None:
        """The channel is lost."""
        self._pieces.clear()

    def deadline(self) -> float | None:
        """When ``tick`` is needed."""
        return self._pieces[0][0] if self._pieces else None
