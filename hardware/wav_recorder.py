"""Recordings that come through us as samples: written as WAV files on threads, bounded in memory and on disk."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from hardware.trace import RunInThread
from protocols.sayings import Said, Saying
from protocols.wav import HEAD_BYTES, WavFormat

PIECE = 16 * 1024
"""So many bytes are gathered before they are written: 2 s at 8000 a second."""
MOST_WAITING = 512 * 1024
"""A disk that is behind by more is given up: a minute."""
LONGEST = 12 * 3600
"""Seconds. Nobody speaks for longer; a line that nobody released would fill the disk."""

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

_NAME = re.compile(r"[A-Za-z0-9-]{1,50}\.wav")


def checked_file_name(name: str) -> str:
    """``name`` itself if a recording may be called so: letters, digits, - and .wav; else ``ValueError``."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"no name of a recording: {name[:80]!r}")
    return name


class WavRecorder:
    """A ``protocols.hayes.sound.SoundSink``: files in ``folder``, one after another.

    ``trouble`` is told on the reactor why a recording ends early, and whether anything of it was kept. A file is
    readable at any time: without sizes its sound reaches to its end, see ``protocols.wav``.
    """

    def __init__(self, folder: Path, run_in_thread: RunInThread, trouble: Callable[[str, bool], None]) -> None:
        self._folder = folder
        self._run_in_thread = run_in_thread
        self._trouble = trouble
        self._file: _WavFile | None = None

    def begin(self, name: str, form: WavFormat) -> None:
        """See ``SoundSink``."""
        self.end()
        self._file = _WavFile(self._folder / name, form, self._run_in_thread, self._trouble)

    def write(self, samples: bytes) -> None:
        """See ``SoundSink``."""
        if self._file is not None:
            self._file.write(samples)

    def end(self) -> None:
        """See ``SoundSink``."""
        if self._file is not None:
            self._file.end()
            self._file = None


class _WavFile:
    """One file. At most one thread is at it; meanwhile samples wait."""

    def __init__(
        self, path: Path, form: WavFormat, run_in_thread: RunInThread, trouble: Callable[[str, bool], None]
    ) -> None:
        self._path = path
        self._form = form
        self._run_in_thread = run_in_thread
        self._trouble = trouble
        self._most = LONGEST * form.bytes_per_second
        self._waiting = bytearray()
        self._taken = 0
        self._writing = self._over = False
        # Touched by the thread that writes.
        self._descriptor = -1
        self._size = 0
        self._error: OSError | None = None
        self._told = False

    def write(self, samples: bytes) -> None:
        if self._over:
            return
        if self._taken + len(samples) > self._most:
            self._give_up(Said(Saying.RECORDING_TOO_LONG))
        elif len(self._waiting) + len(samples) > MOST_WAITING:
            self._give_up(Said(Saying.DISK_TOO_SLOW))
        else:
            self._taken += len(samples)
            self._waiting += samples
            if len(self._waiting) >= PIECE:
                self._flush()

    def end(self) -> None:
        if not self._over:
            self._over = True
            self._flush()

    def _give_up(self, why: str) -> None:
        self.end()
        self._tell(why, self._taken > 0)

    def _tell(self, why: str, kept: bool) -> None:
        if not self._told:
            self._told = True
            self._trouble(why, kept)

    def _flush(self) -> None:
        if self._writing:
            return
        self._writing = True
        piece, last = bytes(self._waiting), self._over
        self._waiting.clear()
        self._run_in_thread(lambda: self._write(piece, last), lambda: self._written(last))

    def _written(self, last: bool) -> None:
        self._writing = False
        if self._error is not None:
            self._over = True
            self._tell(os.strerror(self._error.errno or 0), self._size > 0)
        elif not last and (self._over or len(self._waiting) >= PIECE):
            self._flush()

    # On a thread.

    def _write(self, piece: bytes, last: bool) -> None:
        try:
            if self._descriptor < 0:
                self._open()
            self._append(piece)
        except OSError as error:
            self._error, last = error, True
        if last and self._descriptor >= 0:
            self._close()

    def _open(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._descriptor = os.open(self._path, _CREATE, 0o600)
        os.write(self._descriptor, self._form.head())

    def _append(self, piece: bytes) -> None:
        rest = memoryview(piece)
        while rest:
            written = os.write(self._descriptor, rest)
            self._size += written
            rest = rest[written:]

    def _close(self) -> None:
        try:
            if self._size % 2:
                os.pwrite(self._descriptor, b"\0", HEAD_BYTES + self._size)
            os.pwrite(self._descriptor, self._form.head(self._size), 0)
        except OSError as error:
            self._error = self._error or error
        finally:
            os.close(self._descriptor)
            self._descriptor = -1
