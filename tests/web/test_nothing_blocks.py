"""No page, answer, export or socket opens a file, looks up a name or runs a statement on the reactor's thread."""

from __future__ import annotations

import pytest_twisted

from protocols.signals import CallerIdentified, Rang
from tests.peers.site import RunningSite
from tests.peers.socket_client import open_page
from tests.web.test_permissions import ROUTES
from twistd_plugin.reactor_guard import ReactorGuard


@pytest_twisted.ensureDeferred
async def test_answering_never_waits_for_a_file_or_the_database(site: RunningSite) -> None:
    blocked: list[str] = []
    guard = ReactorGuard(lambda what, stack: blocked.append(f"{what}: {stack}"))
    guard.watch()
    try:
        browser = await site.signed_in("admin")
        page = await open_page(site, browser, "calls", "lines", "agents")
        await site.hear(Rang(), CallerIdentified("13800138000"))
        for locale in ("zh_CN", "en"):
            for route in ROUTES:
                if not route.writes:
                    address = route.path.replace("<int:", "<").replace("<string:", "<")
                    for name in route.variables:
                        address = address.replace(f"<{name}>", "busy" if "outcomes" in address else "1")
                    answer = await browser.get(f"{address}?lang={locale}")
                    assert answer.status != 500, address
        for path in ("/static/css/app.css", "/catalogues/en.js", "/healthz", "/readyz", "/metrics"):
            assert (await browser.get(path)).status == 200
        await browser.post("/api/v1/departments", {"name": "x"})
        await page.leave()
    finally:
        guard.stop()
    assert not blocked, "\n".join(blocked)
