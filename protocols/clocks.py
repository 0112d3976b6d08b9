"""The two times of a daemon: a steady one, by which timers go, and that of the clock on the wall, which people set.

Twisted's reactor counts by the wall (``ReactorBase.seconds`` is ``time.time``): set back by an hour, it delays every
timer by an hour; set forward, all are due at once. Everything in it that deals with time asks its own ``seconds()``, so
one whose ``seconds`` are steady has steady timers. Then it says by ``IWallTime`` what the wall shows.
"""

from __future__ import annotations

import time
from typing import Any

from twisted.internet.interfaces import IReactorTime
from zope.interface import Interface, alsoProvides


class IWallTime(Interface):
    """A clock whose ``seconds()`` are not those of the wall: it has both."""

    def wall_seconds() -> float:
        """Seconds since 1970 as the clock on the wall shows them now."""


def wall_seconds(clock: IReactorTime) -> float:
    """Seconds since 1970, now, as everybody else knows them: for what is written, shown, sent, or compared with such.

    How long something lasts is the difference of two ``clock.seconds()``. One that has no ``IWallTime``, such as
    ``task.Clock``, has one time for both.
    """
    wall = IWallTime(clock, None)
    return clock.seconds() if wall is None else float(wall.wall_seconds())


def make_steady(reactor: Any) -> None:
    """Have the timers of ``reactor``, a ``ReactorBase``, go by ``time.monotonic`` from now on; twice is once.

    To be called before anything keeps ``reactor.seconds``. It goes on counting from the present moment, so that what is
    scheduled already stays where it is, and numbers that are taken from it still differ from those of earlier runs.
    """
    if IWallTime.providedBy(reactor):
        return
    began = reactor.seconds() - time.monotonic()
    reactor.seconds = lambda: began + time.monotonic()
    reactor.wall_seconds = time.time
    alsoProvides(reactor, IWallTime)
