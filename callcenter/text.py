"""Text for people, written in English where it arises and translated where it is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def N_(msgid: str) -> str:  # noqa: N802 - the name that gettext's tools look for
    """``msgid`` unchanged; the catalogues are made from such calls, and the web layer translates when it shows it."""
    return msgid


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
    """``text`` in the language of ``translate`` (gettext), its values filled in again where it is a ``Text``."""
    msgid = getattr(text, "msgid", None)
    if msgid is None:
        return translate(text)
    values: dict[str, Any] = getattr(text, "values", {})
    return translate(msgid).format(**values)
