"""Marks text for translation where it is written, far from where it is shown."""

from __future__ import annotations


def N_(msgid: str) -> str:  # noqa: N802 - the name that gettext's tools look for
    """``msgid`` unchanged; the catalogues are made from such calls, and the web layer translates when it shows it."""
    return msgid
