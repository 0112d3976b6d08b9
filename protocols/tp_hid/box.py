"""A TP phone box as ``BoxLine`` sees it: commands out, and whose hook it is that moved.

The box going off hook by our command shows itself like its hands-free key. The handset, that key and the parallel
telephone are otherwise people's.
"""

from __future__ import annotations

from collections.abc import Callable

from protocols.box_line import BoxLine
from protocols.phone_box import Use
from protocols.sayings import Said
from protocols.telephones import Telephones
from protocols.tp_hid.codec import tones
from protocols.tp_hid.link import BoxLink
from protocols.tp_hid.messages import Command, Hook, HookMoved, StateIs


class TpHidBox:
    """A ``Box``."""

    def __init__(self, link: BoxLink, line: BoxLine, telephones: Telephones) -> None:
        self._link = link
        self._line = line
        self._telephones = telephones

    def trouble(self) -> str:
        """See ``Box``."""
        wrong = self._link.phase.value
        return Said(wrong) if wrong else ""

    def go_off_hook(self) -> None:
        """See ``Box``. The state is asked for too, in case the box does not report what it was told to do."""
        self._link.send(Command.OFF_HOOK)
        self._link.send(Command.STATE)

    def go_on_hook(self) -> None:
        """See ``Box``."""
        self._link.drop_refusable()
        self._link.send(Command.ON_HOOK)
        self._link.send(Command.STATE)

    def watch_for_busy_tone(self) -> None:
        """See ``Box``."""
        self._link.send(Command.BUSY_DETECTION)

    def send_tones(self, digits: str, refused: Callable[[], None]) -> None:
        """See ``Box``. Raises ``ValueError`` for A to D, which the box does not know."""
        if not self._link.send(Command.DIAL, tones(digits), refused):
            refused()

    def hook_moved(self, message: HookMoved) -> None:
        """A telephone was lifted or replaced, or the box obeyed."""
        if message.hook is Hook.HANDS_FREE and self._line.use is not Use.NONE:
            self._line.box_moved(up=message.up)
        elif message.up:
            self._line.people_moved(self._telephones.lift(message.hook))
        else:
            self._line.people_moved(self._telephones.replace(message.hook))

    def state_is(self, message: StateIs) -> None:
        """The answer to our asking for the state."""
        hook, use = message.hook, self._line.use
        if use is Use.NONE:
            self._line.people_moved(self._telephones.none() if hook is None else self._telephones.only(hook))
        elif hook is Hook.HANDS_FREE or (use is Use.SEIZING and hook is Hook.HANDSET):
            # With its handset lifted the box has the line already, and can dial.
            self._line.box_moved(up=True)
        elif use is Use.RELEASING:
            self._line.box_moved(up=False)
