"""Compiled templates last beyond the process, and never what they were compiled from."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from web.compiled import CompiledTemplates


class Compiler(Environment):
    """``compiled``: the names of the templates that had to be compiled. One of a process that has just begun."""

    def __init__(self, folder: Path, made_for: str = "") -> None:
        super().__init__(loader=FileSystemLoader(folder), autoescape=True, bytecode_cache=CompiledTemplates(made_for))
        self.compiled: list[str | None] = []

    def _compile(self, source: str, filename: str) -> object:
        self.compiled.append(filename)
        return super()._compile(source, filename)

    def page(self) -> str:
        """What the template says."""
        return self.get_template("page.html").render(name="<b>")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "page.html").write_text("Hello {{ name }}", encoding="utf-8")
    return tmp_path


def kept(folder: Path) -> list[Path]:
    return list((folder / "__pycache__").glob("*"))


def test_the_next_process_need_not_compile(folder: Path) -> None:
    first, second = Compiler(folder), Compiler(folder)
    assert [first.page(), second.page()] == ["Hello &lt;b&gt;"] * 2
    assert (len(first.compiled), len(second.compiled)) == (1, 0)
    assert len(kept(folder)) == 1


def test_another_text_or_other_settings_are_compiled_anew(folder: Path) -> None:
    Compiler(folder).page()
    (folder / "page.html").write_text("Bye {{ name }}", encoding="utf-8")
    changed, other = Compiler(folder), Compiler(folder, "other settings")
    assert [changed.page(), other.page()] == ["Bye &lt;b&gt;"] * 2
    assert (len(changed.compiled), len(other.compiled)) == (1, 1)


@pytest.mark.parametrize("left", [0, 20, -1])
def test_what_was_not_written_to_its_end_is_compiled_anew(folder: Path, left: int) -> None:
    Compiler(folder).page()
    (place,) = kept(folder)
    place.write_bytes(place.read_bytes()[:left])
    again = Compiler(folder)
    assert again.page() == "Hello &lt;b&gt;"
    assert len(again.compiled) == 1
    assert len(kept(folder)) == 1


def test_where_python_writes_nothing_nothing_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert Compiler(folder).page() == "Hello &lt;b&gt;"
    assert not kept(folder)


def test_a_folder_that_cannot_be_written_does_no_harm(folder: Path) -> None:
    (folder / "__pycache__").write_text("in the way", encoding="utf-8")
    assert Compiler(folder).page() == "Hello &lt;b&gt;"
