"""Placeholders in texts that people write: names of a closed table between braces, as in ``{patient.name}``.

Nothing in a text is ever evaluated: what stands between braces is looked up as a whole, and what is put in is not
looked at again. So neither a text nor a name can ask for anything. Each kind of text has its own table of names.

Chinese input methods write ``｛patient.name｝``. What Unicode calls a compatible form of a brace is the brace, and the
name between them is read in its plain form: else such a text would go out, or be read out, as it stands.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from callcenter.errors import InvalidError
from callcenter.text import N_, Text

_OPENING, _CLOSING = "{｛﹛︷", "}｝﹜︸"
_SIGNS = _OPENING + _CLOSING
_BRACES = re.compile(f"[{_OPENING}]([^{_SIGNS}]*)[{_CLOSING}]")
_SIGN = re.compile(f"[{_SIGNS}]")
_SHOWN = 40
_BEFORE, _AFTER = 8, 12
"""So many characters around a brace say where it stands."""


@dataclass(frozen=True)
class Fault:
    """What is no placeholder: a ``name`` between braces, or a brace alone, with the words ``around`` it.

    ``line`` counts from 1, 0 where the text has one line only. ``known`` are the names that there are.
    """

    name: str
    line: int
    around: str
    known: tuple[str, ...]

    @property
    def unpaired(self) -> bool:
        """Whether it is a brace without a partner."""
        return self.name != "" and self.name in _SIGNS

    @property
    def words(self) -> Text:
        """What is wrong, and where."""
        return Text(N_("Line {line}: {why}"), line=self.line, why=self._why) if self.line else self._why

    @property
    def _why(self) -> Text:
        if self.unpaired:
            return Text(
                N_("The braces do not match: {sign} has no partner in “{around}”."), sign=self.name, around=self.around
            )
        allowed = ", ".join(f"{{{name}}}" for name in self.known)
        return Text(
            N_("{name} is no placeholder. There are: {allowed}."), name=f"{{{self.name[:_SHOWN]}}}", allowed=allowed
        )


def pieces(text: str) -> Iterator[tuple[str, str | None]]:
    """``text`` in order, nothing left out: each piece as it is written, with the plain name if it stands in braces."""
    position = 0
    for found in _BRACES.finditer(text):
        yield text[position : found.start()], None
        yield found[0], _plain(found[1])
        position = found.end()
    yield text[position:], None


def used_in(text: str) -> tuple[str, ...]:
    """What stands between braces in ``text``, each once, in order."""
    return tuple(dict.fromkeys(name for _, name in pieces(text) if name is not None))


def unknown_in(text: str, known: Collection[str]) -> tuple[str, ...]:
    """What is no placeholder, each once, in order: other names, and a brace that has no partner."""
    return tuple(dict.fromkeys(name for name, _ in _unknown(text, known)))


def put_in(text: str, values: Mapping[str, str]) -> str:
    """``text`` with ``values`` in the place of their names, be they empty; everything else stays as it is."""
    return "".join(written if name is None else values.get(name, written) for written, name in pieces(text))


def fault_in(text: str, known: Collection[str]) -> Fault | None:
    """The first that is no placeholder in ``text``, None where there is none."""
    for name, at in _unknown(text, known):
        line = text.count("\n", 0, at) + 1 if "\n" in text else 0
        return Fault(name, line, _around(text, at), tuple(known))
    return None


def require_known(texts: Mapping[str, str], known: Collection[str]) -> None:
    """Raise InvalidError about what is no placeholder in ``texts``, by field: the first, and its line among several."""
    wrong = {field: fault.words for field, text in texts.items() if (fault := fault_in(text, known))}
    if wrong:
        raise InvalidError(N_("The text has a placeholder that there is not."), wrong)


def _around(text: str, at: int) -> str:
    """The words around a place of ``text``, of its line only."""
    begins, ends = text.rfind("\n", 0, at) + 1, text.find("\n", at)
    ends = len(text) if ends < 0 else ends
    first, last = max(begins, at - _BEFORE), min(ends, at + 1 + _AFTER)
    return ("…" if first > begins else "") + text[first:last] + ("…" if last < ends else "")


def _unknown(text: str, known: Collection[str]) -> Iterator[tuple[str, int]]:
    """Every one, with where it begins."""
    position = 0
    for written, name in pieces(text):
        if name is None:
            yield from ((sign[0], position + sign.start()) for sign in _SIGN.finditer(written))
        elif name not in known:
            yield name, position
        position += len(written)


def _plain(name: str) -> str:
    """A name as a table has it, however it was typed: full width, or with the full stop of Chinese for its point."""
    return unicodedata.normalize("NFKC", name).replace("。", ".").strip()
