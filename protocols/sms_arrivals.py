"""What arrived over a connection and is answered when it is on disk."""

from __future__ import annotations

from collections.abc import Callable

from protocols.sms import Arrival
from protocols.sms_heard import Came
from protocols.sms_link import Link


class Arrivals:
    """Answers go to ``out``; ``wake`` is then called. Those of a connection that is gone are forgotten.

    ``asked``: somebody wants to know whether the gateway is there, by an answer to what is written now.
    """

    def __init__(self, out: list[bytes]) -> None:
        self._out = out
        self.link = Link(self._ask)
        self.wake: Callable[[], None] = lambda: None
        self.owed = 0
        self.asked = False

    def begin(self) -> None:
        """Another connection begins, or one ended."""
        ended, self.link = self.link, Link(self._ask)
        self.owed = 0
        self.asked = False
        ended.end()

    def signal(self, came: Came) -> Arrival:
        """What to report."""
        self.owed += 1
        return came.make(_Owed(self, self.link, came.taken), self.link)

    def answer(self, link: Link, reply: bytes) -> None:
        """What arrived over ``link`` is on disk."""
        if link is self.link:
            self.owed -= 1
            self._out.append(reply)
            self.wake()

    def _ask(self) -> None:
        self.asked = True
        self.wake()


class _Owed:
    """``Arrival.written``: does its work once."""

    __slots__ = ("_arrivals", "_link", "_reply")

    def __init__(self, arrivals: Arrivals, link: Link, reply: bytes) -> None:
        self._arrivals = arrivals
        self._link = link
        self._reply = reply

    def __call__(self) -> None:
        reply, self._reply = self._reply, b""
        if reply:
            self._arrivals.answer(self._link, reply)
