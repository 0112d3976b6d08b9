"""Moments are written alike by the server and by the scripts of its pages, with 24 hours, in both languages."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
import pytest_twisted

from tests.peers.site import RunningSite
from web.catalogues import SCRIPT_FOLDER
from web.i18n import LOCALES, PATTERNS, Formats

SHANGHAI = ZoneInfo("Asia/Shanghai")
EVENING = datetime(2026, 11, 29, 10, 50, 33, tzinfo=UTC)


@pytest.mark.parametrize(
    ("locale", "exact", "day"),
    [("zh_CN", "2026年11月29日 18:50:33", "2026年11月29日"), ("en", "Nov 29, 2026, 18:50:33", "Nov 29, 2026")],
)
def test_a_moment_has_24_hours(locale: str, exact: str, day: str) -> None:
    formats = Formats(locale, SHANGHAI)
    assert formats.exact(EVENING) == formats.exact(EVENING.isoformat()) == exact
    assert formats.day(EVENING.date()) == formats.day("2026-11-29") == day
    assert formats.clock(EVENING) == "18:50"
    midnight = EVENING.replace(hour=16, minute=0, second=0)
    assert formats.clock(midnight) == "00:00"
    assert formats.exact(None) == formats.short("") == formats.clock(None) == formats.to_second(None) == ""


@pytest.mark.parametrize(("locale", "pattern"), [("zh_CN", "%-m月%-d日 %H:%M"), ("en", "%b %-d, %H:%M")])
def test_how_much_of_it_is_told_goes_by_how_long_ago_it_was(locale: str, pattern: str) -> None:
    formats, now = Formats(locale, SHANGHAI), datetime.now(UTC)
    for days in (2, 200, -2):
        when = (now - timedelta(days=days)).astimezone(SHANGHAI)
        assert formats.short(when) == when.strftime(pattern)
    assert formats.short(now - timedelta(days=301)) == formats.day((now - timedelta(days=301)).astimezone(SHANGHAI))


@pytest_twisted.ensureDeferred
async def test_pages_tell_their_scripts_how(site: RunningSite) -> None:
    admin = await site.signed_in("admin")
    for locale in LOCALES:
        page = (await admin.get(f"/calls?lang={locale}")).text
        found = re.search(r'data-times="(.*?)"', page)
        assert found is not None
        assert json.loads(unescape(found[1])) == PATTERNS[locale]


def test_scripts_write_moments_in_one_place() -> None:
    writers = {
        path.name
        for path in SCRIPT_FOLDER.rglob("*.js")
        if re.search(r"DateTimeFormat|toLocale(Date|Time)?String", path.read_text("utf-8"))
    }
    assert writers == {"format.js"}
