"""What axe-core and a ruler say of a page: findings that people can read. Everything here blocks.

axe-core is an npm package for tests alone (web/package.json); the pages never load it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

DESK, PHONE = (1366, 768), (390, 844)
"""Width and height of a screen in CSS pixels."""

_AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The other theme has the same elements with other colours.
_IN_THE_DARK = ["color-contrast", "link-in-text-block"]
_RUN = """async (only) => {
  // A colour that is on its way to another one has the contrast of neither.
  for (const one of document.getAnimations()) if (one instanceof CSSTransition) one.finish();
  const found = await axe.run(document, { resultTypes: ["violations"], elementRef: false, runOnly: only });
  return found.violations.flatMap((one) => one.nodes.map((node) => {
    const why = [...node.any, ...node.all, ...node.none].map((check) => check.message);
    return { rule: one.id, element: node.target.flat().join(" "), why: why.join("; ").slice(0, 200) };
  }));
}"""
_WIDER = """() => {
  const [room, needed] = [document.documentElement.clientWidth, document.documentElement.scrollWidth];
  if (needed <= room) return [];
  const name = (one) => `${one.tagName.toLowerCase()}${one.id && `#${one.id}`}.${[...one.classList].join(".")}`;
  const wide = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > room + 1);
  return [`${needed} px on ${room}: ${wide.slice(0, 3).map(name).join(", ")}`];
}"""
_THEME = "(theme) => document.documentElement.setAttribute('data-bs-theme', theme)"


class Audit:
    """Looks at pages and collects what is wrong with them; the same element is told of once."""

    def __init__(self) -> None:
        self._findings: dict[tuple[str, str], str] = {}

    def look(self, page: Page, name: str, phone: bool = True) -> None:
        """At the page as it is now, on a desk in both themes and, if ``phone``, at a telephone's width."""
        page.wait_for_load_state()
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(_axe())
        theme = page.locator("html").get_attribute("data-bs-theme")
        self._run(page, f"{name}, {DESK[0]}", {"type": "tag", "values": _TAGS})
        page.evaluate(_THEME, "dark" if theme == "light" else "light")
        self._run(page, f"{name}, other theme", {"type": "rule", "values": _IN_THE_DARK})
        page.evaluate(_THEME, theme)
        if not phone:
            return
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        self._run(page, f"{name}, {PHONE[0]}", {"type": "tag", "values": _TAGS})
        page.set_viewport_size({"width": DESK[0], "height": DESK[1]})

    def assert_clean(self) -> None:
        """Fail with the list of page, rule and element, unless it is empty."""
        if self._findings:
            pytest.fail("\n".join([f"{len(self._findings)} findings", *self._findings.values()]), pytrace=False)

    def _run(self, page: Page, name: str, only: dict[str, str | Sequence[str]]) -> None:
        found: list[dict[str, Any]] = page.evaluate(_RUN, only)
        for one in found:
            line = f"{name} → {one['rule']} → {one['element']}: {one['why']}"
            self._findings.setdefault((one["rule"], one["element"]), line)
        for wide in page.evaluate(_WIDER):
            self._findings.setdefault(("wide", name), f"{name} → scrolls sideways → {wide}")


@cache
def _axe() -> str:
    if not _AXE.exists():
        pytest.fail("axe-core is missing: make setup installs it")
    return _AXE.read_text()
