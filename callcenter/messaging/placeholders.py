"""The placeholders of messages; how they are written and read is said in ``callcenter.placeholders``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from callcenter.placeholders import put_in, unknown_in, used_in
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


@dataclass(frozen=True)
class Gaps:
    """What keeps a text from being sent: names that are no placeholders, and placeholders that have no value."""

    unknown: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.unknown or self.empty)


def fill(text: str, values: Mapping[str, str]) -> tuple[str, Gaps]:
    """``text`` with what ``values`` has for its placeholders, and what is missing; those stay as they are."""
    empty = tuple(name for name in used_in(text) if name in PLACEHOLDERS and not values.get(name))
    known = {name: values[name] for name in PLACEHOLDERS if values.get(name)}
    return put_in(text, known), Gaps(unknown_in(text, PLACEHOLDERS), empty)


def legible(text: str, translate: Callable[[str], str]) -> str:
    """``text`` for whoever chooses among texts: placeholders by their names, in the brackets that Chinese forms use."""
    names = {name: f"【{translate(found)}】" for name, found in NAMES.items()}
    return put_in(text, names)


def empty_words(names: tuple[str, ...]) -> Text:
    """What is wrong with a text whose placeholders have no value."""
    shown = ", ".join(f"{{{name}}}" for name in names)
    return Text(N_("Nothing is known for {names}. Fill it in by hand, or complete the patient's record."), names=shown)
