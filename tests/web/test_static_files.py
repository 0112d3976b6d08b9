"""Static files: complete, kept by browsers as long as they may, and the scripts' words."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
import pytest_twisted

from tests.peers.site import RunningSite
from web import assets
from web.catalogues import script_messages
from web.static_files import StaticFiles, read_folder, static_file


@pytest_twisted.ensureDeferred
async def test_a_versioned_address_may_be_kept_for_ever(site: RunningSite) -> None:
    browser = site.browser()
    url = StaticFiles(read_folder()).url("css/app.css")
    answer = await browser.get(url)
    assert answer.status == 200
    assert "immutable" in answer.header("Cache-Control")
    assert answer.header("Content-Type") == "text/css; charset=utf-8"
    plain = await browser.get("/static/css/app.css")
    assert plain.header("Cache-Control") == "no-cache"
    again = await browser.get("/static/css/app.css", headers={"If-None-Match": plain.header("ETag")})
    assert (again.status, again.body) == (304, b"")
    packed = await browser.get("/static/css/app.css", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.body) == plain.body
    assert (await browser.ask("POST", "/static/css/app.css", {})).status == 405


def test_another_content_is_another_version() -> None:
    one, other = ({"a.css": static_file("a.css", body)} for body in (b"a", b"b"))
    assert StaticFiles(one).url("a.css") != StaticFiles(other).url("a.css")
    with pytest.raises(KeyError):
        StaticFiles(one).url("none.css")


@pytest_twisted.ensureDeferred
async def test_scripts_get_their_words_in_both_languages(site: RunningSite) -> None:
    browser = site.browser()
    texts = set(script_messages())
    assert len(texts) > 20
    for locale in ("zh_CN", "en"):
        answer = await browser.get(f"/catalogues/{locale}.js")
        assert answer.header("Content-Type").startswith("text/javascript")
        lines = r"export default (.*);\nexport const sayings = .*;\nexport const documented = .*;\n"
        parts = re.fullmatch(lines, answer.text)
        assert parts is not None
        words = json.loads(parts[1])
        assert set(words) == texts
        # The names in braces are the same, or a value would not be shown.
        for text, word in words.items():
            assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", word)), text


@pytest_twisted.ensureDeferred
async def test_what_pages_load_is_there(site: RunningSite) -> None:
    browser = await site.signed_in("admin")
    for path in ("/users", "/console", "/wallboard", "/calls", "/patients/1", "/sign-in"):
        page = await browser.get(path)
        for found in set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)):
            assert (await browser.get(found)).status == 200, (path, found)


def test_the_libraries_are_copied_or_named(tmp_path: Path) -> None:
    modules = tmp_path / "node_modules"
    for source in assets.FILES:
        (modules / source).parent.mkdir(parents=True, exist_ok=True)
        (modules / source).write_text(source)
    assets.copy(modules, tmp_path / "lib")
    assert {
        path.relative_to(tmp_path / "lib").as_posix() for path in (tmp_path / "lib").rglob("*") if path.is_file()
    } == set(assets.FILES.values())
    (modules / "htmx.org/dist/htmx.min.js").unlink()
    with pytest.raises(FileNotFoundError, match=r"htmx\.min\.js"):
        assets.copy(modules, tmp_path / "lib")


def test_no_key_of_the_console_means_two_things() -> None:
    scripts = Path(assets.__file__).parent / "static/js/console"
    table = re.search(r"const KEYS = \{(.*?)^\};", (scripts / "keys.js").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert table is not None
    keys = re.findall(r'^  (?:"(.)"|(\w)):', table[1], re.MULTILINE)
    assert len(keys) > 20
    assert len(set(keys)) == len(keys)
