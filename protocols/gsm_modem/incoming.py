"""What comes in: read when announced and when the storage is looked through, deleted only when it is written down."""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial, singledispatchmethod

from protocols.gsm_modem.answers import Announced
from protocols.gsm_modem.codec import decode_incoming, from_line
from protocols.gsm_modem.context import Context
from protocols.gsm_modem.dialogue import Dialogue, Reply, Script, command
from protocols.gsm_modem.fates import fate_of, words_of_status
from protocols.gsm_modem.messages import Coding, Deliver, Joint, PduError, StatusReport
from protocols.gsm_modem.sent import SentMessages
from protocols.gsm_modem.settings import GsmSettings
from protocols.gsm_modem.stock import Stock
from protocols.gsm_modem.unreadable import salvage
from protocols.sms import Arrival, ReceiptArrived, TextArrived, UnreadableFound
from protocols.text import decode_bytes

_MOST_WAITING = 1000
_HEADER = re.compile(r"\+CMG[RL]: ?(.*)")
_RECEIVED = frozenset("01")
_ALL = 4
_ALONE = Joint(0, 1, 1)
_Place = tuple[str, int]


@dataclass
class _Kept:
    """What is kept by the modem: its PDU, when it was told and the signal, while somebody has that in hand, whether it
    was written down and so may be deleted, and whether that was tried.
    """

    line: str
    told_at: float
    told: weakref.ref[Arrival]
    written: bool = False
    tried: bool = False


