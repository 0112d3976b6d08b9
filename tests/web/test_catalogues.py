"""Both languages are complete: every text in the source has its translation, and none is only guessed."""

from __future__ import annotations

import pytest

from web.catalogues import extract, read_catalogue, untranslated
from web.i18n import LOCALES


@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_of_the_source_is_translated(locale: str) -> None:
    catalogue = read_catalogue(locale)
    absent = [message.id for message in extract() if message.id and catalogue.get(message.id, message.context) is None]
    assert not absent, f"run `make catalogues`: {absent}"
    assert not untranslated(catalogue)
