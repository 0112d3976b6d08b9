"""Keeps in touch with the UBOX service, and knows whether the line's own channel is there and what it can do."""

from __future__ import annotations

from collections.abc import Callable

from protocols.reports import Reports
from protocols.sayings import Said, Saying
from protocols.ubox.codec import MAX_CHANNELS, encode
from protocols.ubox.messages import ChannelMessage, Channels, PluggedIn, PluggedOut, Product, ProductIs
from protocols.ubox.places import arranged
from protocols.ubox.settings import UboxSettings

SILENT_AFTER = 2
"""Unanswered questions in a row after which the service counts as dead. It is asked for ever."""


class ServiceLink:
    """One line's channel. ``on_lost`` is called whenever it becomes unusable."""

    def __init__(self, settings: UboxSettings, reports: Reports, on_lost: Callable[[], None]) -> None:
        self._timings = settings.timings
        self._number = settings.channel
        self._reports = reports
        self._on_lost = on_lost
        self._output: list[bytes] = []
        self._places: tuple[int, ...] = ()
        self._present: frozenset[int] = frozenset()
        self._counted = False
        self._faulty = False
        self._no_line = False
        self._asked = False
        self._unanswered = 0
        self._due: float | None = None
        self._identify_by: float | None = None
        self.connected = False
        self.handle: int | None = None
        self.product: Product | None = None

    def open(self) -> None:
        """The service accepted the connection."""
        self.connected, self._counted, self.handle = True, False, None
        self._asked, self._unanswered = False, 0
        self._due = self._reports.now + self._timings.join

    def close(self, reason: str) -> None:
        """The connection is gone."""
        self.connected, self._counted, self.handle = False, False, None
        self._due = self._identify_by = None
        self._output.clear()
        self._on_lost()
        self._reports.lost(reason)

    def trouble(self) -> str:
        """Why the channel cannot be used, empty if it can."""
        if not self.connected:
            return Said(Saying.SERVICE_NOT_CONNECTED)
        if self._unanswered >= SILENT_AFTER:
            return Said(Saying.SERVICE_SILENT)
        if not self._counted:
            return Said(Saying.SERVICE_ASKED)
        if self.handle is None:
            return Said(Saying.CHANNEL_NOT_PLUGGED_IN, channel=self._number)
        if self._faulty:
            return Said(Saying.UBOX_FAULTY)
        if self._no_line:
            return Said(Saying.UBOX_WITHOUT_LINE)
        return "" if self._identify_by is None else Said(Saying.UBOX_ASKED)

    def send(self, event: str, **fields: str) -> None:
        """Send a command to the channel."""
        if self.handle is not None:
            self._output.append(encode(event, self.handle, **fields))

    def joined(self) -> None:
        """The service is ready for questions."""
        if not self._asked:
            self._ask()

    def heard(self) -> None:
        """The service said something, so it is there."""
        self._unanswered = 0

    def channels(self, message: Channels) -> None:
        """The answer: which channels are there."""
        self._asked, self._counted = False, True
        self._due = self._reports.now + self._timings.check
        self._arrange(message.handles)
        self._faulty = self.handle in message.faulty
        self._settle()

    def plugged_in(self, message: PluggedIn) -> None:
        """A channel appeared."""
        if message.handle == self.handle:
            self._faulty = self._no_line = False
        if self._counted and len(self._present) < MAX_CHANNELS:
            self._arrange(self._present | {message.handle})
            self._settle()

    def plugged_out(self, message: PluggedOut) -> None:
        """A channel disappeared."""
        if self._counted:
            self._arrange(self._present - {message.handle})
            self._settle()

    def product_is(self, message: ProductIs) -> None:
        """The answer: which model it is."""
        if message.handle == self.handle:
            self.product, self._identify_by = message.product, None
            self._settle()

    def out_of_order(self, message: ChannelMessage) -> None:
        """The box does not work, until the service says otherwise."""
        self._faulty = self._faulty or message.handle == self.handle
        self._settle()

    def no_line(self, *, missing: bool) -> None:
        """Whether a telephone line is connected to the box; a sign of life shows that it is."""
        if self._no_line != missing:
            self._no_line = missing
            self._settle()

    def tick(self) -> None:
        """Do what is due."""
        now = self._reports.now
        if self._identify_by is not None and now >= self._identify_by:
            # It can be watched all the same.
            self._identify_by = None
            self._settle()
        if self._due is not None and now >= self._due:
            self._unanswered += self._asked
            self._ask()
            self._settle()

    def deadlines(self) -> list[float | None]:
        """Times at which ``tick`` is needed."""
        return [self._due, self._identify_by]

    def take_output(self) -> bytes:
        """What to write: one JSON object a line."""
        output, self._output = self._output, []
        return b"\n".join(output)

    def _ask(self) -> None:
        self._output.append(encode("getinfo"))
        self._asked = True
        self._due = self._reports.now + self._timings.answer

    def _arrange(self, handles: frozenset[int]) -> None:
        self._present = handles
        self._places = arranged(self._places, handles)
        mine = self._places[self._number - 1] if self._number <= len(self._places) else None
        handle = mine if mine in handles else None
        if handle != self.handle:
            if self.handle is not None:
                self._on_lost()
                self._reports.lost(Said(Saying.CHANNEL_UNPLUGGED, channel=self._number))
            self.handle = handle
            self._faulty = self._no_line = False
            self._identify_by = None if handle is None else self._reports.now + self._timings.answer
            self.send("GetProductID")

    def _settle(self) -> None:
        trouble = self.trouble()
        if not trouble:
            model = self.product.name if self.product else "of an unknown model"
            self._reports.ready(f"UBOX {model}, channel {self._number}")
        elif self._identify_by is None and (self._counted or self._unanswered >= SILENT_AFTER):
            self._on_lost()
            self._reports.lost(trouble)
