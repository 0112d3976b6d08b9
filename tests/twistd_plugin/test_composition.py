"""The configuration reaches the parts that it is for."""

from __future__ import annotations

from pathlib import Path

from callcenter.config import parse
from twistd_plugin.composition import site_settings
from web.settings import PRODUCT


def test_the_site_is_called_as_the_configuration_says() -> None:
    named = parse('[hospital]\nname = "第一人民医院"\n', Path("callcenter.toml"), {})
    assert site_settings(named.settings).hospital == "第一人民医院"
    assert site_settings(parse("", Path("callcenter.toml"), {}).settings).hospital == PRODUCT
