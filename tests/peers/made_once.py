"""What the sites of all tests have in common, made by the first of them.

Each test has a site of its own. Werkzeug writes and compiles two functions for each of its hundreds of addresses, and
each static file is compressed: that was most of the time of the tests of pages, and of the memory.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from werkzeug.routing import Rule

from web import site

_compile: Callable[[Rule, bool], Any] = Rule._compile_builder
_builders: dict[tuple[str, bool], Any] = {}


def _compiled_once(rule: Rule, append_unknown: bool = True) -> Any:
    """A function of the address alone: it is given the rule when it is called."""
    if rule.defaults or rule.subdomain or rule.host:
        return _compile(rule, append_unknown)
    key = rule.rule, append_unknown
    if key not in _builders:
        _builders[key] = _compile(rule, append_unknown)
    return _builders[key]


def make_once() -> None:
    """From now on, for every site of this process."""
    Rule._compile_builder = _compiled_once  # type: ignore[method-assign]
    site.read_folder = cache(site.read_folder)  # type: ignore[attr-defined]
    site.message_files = cache(site.message_files)  # type: ignore[attr-defined]
