"""Compiled templates, kept as Python keeps its compiled modules: beside their source, in ``__pycache__``.

To compile all of them takes a second, which every start of the daemon would wait for.
"""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from types import CodeType

import jinja2
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

_DIGEST = hashlib.sha256


class CompiledTemplates(BytecodeCache):
    """Also in memory: the languages differ in their words, not in their templates.

    ``made_for`` is any text that changes when the same template would be compiled to something else. Where Python may
    not write its own, as told by ``PYTHONDONTWRITEBYTECODE`` or by the system, nothing is written.
    """

    def __init__(self, made_for: str = "") -> None:
        self._made_for = jinja2.__version__ + made_for
        self._compiled: dict[tuple[str, str], CodeType] = {}

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """The template's file."""
        return filename or name

    def get_source_checksum(self, source: str) -> str:
        """Of the template and of what else the code depends on."""
        return super().get_source_checksum(self._made_for + source)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was compiled from the same text."""
        bucket.code = self._compiled.get((bucket.key, bucket.checksum))
        if bucket.code is None:
            with suppress(OSError):
                _read(bucket)
            self._keep(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._keep(bucket)
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                _write(bucket)

    def _keep(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._compiled[bucket.key, bucket.checksum] = bucket.code


def _place(bucket: Bucket) -> Path:
    return Path(cache_from_source(bucket.key))


def _read(bucket: Bucket) -> None:
    """What was written halfway when the power went is not read: damaged code would end the process."""
    kept = _place(bucket).read_bytes()
    digest, content = kept[: _DIGEST().digest_size], kept[_DIGEST().digest_size :]
    if _DIGEST(content).digest() == digest:
        bucket.bytecode_from_string(content)


def _write(bucket: Bucket) -> None:
    """All at once: another process may be reading."""
    place = _place(bucket)
    place.parent.mkdir(exist_ok=True)
    content = bucket.bytecode_to_string()
    fresh = place.with_name(f"{place.name}.{os.getpid()}")
    fresh.write_bytes(_DIGEST(content).digest() + content)
    fresh.replace(place)
