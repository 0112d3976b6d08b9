"""The configuration files that ``init`` and ``demo`` write."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

_HEAD = """\
# Configuration of Huifang. Every setting is described in docs/configuration.md;
# check a change with: callcenter check-config --config {file}

[hospital]
name = {name}
time_zone = "Asia/Shanghai"
language = "zh_CN"
# Area code of the phone lines with its 0, for local numbers: "010", "0571"
area_code = {area_code}

[var]
# Database, traces and logs are here; relative to this file.
folder = {folder}

[web]
interface = "127.0.0.1"
port = {port}
# Behind a proxy: the address that browsers use, and the proxy's own.
# public_url = "https://calls.example.org"
# trusted_proxies = ["127.0.0.1"]
"""

_DATABASE = """
# SQLite in the data folder unless a server is named:
# [database]
# url = { env = "HUIFANG_DATABASE" }     # postgresql://user:password@host/name
"""

_EXAMPLE_LINE = """
# One [[lines]] for each phone line; `callcenter devices` shows what is plugged in.
# [[lines]]
# name = "1"
# driver = "hayes"
# port = "/dev/serial/by-id/usb-U.S.Robotics_USB_Modem-if00"
# profile = "auto"
"""

_LINE = """
[[lines]]
name = {name}
driver = {driver}
port = {port}
"""


def quoted(text: str) -> str:
    """``text`` as a TOML string: JSON's escapes are a subset of TOML's."""
    return json.dumps(text, ensure_ascii=False)


def configuration_text(
    *,
    file: str,
    name: str,
    folder: str,
    port: int,
    area_code: str = "",
    lines: Sequence[tuple[str, str, str]] = (),
    more: Mapping[str, str] | None = None,
) -> str:
    """A commented configuration. ``lines`` are name, driver and port; ``more`` has further settings of lines by driver,
    as text.
    """
    head = _HEAD.format(file=file, name=quoted(name), folder=quoted(folder), port=port, area_code=quoted(area_code))
    sections = [
        _LINE.format(name=quoted(line), driver=quoted(driver), port=quoted(device)) + (more or {}).get(driver, "")
        for line, driver, device in lines
    ]
    return head + _DATABASE + ("".join(sections) or _EXAMPLE_LINE)
