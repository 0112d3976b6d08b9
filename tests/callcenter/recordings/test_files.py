"""What is taken over from a device's folder, and what never is."""

from __future__ import annotations

import os
import wave
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callcenter.recordings import files
from callcenter.recordings.files import Measured, RecordingFiles, RefusedError
from tests.protocols.test_wav import wav

AT = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
NAME = "huifang-7-00ff.wav"


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    folder = tmp_path / "spool"
    folder.mkdir()
    return folder


@pytest.fixture
def kept(tmp_path: Path) -> RecordingFiles:
    return RecordingFiles(tmp_path / "var" / "recordings")


@pytest.fixture(autouse=True)
def var(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()


def test_a_file_is_copied_and_removed_from_the_folder(spool: Path, kept: RecordingFiles, tmp_path: Path) -> None:
    (spool / NAME).write_bytes(wav(b"\1\2" * 16_000))
    assert kept.look(spool, NAME) == 32_044
    assert kept.take_over(spool, NAME, 7, AT) == Measured(32_044, 2)
    target = tmp_path / "var/recordings/2026/03/02/7.wav"
    assert target.read_bytes() == wav(b"\1\2" * 16_000)
    assert target.stat().st_mode & 0o777 == 0o600
    assert all(folder.stat().st_mode & 0o777 == 0o700 for folder in list(target.parents)[:4])
    assert list(spool.iterdir()) == []
    assert kept.look(spool, NAME) is None


def test_what_was_cut_off_after_the_copy_is_not_lost(spool: Path, kept: RecordingFiles) -> None:
    (spool / NAME).write_bytes(wav(b"\1\2" * 8000))
    kept.take_over(spool, NAME, 7, AT)
    assert kept.take_over(spool, NAME, 7, AT) == Measured(16_044, 1)


def test_what_was_cut_off_in_the_copy_begins_anew(spool: Path, kept: RecordingFiles) -> None:
    (spool / NAME).write_bytes(wav(b"\1\2" * 8000))
    part = kept.path(7, AT).with_suffix(".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"half")
    assert kept.take_over(spool, NAME, 7, AT).seconds == 1
    assert not part.exists()


def test_a_file_that_its_writer_left_unfinished_is_mended(spool: Path, kept: RecordingFiles) -> None:
    whole = wav(b"\1\2" * 8000)
    (spool / NAME).write_bytes(whole[:40] + b"\0\0\0\0" + whole[44:])
    assert kept.take_over(spool, NAME, 7, AT).seconds == 1
    with wave.open(str(kept.path(7, AT))) as reader:
        assert reader.getnframes() == 8000


@pytest.mark.parametrize(
    "name", ["../secret.wav", "/etc/passwd", "a/../../secret.wav", "..", "", "x.wav\0", "x.mp3", "x.wav\n", "a" * 99]
)
def test_no_name_leads_out_of_the_folder(spool: Path, kept: RecordingFiles, name: str) -> None:
    (spool.parent / "secret.wav").write_bytes(wav(b"\1\2"))
    for attempt in (lambda: kept.look(spool, name), lambda: kept.take_over(spool, name, 7, AT)):
        with pytest.raises(RefusedError):
            attempt()
    assert not kept.path(7, AT).exists()


@pytest.mark.parametrize("kind", ["symlink", "hardlink", "dangling", "folder", "pipe"])
def test_only_a_regular_file_is_taken(spool: Path, kept: RecordingFiles, kind: str) -> None:
    secret, file = spool.parent / "secret.wav", spool / NAME
    secret.write_bytes(wav(b"\1\2"))
    {
        "symlink": lambda: file.symlink_to(secret),
        "hardlink": lambda: file.hardlink_to(secret),
        "dangling": lambda: file.symlink_to(spool / "nothing"),
        "folder": file.mkdir,
        "pipe": lambda: os.mkfifo(file),
    }[kind]()
    for attempt in (lambda: kept.look(spool, NAME), lambda: kept.take_over(spool, NAME, 7, AT)):
        with pytest.raises(RefusedError, match="link, a folder or a device"):
            attempt()
    assert secret.exists()
    assert not kept.path(7, AT).exists()


def test_what_is_no_wav_file_or_too_large_leaves_nothing_behind(
    spool: Path, kept: RecordingFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    (spool / NAME).write_bytes(b"#!/bin/sh\n")
    with pytest.raises(RefusedError, match="not a WAV file"):
        kept.take_over(spool, NAME, 7, AT)
    monkeypatch.setattr(files, "LARGEST", 100)
    (spool / NAME).write_bytes(wav(b"\1\2" * 100))
    with pytest.raises(RefusedError, match="too large"):
        kept.take_over(spool, NAME, 7, AT)
    assert (spool / NAME).exists()
    assert list(kept.path(7, AT).parent.iterdir()) == []


def test_a_full_disk_leaves_the_devices_file_where_it_is(
    spool: Path, kept: RecordingFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    (spool / NAME).write_bytes(wav(b"\1\2" * 100))

    def full(descriptor: int, data: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        kept.take_over(spool, NAME, 7, AT)
    assert (spool / NAME).exists()
    assert list(kept.path(7, AT).parent.iterdir()) == []


def test_a_recording_is_deleted_once_and_again(spool: Path, kept: RecordingFiles) -> None:
    (spool / NAME).write_bytes(wav(b"\1\2"))
    kept.take_over(spool, NAME, 7, AT)
    assert kept.size(7, AT) == 46
    assert kept.read(7, AT, 44, 100) == b"\1\2"
    kept.delete(7, AT)
    kept.delete(7, AT)
    with pytest.raises(FileNotFoundError):
        kept.size(7, AT)
