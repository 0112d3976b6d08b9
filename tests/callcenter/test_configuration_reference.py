"""docs/configuration.md names every setting with its default, and none that is not."""

from __future__ import annotations

import json
import re
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from callcenter import settings
from callcenter.alarms.settings import AlarmTextSettings, WebhookSettings
from hardware.settings import LineSettings

REFERENCE = Path(__file__).parents[2] / "docs" / "configuration.md"

SECTIONS: dict[str, type[BaseModel]] = {
    "[hospital]": settings.HospitalSettings,
    "[var]": settings.VarSettings,
    "[database]": settings.DatabaseSettings,
    "[web]": settings.WebSettings,
    "[web.sign_in]": settings.SignInSettings,
    "[web.tls]": settings.TlsSettings,
    "[telephony]": settings.TelephonySettings,
    "[telephony.targets]": settings.TargetSettings,
    "[call_tasks]": settings.CallTaskSettings,
    "[recordings]": settings.RecordingSettings,
    "[logging]": settings.LoggingSettings,
    "[[asterisk]]": settings.AsteriskSettings,
    "[[webhooks]]": WebhookSettings,
    "[[alarm_texts]]": AlarmTextSettings,
    "[[lines]]": LineSettings,
}


def described() -> dict[str, dict[str, str]]:
    sections: dict[str, dict[str, str]] = {}
    for block in re.split(r"^## ", REFERENCE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        rows = re.findall(r"^\| `(\w+)` \| (.*?) ?\| .+ \|$", block, flags=re.MULTILINE)
        sections[block.splitlines()[0]] = {key: default.strip("`") for key, default in rows}
    return sections


def default_of(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default is None or isinstance(field.default, BaseModel):
        return ""
    return json.dumps(field.default, default=plain)


def plain(value: Any) -> Any:
    if isinstance(value, Path | IPv4Address | IPv6Address):
        return str(value)
    raise TypeError(value)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_is_described_key_by_key_with_its_defaults(section: str) -> None:
    assert described()[section] == {key: default_of(field) for key, field in SECTIONS[section].model_fields.items()}


def test_every_section_of_the_file_is_described() -> None:
    lists = {"asterisk", "webhooks", "alarm_texts", "lines"}
    names = {f"[[{name}]]" if name in lists else f"[{name}]" for name in settings.Settings.model_fields}
    assert names <= set(SECTIONS)
    assert set(described()) - {"Secrets"} == set(SECTIONS)
