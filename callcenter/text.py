"""Text for people, written in English where it arises and translated where it is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from protocols.documented import said_in
from protocols.sayings import N_

__all__ = ["N_", "Text", "translated"]


class Text(str):
    """A sentence with values in it: the finished English, and what it takes to say it in another language.

    ``Text(N_("At most {limit} characters."), limit=80)`` is a plain ``str`` to everybody who does not care.
    """

    __slots__ = ("msgid", "values")

    msgid: str
    values: dict[str, Any]

    def __new__(cls, msgid: str, **values: Any) -> Text:
        """``values`` fill the ``{names}`` of ``msgid``, which is always a literal of ours."""
        made = super().__new__(cls, msgid.format(**values))
        made.msgid = msgid
        made.values = values
        return made


def translated(translate: Callable[[str], str], text: str) -> str:
    """``text`` in the language of ``translate`` (gettext), its values filled in again where it is a ``Text``.

    So is what a device has ``Said``, and what is said within it.
    """
    msgid = getattr(text, "msgid", None)
    if msgid is None:
        return translate(text)
    values: dict[str, Any] = getattr(text, "values", {})
    return translate(msgid).format(**{name: _value(translate, value) for name, value in values.items()})


def _value(translate: Callable[[str], str], value: Any) -> Any:
    """A name or a number stands as it is; what has words of its own, or a document's, is said in the same language."""
    if hasattr(value, "msgid"):
        return translated(translate, value)
    return said_in(translate, value) if type(value) is str else value
