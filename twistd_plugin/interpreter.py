"""How the daemon's process uses Python: who gets the interpreter when, and how often garbage is looked for."""

from __future__ import annotations

import gc
import sys

# Python lets a thread that computes go on for 5 ms while another one waits. A database thread waits after each of its
# statements, so a reactor busy with telling pages would hold up every ring many times over.
SWITCH_SECONDS = 0.0005
# Objects made more than given back. With Python's 700 a batch of messages is looked through many times while it lives.
COLLECT_AFTER = (10_000, 10, 10)


def share_interpreter() -> None:
    """Threads that wait for the interpreter get it soon."""
    sys.setswitchinterval(SWITCH_SECONDS)


def look_for_garbage_seldom() -> None:
    """To be called before much is imported, which would be looked through again and again."""
    gc.set_threshold(*COLLECT_AFTER)


def keep_loaded() -> None:
    """What is loaded by now stays to the end: it is not looked through for garbage again and again.

    Takes some tenths of a second: to be called before the reactor runs.
    """
    look_for_garbage_seldom()
    gc.collect()
    gc.freeze()
