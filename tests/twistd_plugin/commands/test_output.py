"""Tables on a terminal."""

from __future__ import annotations

from twistd_plugin.commands.output import table


def test_columns_line_up_where_chinese_takes_two_places() -> None:
    rows = [{"name": "前台", "port": "a"}, {"name": "x", "port": "b"}]
    assert table(rows, ("name", "port")) == "name  port\n前台  a\nx     b"
