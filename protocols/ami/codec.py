"""Bytes from an Asterisk manager connection in, messages out; and our actions as bytes. Pure.

A connection begins with one line naming the interface. Then come blocks of ``Key: value`` lines, each ended by an
empty line (AMI v2 specification, "Protocol overview"). Up to Asterisk 13 a command's output stands raw in its block,
from ``Response: Follows`` to ``--END COMMAND--``; its lines are given as repeated ``Output`` fields, as later versions
send them.

A line that is too long is cut, a block with too many lines loses those at its end, a line that is no field is skipped:
one odd event must not cost the connection on which all calls depend.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from protocols.ami.messages import Banner, Block, Message
from protocols.sayings import Said, Saying
from protocols.text import decode_bytes

MAX_LINE = 8192
"""Most bytes kept of one line."""
MAX_FIELDS = 512
"""Most lines kept of one block."""

_BANNER = re.compile(rb"Asterisk Call Manager[A-Za-z ]*/([0-9A-Za-z.+~-]{1,40})")
_BANNER_START = b"Asterisk Call Manager"
_FIELD = re.compile(rb"([A-Za-z][A-Za-z0-9_()-]{0,79}):[ \t]?(.*)", re.DOTALL)
_END_OF_OUTPUT = b"--END COMMAND--"
_BEFORE_OUTPUT = frozenset({"Response", "Privilege", "ActionID", "Message"})
_SHOWN = 60


class AmiError(Exception):
    """What arrived is not the manager interface; the text names the bytes."""


class AmiDecoder:
    """Incremental decoder of one connection. Any split of a stream gives the same messages."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._fields: list[tuple[str, str]] = []
        self._greeted = False
        self._in_output = False

    def feed(self, data: bytes) -> list[Message]:
        """Messages completed by ``data``. Raises ``AmiError`` if the connection begins like another protocol."""
        messages = [message for piece in data.splitlines(keepends=True) for message in self._piece(piece)]
        if not self._greeted:
            _refuse_others(bytes(self._line))
        return messages

    def _piece(self, piece: bytes) -> Iterator[Message]:
        self._line += piece
        if not piece.endswith(b"\n"):
            del self._line[MAX_LINE:]
            return
        line = bytes(self._line[:MAX_LINE]).rstrip(b"\r\n")
        self._line.clear()
        yield from self._complete(line) if self._greeted else self._greeting(line)

    def _greeting(self, line: bytes) -> Iterator[Message]:
        match = _BANNER.match(line)
        if match is None:
            raise AmiError(Said(Saying.NO_PBX, words=repr(line[:_SHOWN])))
        self._greeted = True
        yield Banner(match[1].decode("ascii"))

    def _complete(self, line: bytes) -> Iterator[Message]:
        if self._in_output:
            self._output(line)
        elif line:
            self._field(line)
        elif self._fields:
            yield Block(tuple(self._fields))
            self._fields.clear()

    def _field(self, line: bytes) -> None:
        match = _FIELD.fullmatch(line)
        key = match[1].decode("ascii") if match else ""
        if self._follows() and key not in _BEFORE_OUTPUT:
            self._in_output = True
            self._output(line)
        elif match is not None:
            self._keep(key, match[2])

    def _follows(self) -> bool:
        return bool(self._fields) and self._fields[0] == ("Response", "Follows")

    def _output(self, line: bytes) -> None:
        self._in_output = line != _END_OF_OUTPUT
        if self._in_output:
            self._keep("Output", line)

    def _keep(self, key: str, value: bytes) -> None:
        if len(self._fields) < MAX_FIELDS:
            self._fields.append((key, decode_bytes(value)))


def _refuse_others(beginning: bytes) -> None:
    """Another protocol may never send the line's end that we wait for."""
    if not beginning.startswith(_BANNER_START[: len(beginning)]) or len(beginning) >= MAX_LINE:
        raise AmiError(Said(Saying.NO_PBX, words=repr(beginning[:_SHOWN])))


