"""Every route there is, gathered from the modules that declare them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from web.routing import Route

MODULES = (
    "web.api.session",
    "web.api.calls",
    "web.api.call_tasks",
    "web.api.call_control",
    "web.api.recordings",
    "web.api.talking",
    "web.api.complaints",
    "web.api.lines",
    "web.api.agents",
    "web.api.patients",
    "web.api.resources",
    "web.api.audit",
    "web.api.alarms",
    "web.api.gateways",
    "web.api.messages",
    "web.api.reports",
    "web.api.views",
    "web.api.conversations",
    "web.api.sending",
    "web.api.batches",
    "web.api.desk_rules",
    "web.api.description",
    "web.pages.accounts",
    "web.pages.resources",
    "web.pages.audit",
    "web.pages.console",
    "web.pages.inbox",
    "web.pages.messages",
    "web.pages.message_totals",
    "web.pages.batches",
    "web.pages.desk_rules",
    "web.pages.sending_rules",
    "web.pages.wallboard",
    "web.pages.alarms",
    "web.pages.reports",
    "web.pages.days",
    "web.pages.calls",
    "web.pages.call_tasks",
    "web.pages.complaints",
    "web.pages.lines",
    "web.pages.gateways",
    "web.pages.gateway_form",
    "web.pages.patients",
    "web.pages.settings",
)
"""Each has ``routes``; where two could match the same path, werkzeug prefers the more exact one."""


def all_routes() -> Iterator[Route]:
    """The routes of every module."""
    return chain.from_iterable(import_module(name).routes for name in MODULES)
