"""Placeholders as people read them."""

from __future__ import annotations

from callcenter.messaging.texts.placeholders import NAMES, PLACEHOLDERS, legible, named_pieces


def test_every_placeholder_has_a_name() -> None:
    assert NAMES.keys() == PLACEHOLDERS.keys()


def test_placeholders_are_read_by_their_names_and_everything_else_as_it_is() -> None:
    text = "{patient.name}您好，{ date }{unknown}{ 复诊}"
    assert legible(text, str.upper) == "{PATIENT NAME}您好，{DATE}{unknown}{ 复诊}"
    names = [piece for piece, is_name in named_pieces(text, str.upper) if is_name]
    assert names == ["PATIENT NAME", "DATE"]
