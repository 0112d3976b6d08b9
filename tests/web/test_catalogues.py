"""Both languages are complete: every text in the source has its translation, and none is only guessed."""

from __future__ import annotations

import pytest
from babel.messages.catalog import Catalog

from web.catalogues import extract, read_catalogue, script_messages, script_occurrences, untranslated
from web.i18n import LOCALES


@pytest.fixture(scope="module")
def source() -> Catalog:
    return extract()


@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_of_the_source_is_translated(source: Catalog, locale: str) -> None:
    catalogue = read_catalogue(locale)
    absent = [message.id for message in source if message.id and catalogue.get(message.id, message.context) is None]
    assert not absent, f"run `make catalogues`: {absent}"
    assert not untranslated(catalogue)


def test_the_scripts_are_given_what_they_ask_for() -> None:
    assert script_messages() == tuple(sorted({text for _, text in script_occurrences()}))
