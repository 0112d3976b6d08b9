"""Pages from Jinja2 templates: autoescaped, an undefined name is an error, one environment per language.

Templates are read and compiled once, when the site is built: nothing opens a file while the reactor runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from babel.support import NullTranslations
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from protocols.documented import said_in
from web.catalogues import ROOT, load_translations
from web.compiled import CompiledTemplates
from web.greeting import topics_for
from web.i18n import LOCALES, Formats
from web.placed import placed
from web.settings import PRODUCT, SiteSettings
from web.words import CODES, SCOPES

TEMPLATE_FOLDER = ROOT / "templates"
# Jinja settles some of an expression when it compiles it: what was compiled for other settings is of no use.
_compiled = CompiledTemplates(made_for=Path(__file__).read_text(encoding="utf-8"))


class Templates:
    """Every template in every language."""

    def __init__(self, settings: SiteSettings, static: Any, folder: Path = TEMPLATE_FOLDER) -> None:
        self._translations: dict[str, NullTranslations] = {name: load_translations(name) for name in LOCALES}
        self._environments = {name: self._environment(name, settings, static, folder) for name in LOCALES}

    def _environment(self, locale: str, settings: SiteSettings, static: Any, folder: Path) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            cache_size=-1,
            bytecode_cache=_compiled,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        environment.install_gettext_translations(self._translations[locale], newstyle=True)  # type: ignore[attr-defined]
        formats = Formats(locale, settings.time_zone)
        environment.globals |= {
            "static": static,
            "time_zone": settings.time_zone.key,
            "time_patterns": dict(formats.patterns),
            "hospital": self.translate(locale, PRODUCT) if settings.hospital == PRODUCT else settings.hospital,
            "topics_for": topics_for,
            "words": self._words(locale),
            "scopes": {scope: self.translate(locale, word) for scope, word in SCOPES.items()},
        }
        environment.filters |= {
            "exact": formats.exact,
            "short": formats.short,
            "to_second": formats.to_second,
            "relative": formats.relative,
            "day": formats.day,
            "duration": formats.duration,
            "yuan": formats.yuan,
            "number": formats.number,
            "percent": formats.percent,
            "clock": formats.clock,
            "placed": partial(placed, translate=partial(self.translate, locale)),
            "gateway_says": partial(said_in, partial(self.translate, locale)),
        }
        for name in environment.list_templates(extensions=["html"]):
            environment.get_template(name)
        return environment

    def _words(self, locale: str) -> dict[str, dict[str, dict[str, str]]]:
        return {
            thing: {
                name: {code: self.translate(locale, word) for code, word in words.items()}
                for name, words in codes.items()
            }
            for thing, codes in CODES.items()
        }

    def translate(self, locale: str, text: str) -> str:
        """``text`` in ``locale``; itself when it is in no catalogue. An empty text stays empty."""
        return self._translations[locale].gettext(text) if text else ""

    def render(self, locale: str, name: str, context: Mapping[str, Any]) -> str:
        """The page. Raises jinja2 errors for a template that is missing or names what it was not given."""
        return self._environments[locale].get_template(name).render(context)