class Incoming:
    """``wake`` is called when something may be deleted, which happens outside of the session's turns; ``suspect`` when
    a question was not answered in time. Its answer may come yet and would be taken for that to the next question: what
    stands at one place for what stands at another, which would be deleted unread.
    """

    def __init__(
        self,
        settings: GsmSettings,
        context: Context,
        sent: SentMessages,
        wake: Callable[[], None],
        suspect: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._timings = settings.timings
        self._context = context
        self._sent = sent
        self._wake = wake
        self._suspect = suspect
        self._memory = ""
        self._home = ""
        self._announced: list[_Place] = []
        self._kept: dict[_Place, _Kept] = {}
        self._doubtful: dict[_Place, str] = {}
        self._stock = Stock(settings.timings, context)
        self._sweep_every = self._timings.sweep
        self._sweep_at = 0.0

    def begin(self, memory: str, *, announces: bool) -> None:
        """The modem is set up and has ``memory`` selected."""
        self._memory = self._home = memory
        self._sweep_every = self._timings.sweep if announces else self._timings.sweep_blind
        self._sweep_at = self._context.now
        self._announced.clear()
        self._doubtful.clear()
        self._stock.begin()

    def announced(self, place: Announced) -> None:
        """The modem keeps something new."""
        one = place.memory, place.index
        if len(self._announced) < _MOST_WAITING and one not in self._announced:
            self._announced.append(one)

    def direct(self, line: str) -> None:
        """The modem passed a PDU on and does not keep it."""
        arrival = self._read_line(line, _nothing) or self._salvaged(line, "", _nothing)
        if arrival is not None:
            self._context.report(arrival)

    def job(self) -> Script | None:
        """What is due: deleting, reading, looking through, counting."""
        if doomed := next(self._written(), None):
            return self._delete(doomed)
        if self._announced:
            return self._read(self._announced.pop(0))
        if self._context.now >= self._sweep_at:
            return self._sweep()
        return self._count() if self._context.now >= self._stock.due() else None

    def due(self) -> float:
        """When ``job`` has something to do."""
        if self._announced or any(self._written()):
            return self._context.now
        return min(self._sweep_at, self._stock.due())

    def _written(self) -> Iterator[_Place]:
        return (place for place, kept in self._kept.items() if kept.written and not kept.tried)

    def _ask(self, line: str, timeout: float) -> Dialogue[Reply]:
        reply = yield command(line, timeout)
        if reply.result is None:
            self._suspect()
        return reply

    def _select(self, memory: str) -> Dialogue[bool]:
        """Whether ``memory`` is selected: the same index in another one is somebody else's message. A modem that does
        not say what it has selected has one only.
        """
        if memory == self._memory or not (memory and self._home):
            return True
        reply = yield from self._ask(f'AT+CPMS="{memory}"', self._timings.command)
        # Without an answer it may be selected or not.
        self._memory = memory if reply.ok else ""
        return reply.ok

    def _read(self, place: _Place) -> Script:
        memory, index = place
        if not (yield from self._select(memory)):
            return
        reply = yield from self._ask(f"AT+CMGR={index}", self._timings.read)
        for fields, line in _listed(reply):
            if fields[0] in _RECEIVED:
                self._found(place, line)

    def _sweep(self) -> Script:
        self._sweep_at = self._context.now + self._sweep_every
        if not (yield from self._select(self._home)):
            return
        reply = yield from self._ask(f"AT+CMGL={_ALL}", self._timings.read)
        for fields, line in _listed(reply):
            if len(fields) > 1 and fields[0].isdecimal() and fields[1] in _RECEIVED:
                self._found((self._memory, int(fields[0])), line)
        self._stock.swept()

    def _count(self) -> Script:
        if (yield from self._select(self._home)):
            yield from self._stock.ask()

    def _delete(self, place: _Place) -> Script:
        memory, index = place
        # One that stays nevertheless is found by a later sweep, and tried again.
        self._kept[place].tried = True
        if not (yield from self._select(memory)):
            return
        reply = yield from self._ask(f"AT+CMGD={index}", self._timings.read)
        if reply.ok:
            del self._kept[place]
            self._stock.deleted()

    def _found(self, place: _Place, line: str) -> None:
        kept = self._kept.get(place)
        now = self._context.now
        if kept is not None and kept.line == line:
            kept.tried = False
            # Whoever heard of it may have to wait for the database for hours: one signal is enough.
            if kept.written or kept.told() is not None or now < kept.told_at + self._timings.tell_again:
                return
        written = partial(self._taken, place, line)
        arrival = self._read_line(line, written)
        if arrival is None and self._is_certain(place, line):
            arrival = self._salvaged(line, " ".join(map(str, place)).strip(), written)
        if arrival is not None:
            self._kept[place] = _Kept(line, now, weakref.ref(arrival))
            self._context.report(arrival)

    def _is_certain(self, place: _Place, line: str) -> bool:
        """Whether the same was read there before: what only the cable made of it is read otherwise the next time."""
        before = self._doubtful.get(place)
        if before == line:
            del self._doubtful[place]
            return True
        self._doubtful[place] = line
        if before is None:
            self.announced(Announced(*place))
        return False

    def _taken(self, place: _Place, line: str) -> None:
        kept = self._kept.get(place)
        # The place may hold another message by now.
        if kept is not None and kept.line == line:
            kept.written = True
            self._wake()

    def _read_line(self, line: str, written: Callable[[], None]) -> Arrival | None:
        """What ``line`` carries; None if it cannot be read."""
        try:
            message = decode_incoming(from_line(line))
        except PduError:
            return None
        return self._arrival(message, written)

    def _salvaged(self, line: str, place: str, written: Callable[[], None]) -> Arrival | None:
        """What can be told of a message that cannot be read; None if ``line`` is none at all."""
        found = salvage(line)
        if found is None:
            return None
        self._context.report(UnreadableFound(place))
        number = self._settings.number
        return TextArrived(found.sender, number, found.words, written=written, at=_in_utc(found.at))

    @singledispatchmethod
    def _arrival(self, message: Deliver | StatusReport, written: Callable[[], None]) -> Arrival:
        raise NotImplementedError

    @_arrival.register
    def _(self, message: Deliver, written: Callable[[], None]) -> Arrival:
        body = message.body
        joint = body.joint or _ALONE
        return TextArrived(
            sender=message.sender,
            recipient=self._settings.number,
            text=decode_bytes(body.data) if body.coding is Coding.DATA else body.text,
            reference=joint.reference,
            position=joint.position,
            total=joint.total,
            written=written,
            at=_in_utc(message.at),
        )

    @_arrival.register
    def _(self, message: StatusReport, written: Callable[[], None]) -> Arrival:
        gateway_id, hint = self._sent.gateway_id(message)
        return ReceiptArrived(
            gateway_id=gateway_id,
            hint=hint,
            fate=fate_of(message.status),
            code=f"{message.status:02X}",
            words=words_of_status(message.status),
            number=message.number,
            written=written,
            at=_in_utc(message.done_at),
        )


def _nothing() -> None:
    """Nobody keeps what was passed on at once."""


def _listed(reply: Reply) -> Iterator[tuple[list[str], str]]:
    """The fields of each header in the answer, and the PDU behind it."""
    for header, line in zip(reply.text, reply.text[1:], strict=False):
        if found := _HEADER.match(header):
            yield [field.strip() for field in found[1].split(",")], line


def _in_utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC)
