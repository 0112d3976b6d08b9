"""Texts with placeholders: ``{patient.name}`` and the few others of one closed table, and nothing else.

Nothing in a text is ever evaluated: what stands between braces is looked up as a whole, and what is put in is not
looked at again. So neither a template nor a name can ask for anything.

Chinese input methods write ``｛patient.name｝``. What Unicode calls a compatible form of a brace is the brace, and the
name between them is read in its plain form: else such a text would go out as it stands.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from callcenter.errors import InvalidError
from callcenter.text import N_, Text

PLACEHOLDERS: Mapping[str, str] = {
    "patient.name": N_("The patient's name"),
    "doctor.name": N_("The name of the patient's doctor"),
    "department": N_("The patient's department"),
    "sender.name": N_("Your name"),
    "hospital": N_("The hospital's name"),
    "date": N_("Today's date"),
}
"""Every placeholder there is, with what it stands for."""

NAMES: Mapping[str, str] = {
    "patient.name": N_("patient name"),
    "doctor.name": N_("doctor name"),
    "department": N_("department"),
    "sender.name": N_("sender name"),
    "hospital": N_("hospital name"),
    "date": N_("date"),
}
"""What they are called where a text is shown and not written."""

LONGEST_TEXT = 1000
"""Characters of a text as it is written, before anything is put in."""

_OPENING, _CLOSING = "{｛﹛︷", "}｝﹜︸"
_SIGNS = _OPENING + _CLOSING
_BRACES = re.compile(f"[{_OPENING}]([^{_SIGNS}]*)[{_CLOSING}]")
_SHOWN = 40


@dataclass(frozen=True)
class Gaps:
    """What keeps a text from being sent: names that are no placeholders, and placeholders that have no value."""

    unknown: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.unknown or self.empty)


def used_in(text: str) -> tuple[str, ...]:
    """What stands between braces in ``text``, each once, in order."""
    return tuple(dict.fromkeys(_plain(found) for found in _BRACES.findall(text)))


def unknown_in(text: str) -> tuple[str, ...]:
    """Of these, what is no placeholder. A brace without its partner counts as one too."""
    names = [name for name in used_in(text) if name not in PLACEHOLDERS]
    left = _BRACES.sub("", text)
    return (*names, *(sign for sign in _SIGNS if sign in left))


def fill(text: str, values: Mapping[str, str]) -> tuple[str, Gaps]:
    """``text`` with what ``values`` has for its placeholders, and what is missing; those stay as they are."""
    empty = tuple(name for name in used_in(text) if name in PLACEHOLDERS and not values.get(name))
    known = {name: values[name] for name in PLACEHOLDERS if values.get(name)}
    return put_in(text, known), Gaps(unknown_in(text), empty)


def put_in(text: str, values: Mapping[str, str]) -> str:
    """``text`` with ``values`` in the place of their names, be they empty; everything else stays as it is."""
    return _BRACES.sub(lambda match: values.get(_plain(match[1]), match[0]), text)


def legible(text: str, translate: Callable[[str], str]) -> str:
    """``text`` for whoever chooses among texts: placeholders by their names, in the brackets that Chinese forms use."""

    def name(match: re.Match[str]) -> str:
        found = NAMES.get(_plain(match[1]))
        return f"【{translate(found)}】" if found else match[0]

    return _BRACES.sub(name, text)


def require_known(text: str, field: str = "text") -> None:
    """Raise InvalidError naming what stands between braces in ``text`` and is no placeholder."""
    if unknown := unknown_in(text):
        raise InvalidError(N_("The text has a placeholder that there is not."), {field: unknown_words(unknown)})


def unknown_words(names: tuple[str, ...]) -> Text:
    """What is wrong with a text that has these between its braces."""
    allowed = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    name = names[0][:_SHOWN]
    shown = name if name and name in _SIGNS else "{" + name + "}"
    return Text(N_("{name} is no placeholder. There are: {allowed}."), name=shown, allowed=allowed)


def empty_words(names: tuple[str, ...]) -> Text:
    """What is wrong with a text whose placeholders have no value."""
    shown = ", ".join(f"{{{name}}}" for name in names)
    return Text(N_("Nothing is known for {names}. Fill it in by hand, or complete the patient's record."), names=shown)


def _plain(name: str) -> str:
    """A name as the table has it, however it was typed: full width, or with the full stop of Chinese for its point."""
    return unicodedata.normalize("NFKC", name).replace("。", ".").strip()
