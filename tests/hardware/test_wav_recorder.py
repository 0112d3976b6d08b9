from __future__ import annotations

import os
import stat
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from hardware import wav_recorder
from hardware.wav_recorder import PIECE, WavRecorder, checked_file_name
from protocols.wav import HEAD_BYTES, WavFormat, read_head

FORM = WavFormat(8000)


class Studio:
    """A recorder whose thread runs when the test says so."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.jobs: list[tuple[Callable[[], None], Callable[[], None]]] = []
        self.trouble: list[tuple[str, bool]] = []
        self.recorder = WavRecorder(
            folder,
            lambda work, then: self.jobs.append((work, then)),
            lambda why, kept: self.trouble.append((str(why), kept)),
        )

    def work(self) -> None:
        while self.jobs:
            work, then = self.jobs.pop(0)
            work()
            then()

    def frames(self, name: str) -> bytes:
        with wave.open(str(self.folder / name)) as file:
            assert file.getparams()[:4] == (1, 1, 8000, file.getnframes())
            return file.readframes(file.getnframes())


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path / "new" / "spool")


def test_samples_become_a_file_that_others_can_play(studio: Studio) -> None:
    sound = bytes(range(256)) * 100 + b"\x01"
    studio.recorder.begin("a.wav", FORM)
    for start in range(0, len(sound), 700):
        studio.recorder.write(sound[start : start + 700])
        studio.work()
    studio.recorder.end()
    studio.work()
    assert studio.frames("a.wav") == sound
    path = studio.folder / "a.wav"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    # A chunk is of even length.
    assert path.stat().st_size == HEAD_BYTES + len(sound) + 1
    assert studio.trouble == []


def test_nothing_is_written_until_there_is_something(studio: Studio) -> None:
    studio.recorder.begin("a.wav", FORM)
    studio.recorder.write(bytes(PIECE - 1))
    assert studio.jobs == []
    studio.recorder.write(b"\x01")
    assert len(studio.jobs) == 1


def test_a_file_whose_end_was_never_written_plays_to_its_end(studio: Studio) -> None:
    studio.recorder.begin("a.wav", FORM)
    studio.recorder.write(bytes(2 * PIECE))
    studio.work()
    data = (studio.folder / "a.wav").read_bytes()
    assert read_head(data).audio_bytes(len(data)) == 2 * PIECE


def test_the_next_recording_does_not_wait_for_the_last(studio: Studio) -> None:
    studio.recorder.begin("a.wav", FORM)
    studio.recorder.write(b"\x01" * PIECE)
    studio.recorder.write(b"\x02\x02")
    studio.recorder.begin("b.wav", FORM)
    studio.recorder.write(b"\x03\x03")
    studio.recorder.end()
    studio.work()
    assert studio.frames("a.wav") == b"\x01" * PIECE + b"\x02\x02"
    assert studio.frames("b.wav") == b"\x03\x03"


def test_a_disk_that_does_not_come_back_costs_no_memory(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wav_recorder, "MOST_WAITING", 3 * PIECE)
    studio.recorder.begin("a.wav", FORM)
    for _ in range(10):
        studio.recorder.write(bytes(PIECE))
    assert len(studio.jobs) == 1
    assert studio.trouble == [("the disk takes too long", True)]
    studio.work()
    assert len(studio.frames("a.wav")) == 4 * PIECE


def test_a_recording_that_never_ends_does_not_fill_the_disk(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wav_recorder, "LONGEST", 5)
    studio.recorder.begin("a.wav", FORM)
    for _ in range(100):
        studio.recorder.write(bytes(8000))
        studio.work()
    studio.recorder.end()
    assert studio.trouble == [("it reached its greatest length", True)]
    assert len(studio.frames("a.wav")) == 5 * 8000


def test_a_full_disk_leaves_what_there_was_room_for(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.recorder.begin("a.wav", FORM)
    studio.recorder.write(b"\x01" * PIECE)
    studio.work()

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    for _ in range(5):
        studio.recorder.write(bytes(PIECE))
        studio.work()
    studio.recorder.end()
    studio.work()
    assert studio.trouble == [("No space left on device", True)]
    assert studio.frames("a.wav") == b"\x01" * PIECE


def test_what_cannot_be_begun_is_said_once(studio: Studio) -> None:
    studio.folder.parent.mkdir(parents=True)
    studio.folder.write_text("a file in its place")
    studio.recorder.begin("a.wav", FORM)
    studio.recorder.write(bytes(PIECE))
    studio.work()
    studio.recorder.end()
    studio.work()
    assert studio.trouble == [("File exists", False)] or studio.trouble == [("Not a directory", False)]


def test_no_file_of_others_is_written_over(studio: Studio) -> None:
    studio.folder.mkdir(parents=True)
    (studio.folder / "a.wav").symlink_to(studio.folder / "elsewhere")
    studio.recorder.begin("a.wav", FORM)
    studio.recorder.write(bytes(PIECE))
    studio.work()
    assert studio.trouble == [("File exists", False)]
    assert not (studio.folder / "elsewhere").exists()


@pytest.mark.parametrize("name", ["", "a", "../a.wav", "a/b.wav", "a.wav\n", "a.wav.exe", "ä.wav", "a" * 60 + ".wav"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a recording"):
        checked_file_name(name)
