"""What the audit log can be narrowed to, as it stands in an address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from callcenter.administration.audit_log import AuditFilter
from callcenter.text import N_
from web.api.models import Cursor, Id, Limit
from web.call_filters import midnight
from web.exchange import Exchange
from web.exports import Column
from web.parsing import Day, Input
from web.sheet_cells import local_time

Word = Annotated[str, Field(max_length=60)]


class AuditLimits(Input):
    """Who did what to what, on which days of the hospital, both inclusive; ``sort=at`` begins with the oldest."""

    user_id: Id | None = None
    action: Word = ""
    subject_type: Word = ""
    subject_id: Word = ""
    sort: Word = ""
    from_day: Day | None = None
    to_day: Day | None = None


class AuditQuery(AuditLimits):
    """A page of the log, newest first."""

    limit: Limit = 50
    cursor: Cursor | None = None


class AuditExport(AuditLimits):
    """The log as a file."""

    format: Literal["csv", "xlsx"] = "xlsx"


def audit_filter(limits: AuditLimits, zone: ZoneInfo) -> AuditFilter:
    """The filter for the service."""
    return AuditFilter(
        user_id=limits.user_id,
        action=limits.action,
        subject_type=limits.subject_type,
        subject_id=limits.subject_id,
        since=midnight(limits.from_day, zone),
        until=midnight(limits.to_day, zone, days_later=1),
    )


def audit_columns(exchange: Exchange) -> list[Column]:
    """The columns of the exported log, of entries that were made readable."""
    say, zone = exchange.translate, exchange.settings.time_zone
    return [
        Column(say(N_("Time")), lambda entry: local_time(entry["at"], zone), 20),
        Column(say(N_("User")), lambda entry: entry["username"]),
        Column(say(N_("Address")), lambda entry: entry["address"]),
        Column(say(N_("Action")), lambda entry: entry["action_word"]),
        Column(say(N_("Subject")), lambda entry: entry["subject_word"]),
        Column(say(N_("Number")), lambda entry: entry["subject_id"], 10),
        Column(say(N_("Name of the subject")), lambda entry: entry["subject_name"]),
        Column(say(N_("Before")), lambda entry: _lines(entry, "before"), 40),
        Column(say(N_("After")), lambda entry: _lines(entry, "after"), 40),
    ]


def _lines(entry: Mapping[str, Any], side: str) -> str:
    return "\n".join(f"{change['label']}: {change[side]}" for change in entry["changes"] if change[side])
