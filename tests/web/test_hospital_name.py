"""Whose call center it is stands where people look first."""

from __future__ import annotations

import re

import pytest
import pytest_twisted

from tests.peers.site import start_site
from web.settings import SiteSettings

NAME = "第一人民医院 <南院>"
SHOWN = "第一人民医院 &lt;南院&gt;"


@pytest_twisted.ensureDeferred
async def test_the_hospital_is_named_on_sign_in_head_and_title(sqlite_url: str) -> None:
    site = await start_site(sqlite_url, SiteSettings(hospital=NAME))
    try:
        gate = await site.browser().get("/sign-in?lang=en")
        assert f"<h1>{SHOWN}</h1>" in gate.text
        assert f"<title>Sign in · {SHOWN}</title>" in gate.text
        admin = await site.signed_in("admin")
        for path, title in (("/patients", "Patients"), ("/calls", "Calls"), ("/nothing", "Not found")):
            page = (await admin.get(f"{path}?lang=en")).text
            assert f"<title>{title} · {SHOWN}</title>" in page
            assert f">{SHOWN}</a>" in page
        wallboard = (await admin.get("/wallboard?lang=en")).text
        assert re.search(rf"<h1[^>]*>{SHOWN} · Wallboard</h1>", wallboard)
        assert NAME not in wallboard
    finally:
        await site.stop()


@pytest.mark.parametrize(("locale", "name"), [("zh_CN", "回访"), ("en", "Huifang")])
@pytest_twisted.ensureDeferred
async def test_without_a_name_it_is_called_by_the_products_once(sqlite_url: str, locale: str, name: str) -> None:
    site = await start_site(sqlite_url)
    try:
        text = (await site.browser().get(f"/sign-in?lang={locale}")).text
        assert f"<h1>{name}</h1>" in text
        assert text.count(name) == 2
    finally:
        await site.stop()
