"""Texts with placeholders on a page: their names are tinted, so that none is taken for the text itself."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup, escape

from callcenter.messaging.texts.placeholders import named_pieces

_NAME = Markup('<span class="place-name">{}</span>')


def placed(text: str, translate: Callable[[str], str]) -> Markup:
    """``text`` as markup; whatever stands in it is escaped."""
    pieces = named_pieces(text, translate)
    return Markup("").join(_NAME.format(piece) if is_name else escape(piece) for piece, is_name in pieces)
