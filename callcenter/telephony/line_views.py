"""How lines are set up, as JSON data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.telephony.desks import people_at_each
from callcenter.telephony.line_options import ARRANGED
from callcenter.telephony.line_roll import LineEntry
from callcenter.telephony.views import line_view, open_call_of
from storage.models import AgentGroup, Department, PhoneLine, UserAccount
from storage.models.base import NO

SetupView = dict[str, Any]

_PEOPLE = select(UserAccount.username, UserAccount.display_name)


def load_setups(
    session: Session,
    capabilities: Mapping[int, Sequence[str]],
    seats: Mapping[int, str],
    file: Mapping[int, LineEntry],
) -> list[SetupView]:
    """The lines in ``capabilities``, in its order. ``seats`` has the user names of the agents bound to them."""
    found = {line.id: line for line in session.scalars(select(PhoneLine).where(PhoneLine.id.in_(sorted(capabilities))))}
    people = {row.username: row.display_name for row in session.execute(_PEOPLE)}
    desks = _desks(session)
    people_here = people_at_each(session, {line.name: seats[key] for key, line in found.items()})
    return [
        {
            **line_view(line, open_call_of(session, key), names, people_here[line.name]),
            **_setup(line, file.get(key)),
            "bound_agent": seats[key],
            "bound_name": people.get(seats[key], ""),
            "desks": desks[line.name],
        }
        for key, names in capabilities.items()
        if (line := found.get(key)) is not None
    ]


def _setup(line: PhoneLine, entry: LineEntry | None) -> SetupView:
    settings = dict(line.settings or {})
    return {
        "source": "interface" if entry is None else "file",
        "port": settings.get("port", "") if entry is None else entry.port,
        "settings": settings,
        "file": None if entry is None else {name: getattr(entry, name) for name in ARRANGED},
        "version": line.version,
    }


def _desks(session: Session) -> Mapping[str, list[str]]:
    """Name of a line → who has it as their own line."""
    found: dict[str, list[str]] = defaultdict(list)
    users = select(UserAccount.bound_line, UserAccount.display_name).where(
        UserAccount.bound_line.is_not(None), UserAccount.disabled == NO
    )
    for line, name in session.execute(users.order_by(UserAccount.display_name)):
        found[line].append(name)
    return found


def group_names(session: Session) -> list[str]:
    """What a line can be given as its group: groups of agents, then departments, each by name."""
    names: dict[str, None] = {}
    for record in (AgentGroup, Department):
        names |= dict.fromkeys(session.scalars(select(record.name).where(record.disabled == NO).order_by(record.name)))
    return list(names)


def load_choices(session: Session) -> dict[str, Any]:
    """The groups and agents that a line can be given, by name."""
    agents = select(UserAccount.username, UserAccount.display_name).where(UserAccount.disabled == NO)
    return {
        "groups": group_names(session),
        "agents": [
            {"username": username, "name": name}
            for username, name in session.execute(agents.order_by(UserAccount.display_name, UserAccount.username))
        ],
    }
