"""Static files, read into memory when the site is built: no path of a request ever reaches the file system."""

from __future__ import annotations

import gzip
import hashlib
import json
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.web.resource import Resource
from twisted.web.server import Request

from protocols.documented import WORDS
from protocols.sayings import Saying
from web.catalogues import ROOT, load_translations, script_messages
from web.i18n import LOCALES
from web.security import header, set_headers

STATIC_FOLDER = ROOT / "static"
_ONE_YEAR = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
_TEXT = ("text/", "image/svg")


@dataclass(frozen=True)
class StaticFile:
    """A file as it is served. ``compressed`` is empty where gzip gains nothing."""

    body: bytes
    compressed: bytes
    content_type: str
    etag: str


def static_file(name: str, body: bytes) -> StaticFile:
    """Prepare one file for serving."""
    kind = _TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    is_text = kind.startswith(_TEXT)
    packed = gzip.compress(body, 6, mtime=0) if is_text else b""
    etag = hashlib.sha256(body).hexdigest()[:20]
    content_type = f"{kind}; charset=utf-8" if is_text else kind
    return StaticFile(body, packed if len(packed) < len(body) else b"", content_type, etag)


def read_folder(folder: Path = STATIC_FOLDER) -> dict[str, StaticFile]:
    """Every file below ``folder`` by its path with ``/``; hidden files are left out."""
    return {
        path.relative_to(folder).as_posix(): static_file(path.name, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }


def message_files() -> dict[str, StaticFile]:
    """``<locale>.js`` for each language: a module whose default export maps the scripts' messages to their words.

    ``sayings`` maps the codes of what lines and devices say to its English and its words, ``documented`` what documents
    call a gateway's answers to its words. Where a gateway is told of, what is ours to say comes as its English.
    """
    files = {}
    texts = script_messages()
    for locale in LOCALES:
        translations = load_translations(locale)
        words = {text: translations.gettext(text) for text in texts}
        sayings = {saying.code: [saying.value, translations.gettext(saying.value)] for saying in Saying}
        documented = {words: translations.gettext(words) for words in WORDS}
        body = (
            f"export default {_script(words)};\n"
            f"export const sayings = {_script(sayings)};\n"
            f"export const documented = {_script(documented)};\n"
        )
        files[f"{locale}.js"] = static_file(f"{locale}.js", body.encode("utf-8"))
    return files


def _script(words: Mapping[str, object]) -> str:
    return json.dumps(words, ensure_ascii=False, sort_keys=True)


def only_read(request: Request) -> bytes:
    """The body of a 405 answer to a request that is not a GET or HEAD, empty for those two."""
    if request.method in (b"GET", b"HEAD"):
        return b""
    set_headers(request)
    request.setResponseCode(405)
    request.setHeader("Allow", "GET, HEAD")
    request.setHeader("Content-Type", "text/plain; charset=utf-8")
    return b"This can only be read.\n"


class StaticFiles(Resource):
    """Serves a set of files below one address.

    ``/static/v-<hash of everything>/js/shell.js`` may be kept for ever; without the hash a browser must ask whether
    its copy is still good. Scripts import each other by relative paths, so they stay within one version.
    """

    isLeaf = True

    def __init__(self, files: Mapping[str, StaticFile], address: str = "/static") -> None:
        super().__init__()
        self._files = files
        digest = hashlib.sha256("".join(f"{name}{files[name].etag}" for name in sorted(files)).encode())
        self.version = f"v-{digest.hexdigest()[:12]}"
        self._address = address

    def url(self, path: str) -> str:
        """The address of ``path`` that may be kept for ever. Raises KeyError for a file that does not exist."""
        self._files[path]
        return f"{self._address}/{self.version}/{path}"

    def render(self, request: Request) -> Any:
        """405 for whatever would change a file."""
        return only_read(request) or super().render(request)

    def render_GET(self, request: Request) -> bytes:
        """The file, or 304 when the browser has it, or 404."""
        set_headers(request)
        steps = [step.decode("utf-8", "replace") for step in request.postpath or []]
        versioned = steps[:1] == [self.version]
        found = self._files.get("/".join(steps[1:] if versioned else steps))
        if found is None:
            request.setResponseCode(404)
            request.setHeader("Content-Type", "text/plain; charset=utf-8")
            return b"There is no such file.\n"
        request.setHeader("Cache-Control", _ONE_YEAR if versioned else _ASK_AGAIN)
        request.setHeader("Content-Type", found.content_type)
        request.setHeader("Vary", "Accept-Encoding")
        if request.setETag(found.etag.encode("ascii")):
            return b""
        return self._body(request, found)

    def _body(self, request: Request, found: StaticFile) -> bytes:
        body = found.body
        if found.compressed and "gzip" in header(request, "Accept-Encoding"):
            request.setHeader("Content-Encoding", "gzip")
            body = found.compressed
        request.setHeader("Content-Length", str(len(body)))
        return body
