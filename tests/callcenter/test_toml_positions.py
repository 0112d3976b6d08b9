"""Lines of keys in TOML text."""

from __future__ import annotations

from callcenter.toml_positions import key_lines, line_of

TEXT = '''# a comment = 1
top = 1

[web]   # the pages
port = 8080
"quoted key" = """
port = 1
[not.a.table]
"""
list = [
  "a = 1",
  "]",
]
tls = { certificate = "a", key = "b" }

[[lines]]
name = "1"
[[lines]]
name = "2"
[lines.extra]
a.b = 3
'''


def test_every_table_and_key_has_its_line() -> None:
    assert key_lines(TEXT) == {
        ("top",): 2,
        ("web",): 4,
        ("web", "port"): 5,
        ("web", "quoted key"): 6,
        ("web", "list"): 10,
        ("web", "tls"): 14,
        ("lines",): 16,
        ("lines", 0): 16,
        ("lines", 0, "name"): 17,
        ("lines", 1): 18,
        ("lines", 1, "name"): 19,
        ("lines", 1, "extra"): 20,
        ("lines", 1, "extra", "a", "b"): 21,
    }


def test_what_has_no_line_has_that_of_what_holds_it() -> None:
    lines = key_lines(TEXT)
    assert line_of(("web", "tls", "key"), lines) == 14
    assert line_of(("lines", 1, "driver"), lines) == 18
    assert line_of(("absent", "key"), lines) is None
