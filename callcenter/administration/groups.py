"""Groups of agents and the skills that agents have, as declared records; and who belongs to what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from callcenter.administration.fields import Field, Kind
from callcenter.administration.principal import Principal
from callcenter.administration.references import SKILLS, USERS
from callcenter.administration.resources import Hooks, Resource
from callcenter.text import N_
from storage.models import AgentGroup, AgentSkill, GroupMember, PhoneLine, Skill

Column = InstrumentedAttribute[int]

Links = tuple[Column, Column]
MEMBERS_OF_GROUP: Links = (GroupMember.group_id, GroupMember.user_id)
GROUPS_OF_USER: Links = (GroupMember.user_id, GroupMember.group_id)
SKILLS_OF_USER: Links = (AgentSkill.user_id, AgentSkill.skill_id)
"""One side and the other of a table that ties two records."""


def linked(session: Session, links: Links, keys: Iterable[int]) -> dict[int, list[int]]:
    """Each of ``keys`` → what it is tied to, in order."""
    one, other = links
    found: dict[int, list[int]] = {key: [] for key in keys}
    for key, tied in session.execute(select(one, other).where(one.in_(sorted(found))).order_by(other)):
        found[key].append(tied)
    return found


def link(session: Session, links: Links, key: int, others: Iterable[int]) -> None:
    """Tie ``key`` to exactly ``others``."""
    one, other = links
    session.execute(delete(one.class_).where(one == key), execution_options={"synchronize_session": False})
    rows = [{one.key: key, other.key: tied} for tied in others]
    if rows:
        session.execute(insert(one.class_), rows)


class GroupHooks(Hooks):
    """Members in a table of their own; lines whose configuration names the group are its lines."""

    def load(self, session: Session, keys: Sequence[Any]) -> Mapping[Any, Mapping[str, Any]]:
        """The members of the groups."""
        return {key: {"member_ids": members} for key, members in linked(session, MEMBERS_OF_GROUP, keys).items()}

    def store(self, session: Session, principal: Principal, row: Any, values: Mapping[str, Any], now: datetime) -> None:
        """Write the members; a group that is made or renamed gets the lines that wait for one of its name."""
        if "member_ids" in values:
            link(session, MEMBERS_OF_GROUP, row.id, values["member_ids"])
        if "name" in values:
            waiting = update(PhoneLine).where(PhoneLine.group_name == row.name, PhoneLine.agent_group_id.is_(None))
            session.execute(waiting.values(agent_group_id=row.id), execution_options={"synchronize_session": False})


def skill_resource() -> Resource:
    """A name."""
    return Resource(
        name="skills",
        singular="skill",
        label=N_("Skills"),
        model=Skill,
        hooks=Hooks(),
        default_sort="name",
        fields=(
            Field("name", N_("Name"), required=True, unique=True, max_length=60, in_list=True, searchable=True,
                  sortable=True, help=N_("What only some agents can do: a dialect, a language, a specialty.")),
        ),
    )  # fmt: skip


def group_resource() -> Resource:
    """Who is in it, and how its calls are shared."""
    return Resource(
        name="groups",
        singular="group",
        label=N_("Agent groups"),
        model=AgentGroup,
        hooks=GroupHooks(),
        default_sort="name",
        fields=(
            Field("name", N_("Name"), required=True, unique=True, max_length=60, in_list=True, searchable=True,
                  sortable=True, help=N_("In line administration, assign lines to this group. Their calls ring here.")),
            Field("member_ids", N_("Members"), Kind.REFERENCES, reference=USERS, stored=False, in_list=True),
            Field("rule", N_("Ring strategy"), Kind.CHOICE, required=True, default="all", in_list=True, choices=(
                ("all", N_("all at once")),
                ("longest_idle", N_("longest idle agent first")),
                ("round_robin", N_("round robin")),
            )),
            Field("ring_seconds", N_("Ring time per agent, seconds"), Kind.NUMBER, minimum=5, maximum=300, default=20,
                  in_list=True, help=N_("5 to 300. An agent who lets a call ring that long is skipped for it.")),
            Field("prefer_last", N_("Prefer the last agent"), Kind.FLAG, in_list=True,
                  help=N_("Rings the agent who last spoke with the patient before the others.")),
            Field("skill_id", N_("Required skill"), Kind.REFERENCE, reference=SKILLS, in_list=True,
                  help=N_("Only members who have it are rung. The administrator sets skills on the user’s page.")),
            Field("wrap_up_seconds", N_("Wrap-up limit, seconds"), Kind.NUMBER, maximum=3600, default=0,
                  help=N_("The agent is then available again; an unfinished wrap-up stays on the list. "
                          "0 for no limit.")),
        ),
    )  # fmt: skip
