"""The placeholders of messages; how they are written and read is said in ``callcenter.placeholders``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from callcenter.placeholders import Fault, fault_in, pieces, put_in, unknown_in, used_in
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
    """What keeps a text from being sent: names that are no placeholders, and placeholders that have no value. ``fault``
    is the first of what is no placeholder, with its place.
    """

    unknown: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    fault: Fault | None = None

    def __bool__(self) -> bool:
        return bool(self.unknown or self.empty)


def fill(text: str, values: Mapping[str, str]) -> tuple[str, Gaps]:
    """``text`` with what ``values`` has for its placeholders, and what is missing; those stay as they are."""
    empty = tuple(name for name in used_in(text) if name in PLACEHOLDERS and not values.get(name))
    known = {name: values[name] for name in PLACEHOLDERS if values.get(name)}
    return put_in(text, known), Gaps(unknown_in(text, PLACEHOLDERS), empty, fault_in(text, PLACEHOLDERS))


def named_pieces(text: str, translate: Callable[[str], str]) -> Iterator[tuple[str, bool]]:
    """``text`` for whoever chooses among texts: each piece, and whether it is the name of a placeholder."""
    for written, name in pieces(text):
        yield (written, False) if name is None or name not in NAMES else (translate(NAMES[name]), True)


def legible(text: str, translate: Callable[[str], str]) -> str:
    """The same where nothing can be tinted: the names stand in braces. Never in 【】, which are a signature's."""
    return "".join(f"{{{piece}}}" if is_name else piece for piece, is_name in named_pieces(text, translate))


def empty_words(names: tuple[str, ...]) -> Text:
    """What is wrong with a text whose placeholders have no value."""
    shown = ", ".join(f"{{{name}}}" for name in names)
    return Text(N_("Nothing is known for {names}. Fill it in by hand, or complete the patient's record."), names=shown)
