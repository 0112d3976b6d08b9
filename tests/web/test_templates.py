"""What holds for every template."""

from __future__ import annotations

import re
from pathlib import Path

import web

_FORM = re.compile(r"<form\b[^>]*>")


def test_no_form_puts_what_is_typed_into_the_address_unless_it_says_so() -> None:
    """One that a script sends is a ``dialog``: pressed before its script has come, it does nothing."""
    methods = {}
    for path in sorted((Path(web.__path__[0]) / "templates").rglob("*.html")):
        for form in _FORM.findall(path.read_text(encoding="utf-8")):
            found = re.search(r'\bmethod="(get|post|dialog)"', form)
            methods[f"{path.name}: {form}"] = found and found[1]
    assert {"get", "post", "dialog"} <= set(methods.values())
    assert [form for form, method in methods.items() if method is None] == []
