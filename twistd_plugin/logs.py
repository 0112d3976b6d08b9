"""What the daemon writes about itself: readable lines or JSON lines, without the people it serves.

Services log ids, never names or numbers. The filter here is the second fence: it hides what a library or a forgotten
format string lets through, in messages and tracebacks alike.
"""

from __future__ import annotations

import json
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent
from twisted.python.failure import Failure
from twisted.python.logfile import LogFile
from zope.interface import implementer

from twistd_plugin.blocking import blocking_allowed

HIDDEN = "***"

# Fields of log events whose values are about people or open doors, whoever logs them.
PRIVATE_FIELDS = frozenset(
    {
        "number",
        "numbers",
        "phone",
        "caller",
        "caller_name",
        "patient",
        "patient_name",
        "display_name",
        "id_document",
        "notes",
        "password",
        "token",
        "csrf",
        "cookie",
        "authorization",
    }
)

# Seven digits are a local telephone number, or that of a process. One blank, dash or bracket may stand between digits.
_DIGITS = re.compile(r"(?<![\w.])(?<!\bprocess )(?:\+|00)?\(?\d(?:[ ()-]?\d){6,}[Xx]?(?!\w)(?!\.\d)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_QUERY = re.compile(r"(/[\w/.%-]*)\?[^\s\"'>]+")


LOG_BYTES = 10_000_000
LOG_FILES = 10


def log_file(path: Path) -> LogFile:
    """A log file that is rotated and that only its owner reads."""
    return LogFile(path.name, str(path.parent), rotateLength=LOG_BYTES, maxRotatedFiles=LOG_FILES, defaultMode=0o600)


class TextStream(Protocol):
    """Where log lines go."""

    def write(self, text: str, /) -> object:
        """Take ``text``."""
        ...

    def flush(self) -> object:
        """Pass on what was taken."""
        ...


def without_people(text: str) -> str:
    """``text`` with telephone and document numbers and query strings replaced."""
    return _QUERY.sub(rf"\1?{HIDDEN}", _DIGITS.sub(_hide_digits, text))


def _hide_digits(match: re.Match[str]) -> str:
    return match[0] if _DATE.match(match[0]) else HIDDEN


def _without_private_fields(event: LogEvent) -> LogEvent:
    # A format may reach into a field ("{call.number}"), so only the whole event with the fields replaced is formatted.
    return {key: HIDDEN if key in PRIVATE_FIELDS else value for key, value in event.items()}


def message_of(event: LogEvent) -> str:
    """The sentence of ``event``, fit for a log."""
    return without_people(formatEvent(_without_private_fields(event)))


def failure_of(event: LogEvent) -> str:
    """The traceback of ``event``'s failure: places in the code and the kind of error; empty without one.

    The text of an exception may quote what somebody typed (SQL parameters, a rejected value), so it is filtered too.
    """
    failure = event.get("log_failure")
    if not isinstance(failure, Failure) or failure.value is None:
        return ""
    return without_people("\ncaused by ".join(_one_failure(error) for error in _chain(failure.value)))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """``error``, then what it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _one_failure(error: BaseException) -> str:
    places = traceback.format_list(traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__)))
    return "".join(places) + f"{type(error).__qualname__}: {_first_line(error)}"


def _first_line(error: BaseException) -> str:
    """SQLAlchemy puts statement and parameters on the lines below the first."""
    return next(iter(str(error).splitlines()), "")


def _moment(event: LogEvent) -> str:
    moment = datetime.fromtimestamp(event.get("log_time", 0.0), UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def text_line(event: LogEvent) -> str:
    """``2026-03-01T08:00:00.000Z info  callcenter.lines line 2 is ready``."""
    head = f"{_moment(event)} {_level(event):<5} {event.get('log_namespace', '-')} {message_of(event)}"
    failure = failure_of(event)
    return f"{head}\n{failure}\n" if failure else f"{head}\n"


def json_line(event: LogEvent) -> str:
    """One object a line: ``at``, ``level``, ``namespace``, ``message``, ``failure`` and the event's plain fields."""
    entry: dict[str, Any] = {
        "at": _moment(event),
        "level": _level(event),
        "namespace": event.get("log_namespace", ""),
        "message": message_of(event),
    }
    if failure := failure_of(event):
        entry["failure"] = failure
    fields = {key: value for key, value in event.items() if _is_plain_field(key, value)}
    return json.dumps({**_filtered(fields), **entry}, ensure_ascii=False) + "\n"


def _is_plain_field(key: str, value: object) -> bool:
    legacy = {"time", "system", "format", "message", "isError", "why", "failure"}
    return not key.startswith("log_") and key not in legacy and isinstance(value, str | int | float | bool)


def _filtered(fields: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key, value in fields.items():
        # A number of seven digits or more under an innocent name is hidden too: it may be a phone number.
        text = without_people(str(value))
        shown[key] = HIDDEN if key in PRIVATE_FIELDS else (value if text == str(value) else text)
    return shown


def _level(event: LogEvent) -> str:
    level = event.get("log_level")
    return str(level.name) if level is not None else "info"


_FORMATS: Mapping[str, Callable[[LogEvent], str]] = {"text": text_line, "json": json_line}


_WHY_AT_ONCE = "a line that waits for a thread is lost with the process that it would explain"


@implementer(ILogObserver)
class LogWriter:
    """Writes each event at or above ``level`` to ``stream`` as ``text`` or ``json``, on the thread that tells of it.

    So the reactor waits for the disk with each line, which a system takes into its memory; everything else that
    touches a file while the reactor runs is on a thread.
    """

    def __init__(self, stream: TextStream, format_name: str = "text", level: str = "info") -> None:
        self._stream = stream
        self._format = _FORMATS[format_name]
        self._level = LogLevel.levelWithName(level)

    def __call__(self, event: LogEvent) -> None:
        """Take one event. A stream that is gone (closed pipe) must not take the daemon with it."""
        if event.get("log_level", LogLevel.info) < self._level:
            return
        try:
            with blocking_allowed(_WHY_AT_ONCE):
                self._stream.write(self._format(event))
                self._stream.flush()
        except OSError:
            return


def twistd_observer(parent: Any, format_name: str, level: str) -> ILogObserver | None:
    """Our log format into twistd's --logfile or the terminal; None where --syslog asks for twistd's own.

    ``parent`` holds twistd's own options.
    """
    twistd: Any = parent or {}
    if twistd.get("syslog"):
        return None
    path = twistd.get("logfile")
    if not path and not twistd.get("nodaemon"):
        path = "twistd.log"
    stream: Any = log_file(Path(path).absolute()) if path and path != "-" else sys.stdout
    return LogWriter(stream, format_name, level)
