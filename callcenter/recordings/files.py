"""The files of recordings. Everything here waits for a disk: to be called on threads only.

No name that comes from outside makes a path. Ours follow from the recording's number and day; of a device's folder only
a regular file that lies directly in it is opened, under a name that we made, and never through a link.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from protocols.wav import HEAD_LIMIT, WavError, WavHead, read_head

LARGEST = 2 * 1024**3
"""More bytes than any call fills: two days and more of telephone sound."""

_NAME = re.compile(r"[A-Za-z0-9-]{1,50}\.wav")
_PIECE = 1024 * 1024
# A pipe in place of the file would hold the thread for ever.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class RefusedError(Exception):
    """What lies there is no recording of ours; the message says what it is instead."""


@dataclass(frozen=True)
class Measured:
    """A recording on our disk."""

    size: int
    seconds: int


class RecordingFiles:
    """The files below ``root``: ``YYYY/MM/DD/ID.wav``, the day in UTC, readable by the daemon's user only."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, recording_id: int, started_at: datetime) -> Path:
        """Where the recording is, or would be."""
        return self._root / started_at.astimezone(UTC).strftime("%Y/%m/%d") / f"{int(recording_id)}.wav"

    def look(self, folder: Path, name: str) -> int | None:
        """The size of the device's file, None if it is not there. Raises ``RefusedError`` and ``OSError``."""
        try:
            with _opened(folder, name) as descriptor:
                return os.fstat(descriptor).st_size
        except FileNotFoundError:
            return None

    def take_over(self, folder: Path, name: str, recording_id: int, started_at: datetime) -> Measured:
        """Make the device's file ours: copied, its sizes mended, on the disk; then removed from ``folder``.

        Done twice it does no harm. ``FileNotFoundError`` if neither is there, ``RefusedError`` if it is no WAV file.
        """
        target = self.path(recording_id, started_at)
        try:
            with _opened(folder, name) as source:
                self._copy(source, target)
        except FileNotFoundError:
            # An earlier attempt came this far and was cut off before it was written down.
            return self._measure(target)
        (folder / name).unlink(missing_ok=True)
        return self._measure(target)

    def size(self, recording_id: int, started_at: datetime) -> int:
        """How many bytes the recording has; ``FileNotFoundError`` without it."""
        return self._measure(self.path(recording_id, started_at)).size

    def read(self, recording_id: int, started_at: datetime, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes of it from ``offset`` on. Nothing stays open for a listener who is slow or gone."""
        descriptor = os.open(self.path(recording_id, started_at), _READ)
        try:
            return os.pread(descriptor, count, offset)
        finally:
            os.close(descriptor)

    def delete(self, recording_id: int, started_at: datetime) -> None:
        """Remove the recording; it may be gone already."""
        self.path(recording_id, started_at).unlink(missing_ok=True)

    def _copy(self, source: int, target: Path) -> None:
        self._make_folder(target.parent)
        part = target.with_suffix(".part")
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            size = _pour(source, descriptor)
            for position, piece in _head(descriptor).mend(size):
                os.pwrite(descriptor, piece, position)
            os.fsync(descriptor)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
        part.replace(target)
        _sync_folder(target.parent)

    def _make_folder(self, folder: Path) -> None:
        for each in (*reversed(folder.relative_to(self._root).parents), folder.relative_to(self._root)):
            (self._root / each).mkdir(mode=0o700, parents=True, exist_ok=True)

    def _measure(self, target: Path) -> Measured:
        descriptor = os.open(target, _READ)
        try:
            size = os.fstat(descriptor).st_size
            return Measured(size, _head(descriptor).seconds(size))
        finally:
            os.close(descriptor)


@contextmanager
def _opened(folder: Path, name: str) -> Iterator[int]:
    if not _NAME.fullmatch(name):
        raise RefusedError(f"{name!r} is no name of a recording")
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        descriptor = _open_regular(directory, name)
    finally:
        os.close(directory)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open_regular(directory: int, name: str) -> int:
    # Asked before it is opened: opening alone wakes whoever waits at the other end of a pipe.
    _require_regular(os.stat(name, dir_fd=directory, follow_symlinks=False), name)
    descriptor = os.open(name, _READ, dir_fd=directory)
    try:
        _require_regular(os.fstat(descriptor), name)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _require_regular(found: os.stat_result, name: str) -> None:
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        raise RefusedError(f"{name} is a link, a folder or a device")
    if found.st_size > LARGEST:
        raise RefusedError(f"{name} is too large: {found.st_size} bytes")


def _pour(source: int, target: int) -> int:
    size = 0
    while piece := os.read(source, _PIECE):
        size += len(piece)
        if size > LARGEST:
            raise RefusedError("it grows beyond all measure")
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(target, rest) :]
    return size


def _head(descriptor: int) -> WavHead:
    try:
        return read_head(os.pread(descriptor, HEAD_LIMIT, 0))
    except WavError as error:
        raise RefusedError(str(error)) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
