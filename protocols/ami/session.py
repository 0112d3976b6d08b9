"""One PBX with all its lines, without socket and clock: bytes and time in, bytes and signals of each line out.

``link`` keeps the connection, ``channels`` gathers what the PBX says of its channels, ``lines``, ``pool`` and ``slot``
make calls of lines from them.

While the connection is away, a line without a call is lost at once. A call in progress is kept open for
``AmiTimings.patience``: if it is still there when the connection is back, nothing has happened; if not, it is closed
with its end unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from protocols.actions import Actions
from protocols.ami.codec import AmiDecoder, AmiError, checked_exten, checked_file
from protocols.ami.control import ControlWish
from protocols.ami.lines import OfLine, PbxLines
from protocols.ami.link import Link, LinkState
from protocols.ami.listening import ListenMode
from protocols.ami.moves import Places
from protocols.ami.settings import AmiSettings, PbxLine
from protocols.sayings import words_of

__all__ = ["AmiSession", "OfLine"]


class AmiSession:
    """A ``LineSession`` of several lines: every signal is an ``OfLine``.

    ``token`` is new for each run of the program: letters and digits.
    """

    def __init__(self, settings: AmiSettings, lines: Sequence[PbxLine], token: str) -> None:
        self._decoder = AmiDecoder()
        self._link = Link(settings)
        places = Places(settings.control, settings.context)
        self._lines = PbxLines(lines, self._link, settings.timings, places, token)

    @property
    def ready(self) -> bool:
        """Whether the PBX is signed in to and its channels are known."""
        return self._lines.synced

    @property
    def failure(self) -> str:
        """Why the connection is to be closed; empty while it is of use."""
        return self._link.failure

    def start(self, now: float) -> Actions:
        """The connection is open."""
        self._link.now = now
        self._decoder = AmiDecoder()
        self._link.open()
        return self._actions()

    def receive(self, data: bytes, now: float) -> Actions:
        """Bytes from the PBX. Never raises."""
        self._link.now = now
        if self._link.state is not LinkState.CLOSED and not self._link.failure:
            try:
                for message in self._decoder.feed(data):
                    self._link.hear(message)
            except AmiError as error:
                self._link.fail(words_of(error))
        return self._actions()

    def tick(self, now: float) -> Actions:
        """Time passed."""
        self._link.now = now
        self._link.tick()
        self._lines.tick()
        return self._actions()

    def next_deadline(self) -> float | None:
        """When ``tick`` is next needed."""
        return min([*self._link.deadlines(), *self._lines.deadlines()], default=None)

    def port_lost(self, reason: str, now: float) -> Actions:
        """The connection is gone, or could not be made."""
        self._link.now = now
        reason = self._link.failure or reason
        self._link.close()
        self._lines.disconnected(reason)
        return self._actions()

    def dial(self, line: str, number: str, now: float) -> Actions:
        """Ring the telephone of ``line``, then dial ``number`` for it; only while ``ready``.

        ``ValueError`` unless ``checked_exten`` takes the number.
        """
        checked_exten(number)
        return self._command(now, lambda: self._lines.commands.dial(line, number))

    def hang_up(self, line: str, now: float) -> Actions:
        """End the call of ``line``, or stop dialling; only while ``ready``."""
        return self._command(now, lambda: self._lines.commands.hang_up(line))

    def record(self, line: str, name: str, now: float) -> Actions:
        """Record the call of ``line`` until it ends; only while ``ready``.

        ``name`` is a file in the folder into which the PBX records: ``ValueError`` unless it is letters, digits and -
        before .wav.
        """
        checked_file(name)
        return self._command(now, lambda: self._lines.commands.record(line, name))

    def control(self, line: str, wish: ControlWish, now: float, number: str = "") -> Actions:
        """Hold, transfer … the call of ``line``, a telephone's; only while ``ready``.

        ``number`` is whom to transfer to or to consult: ``ValueError`` unless ``checked_exten`` takes it.
        """
        control = self._lines.control
        plain = {
            ControlWish.HOLD: control.hold,
            ControlWish.RESUME: control.resume,
            ControlWish.COMPLETE: control.complete,
            ControlWish.CONFERENCE: control.conference,
        }
        with_number = {ControlWish.TRANSFER: control.transfer, ControlWish.CONSULT: control.consult}
        if wish in plain:
            return self._command(now, lambda: plain[wish](line))
        checked_exten(number)
        return self._command(now, lambda: with_number[wish](line, number))

    def listen(self, line: str, token: str, phone: str, mode: ListenMode, now: float) -> Actions:
        """Let the telephone of the line ``phone`` hear the call of ``line``; only while ``ready``.

        ``token`` is what the signals will call the listener.
        """
        return self._command(now, lambda: self._lines.listening.listen(line, token, phone, mode))

    def stop_listening(self, token: str, now: float) -> Actions:
        """Let ``token`` listen no more; while not ``ready``, as soon as it is."""
        return self._command(now, lambda: self._lines.listening.stop(token))

    def give_back(self, line: str, now: float) -> Actions:
        """Whoever is on hold on the line speaks with the agent again; only while ``ready``. See ``waits``."""
        return self._command(now, lambda: self._lines.control.give_back(line))

    def waits(self, line: str) -> bool:
        """Whether somebody is on hold on the line."""
        return self._lines.control.waits(line)

    def end(self, now: float) -> Actions:
        """What only we would end is ended: nobody listens, nobody waits for a call of ours; done when ``quiet``."""

        def all_of_it() -> None:
            self._lines.control.end()
            self._lines.listening.end()

        return self._command(now, all_of_it)

    @property
    def quiet(self) -> bool:
        """Whether the PBX has answered everything."""
        return self._link.quiet

    def _command(self, now: float, action: Callable[[], None]) -> Actions:
        self._link.now = now
        action()
        return self._actions()

    def _actions(self) -> Actions:
        return Actions(self._link.take_output(), self._lines.take_signals())
