"""The pages' scripts as a whole. What is wrong in them or between two of them, the linter finds: web/.oxlintrc.json."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from web.catalogues import ROOT

IMPORT = re.compile(r'^import (?:\{([^}]*)\} from )?"([^"]+)";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)


@pytest.fixture(scope="module")
def scripts() -> dict[Path, str]:
    return {path.resolve(): path.read_text("utf-8") for path in (ROOT / "static/js").rglob("*.js")}


@pytest.fixture(scope="module")
def imported(scripts: dict[Path, str]) -> dict[Path, set[str]]:
    """By script: the names that others import of it."""
    found = defaultdict(set)
    for path, text in scripts.items():
        for names, source in IMPORT.findall(text):
            found[(path.parent / source).resolve()] |= {name.split(" as ")[0].strip() for name in names.split(",")}
    return found


def test_every_script_is_loaded_by_a_page_or_by_another_script(
    scripts: dict[Path, str], imported: dict[Path, set[str]]
) -> None:
    pages = "".join(path.read_text("utf-8") for path in (ROOT / "templates").rglob("*.html"))
    loaded = {(ROOT / "static" / name).resolve() for name in re.findall(r'static\("(js/[^"]+)"\)', pages)}
    assert loaded | set(imported) == set(scripts)


def test_what_a_script_exports_is_used_by_another(scripts: dict[Path, str], imported: dict[Path, set[str]]) -> None:
    for path, text in scripts.items():
        names = EXPORT.findall(text)
        assert len(names) == len(re.findall(r"^export\b", text, re.MULTILINE)), f"{path.name}: another form of export"
        assert set(names) <= imported.get(path, set()), path.name