_IDENTIFIER = r"[A-Za-z0-9._-]{1,64}"
_PRINTABLE = r"[^\x00-\x1f\x7f\x80-\x9f\u2028\u2029]"
_ALLOWED: dict[str, re.Pattern[str]] = {
    key: re.compile(pattern)
    for key, pattern in {
        "ActionID": _IDENTIFIER,
        "AuthType": r"MD5",
        "Username": _PRINTABLE + r"{1,80}",
        "Key": r"[0-9a-f]{32}",
        "Secret": _PRINTABLE + r"{1,256}",
        "Events": r"on|off",
        # A name that begins with "/" would be a pattern, and Hangup end every call that matches.
        "Channel": r"[A-Za-z][A-Za-z0-9_]{0,31}/[A-Za-z0-9_.@/;:+*#-]{1,120}",
        "ChannelId": _IDENTIFIER,
        "Context": r"[A-Za-z0-9_-]{1,79}",
        # A number, or one of the places in the dialplan context that controls calls.
        "Exten": r"[0-9*#+]{1,40}|hold|wait|third|meet[0-9]{1,20}",
        "ExtraContext": r"[A-Za-z0-9_-]{1,79}",
        "ExtraExten": r"wait|meet[0-9]{1,20}",
        "ExtraPriority": r"1",
        "Tone": r"no",
        # The telephone that rings shows who calls.
        "CallerID": r"<[0-9]{1,20}>",
        # Not one that a person can name.
        "Application": r"ChanSpy",
        # Quiet, one channel only, over when its call is; w: heard by the agent, B: heard by both.
        "Data": r"[A-Za-z][A-Za-z0-9_]{0,31}/[A-Za-z0-9_.@/;:+*#-]{1,120},qES[wB]?",
        # Whether there is such a number, and nothing else.
        "Variable": r"DIALPLAN_EXISTS\([A-Za-z0-9_-]{1,79},[0-9*#+]{1,40},1\)",
        "Priority": r"1",
        "Timeout": r"[0-9]{1,6}",
        "Async": r"true",
        "Cause": r"[0-9]{1,3}",
        # Without "/" it lies in the folder into which Asterisk records.
        "File": r"[A-Za-z0-9-]{1,50}\.wav",
    }.items()
}
_ALLOWED |= dict.fromkeys(("Channel1", "Channel2", "ExtraChannel"), _ALLOWED["Channel"])
_KEYS_OF: dict[str, frozenset[str]] = {
    "Challenge": frozenset({"AuthType"}),
    "Login": frozenset({"AuthType", "Username", "Key", "Secret", "Events"}),
    "Ping": frozenset(),
    "CoreShowChannels": frozenset(),
    "DAHDIShowChannels": frozenset(),
    "Originate": frozenset(
        {"Channel", "ChannelId", "CallerID", "Context", "Exten", "Priority", "Application", "Data", "Timeout", "Async"}
    ),
    "Hangup": frozenset({"Channel", "Cause"}),
    "MixMonitor": frozenset({"Channel", "File"}),
    "Redirect": frozenset(
        {"Channel", "Context", "Exten", "Priority", "ExtraChannel", "ExtraContext", "ExtraExten", "ExtraPriority"}
    ),
    "Bridge": frozenset({"Channel1", "Channel2", "Tone"}),
    "Getvar": frozenset({"Variable"}),
}
"""The only actions there are, with the only keys each may have: no Command, no variable set, one application."""


def checked_exten(number: str) -> str:
    """``number`` itself if it is 1 to 40 of ``0-9 * # +``; else ``ValueError``."""
    if not _ALLOWED["Exten"].fullmatch(number):
        raise ValueError(f"cannot dial {number[:40]!r}: allowed are 1 to 40 of 0-9 * # and +")
    return number


def checked_file(name: str) -> str:
    """``name`` itself if it is 1 to 50 letters, digits and - before ``.wav``; else ``ValueError``."""
    if not _ALLOWED["File"].fullmatch(name):
        raise ValueError(f"cannot record as {name[:60]!r}: allowed are letters, digits and - before .wav")
    return name


def encode(action: str, *fields: tuple[str, str]) -> bytes:
    """The bytes of one action. ``ValueError`` for an action, key or value that is not allowed, which is never shown."""
    if action not in _KEYS_OF:
        raise ValueError(f"not an action of ours: {action!r}")
    lines = [f"Action: {action}"]
    for key, value in fields:
        if key != "ActionID" and key not in _KEYS_OF[action]:
            raise ValueError(f"{action} may not have {key!r}")
        if not _ALLOWED[key].fullmatch(value):
            raise ValueError(f"{action}: this value of {key} is not allowed")
        lines.append(f"{key}: {value}")
    return "\r\n".join([*lines, "", ""]).encode()
