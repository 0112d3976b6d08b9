"""Translation catalogues: loading them, and ``python -m web.catalogues`` to bring the .po files up to date.

The messages in the source are English. The English catalogue is filled with them by itself; a new Chinese message
is left empty for a translator, and a test fails until it is there.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.support import NullTranslations, Translations

from web.i18n import LOCALES

ROOT = Path(__file__).parent
LOCALE_FOLDER = ROOT / "locale"
SCRIPT_FOLDER = ROOT / "static" / "js"

KEYWORDS: Mapping[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
SCRIPT_KEYWORDS: Mapping[str, tuple[int | tuple[int, str], ...] | None] = {"t": None}
_SCRIPT_MESSAGE = re.compile(r'\bt\(\s*("(?:[^"\\\n]|\\.)*")')

# The folders whose texts reach people through the pages and the API.
_PYTHON_FOLDERS = ("web", "callcenter", "protocols")


def catalogue_path(locale: str) -> Path:
    """Where the .po file of ``locale`` is."""
    return LOCALE_FOLDER / locale / "LC_MESSAGES" / "messages.po"


def read_catalogue(locale: str) -> Catalog:
    """The .po file of ``locale``; an empty catalogue where there is none yet."""
    path = catalogue_path(locale)
    if not path.exists():
        return Catalog(locale=locale, domain="messages", project="Huifang", charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=locale, domain="messages")


@cache
def load_translations(locale: str) -> NullTranslations:
    """The translations of ``locale``: the compiled catalogue, or the .po file where that is newer or alone."""
    source = catalogue_path(locale)
    compiled = source.with_suffix(".mo")
    if compiled.exists() and (not source.exists() or compiled.stat().st_mtime >= source.stat().st_mtime):
        with compiled.open("rb") as file:
            return Translations(file)
    buffer = BytesIO()
    write_mo(buffer, read_catalogue(locale))
    buffer.seek(0)
    return Translations(buffer)


@cache
def script_messages(folder: Path = SCRIPT_FOLDER) -> tuple[str, ...]:
    """Every message that the scripts ask for with ``t("…")``.

    Each start of the daemon looks for them: the lexer that catalogues are made with would take a third of a second.
    """
    texts = (path.read_text(encoding="utf-8") for path in folder.rglob("*.js"))
    return tuple(sorted({json.loads(message) for text in texts for message in _SCRIPT_MESSAGE.findall(text)}))


def script_occurrences(folder: Path = SCRIPT_FOLDER) -> Iterable[tuple[tuple[str, int], str]]:
    """File and line of each message of the scripts, by the grammar of the language."""
    for path in sorted(folder.rglob("*.js")):
        for line, message, _comments, _context in extract_from_file(
            "javascript", path, keywords=SCRIPT_KEYWORDS, options={"template_string": "false"}
        ):
            text = message[0] if isinstance(message, tuple) else message
            yield (path.relative_to(ROOT.parent).as_posix(), line), text


def extract() -> Catalog:
    """Every message in the Python modules, the templates and the scripts."""
    catalogue = Catalog(project="Huifang", charset="utf-8", fuzzy=False)
    for folder in _PYTHON_FOLDERS:
        for name, line, message, comments, context in extract_from_dir(
            ROOT.parent / folder,
            method_map=[
                ("node_modules/**", "ignore"),
                ("static/**", "ignore"),
                ("**.py", "python"),
                ("templates/**.html", "jinja2"),
            ],
            options_map={"templates/**.html": {"newstyle_gettext": "true", "silent": "false"}},
            keywords=KEYWORDS,
            comment_tags=("Translators:",),
            directory_filter=lambda path: "node_modules" not in str(path),
        ):
            catalogue.add(message, None, [(f"{folder}/{name}", line)], auto_comments=comments, context=context)
    for place, text in script_occurrences():
        catalogue.add(text, None, [place])
    return catalogue


def _same(message: Message) -> str | tuple[str, ...]:
    return tuple(message.id) if isinstance(message.id, (tuple, list)) else message.id


def update(locale: str, template: Catalog) -> Catalog:
    """Write the .po file of ``locale`` anew from ``template``, keeping what is translated; nothing is guessed."""
    catalogue = read_catalogue(locale)
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    if locale == "en":
        for message in catalogue:
            if message.id:
                message.string = _same(message)
    catalogue.revision_date = catalogue.creation_date = datetime(2026, 1, 1, tzinfo=UTC)
    path = catalogue_path(locale)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=118, sort_output=True, omit_header=False, include_lineno=False)
    return catalogue


def untranslated(catalogue: Catalog) -> list[str]:
    """The messages of ``catalogue`` without a translation, or with one that is only guessed."""
    missing = []
    for message in catalogue:
        strings = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        if message.id and (message.fuzzy or not all(strings)):
            missing.append(str(message.id))
    return missing


def main() -> int:
    """Update every catalogue; list what has no translation yet on standard error, exit status 1 if there is any."""
    template = extract()
    missing = {locale: untranslated(update(locale, template)) for locale in LOCALES}
    for locale, messages in missing.items():
        for message in messages:
            sys.stderr.write(f"{locale}: {message}\n")
    return 1 if any(missing.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
