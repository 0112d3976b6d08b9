"""Users, as a declared record: who signs in, in which department, with which roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from callcenter.administration.authority import one_at_a_time, require_administrator_left, require_covers_person
from callcenter.administration.fields import Field, Kind
from callcenter.administration.groups import GROUPS_OF_USER, SKILLS_OF_USER, link, linked
from callcenter.administration.passwords import Passwords, require_good_password
from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.administration.reach import reach_clause
from callcenter.administration.references import DEPARTMENTS, GROUPS, ROLES, SKILLS
from callcenter.administration.resources import Hooks, Resource
from callcenter.administration.rights import RightsChange, RightsListener, give_roles, granted_by, roles_of
from callcenter.administration.sessions import end_sessions, hashes_of, widest
from callcenter.administration.sign_in import username_of
from callcenter.errors import ConflictError, InvalidError
from callcenter.text import N_
from storage.models import UserAccount

_LINKS = {"group_ids": GROUPS_OF_USER, "skill_ids": SKILLS_OF_USER}

_FELT = ("username", "display_name", "department_id", "role_ids", "disabled")
"""What a session has of its user: when one of these changes, it is looked at again."""


class UserHooks(Hooks):
    """Roles and passwords, and that nobody gets hold of more than he has himself."""

    def __init__(self, passwords: Passwords, rights_changed: RightsListener) -> None:
        self._passwords = passwords
        self._rights_changed = rights_changed

    def reach(self, principal: Principal, permission: str) -> ColumnElement[bool]:
        """Oneself; the department's users; everybody."""
        return reach_clause(principal, permission, UserAccount.id, UserAccount.department_id)

    async def prepare(self, principal: Principal, values: dict[str, Any]) -> dict[str, Any]:
        """Hash the password, on a thread."""
        if "username" in values:
            values["username"] = _checked_username(values["username"])
        if not values.get("password"):
            return values
        require_good_password(values["password"], values.get("username", ""))
        return values | {"password": await self._passwords.hash(values["password"])}

    def complete(self, principal: Principal, values: dict[str, Any]) -> None:
        """Who is responsible for one department makes users there."""
        if principal.grants.get("users.create") is not Scope.ALL:
            values.setdefault("department_id", principal.department_id)

    def load(self, session: Session, keys: Sequence[Any]) -> Mapping[Any, Mapping[str, Any]]:
        """The roles, groups and skills of the users."""
        roles = roles_of(session, keys)
        groups, skills = (linked(session, links, keys) for links in (GROUPS_OF_USER, SKILLS_OF_USER))
        return {key: {"role_ids": roles[key], "group_ids": groups[key], "skill_ids": skills[key]} for key in roles}

    def check(
        self, session: Session, principal: Principal, row: Any | None, before: Mapping[str, Any], values: dict[str, Any]
    ) -> None:
        """Raise NotAllowedError where the person can do, or would be able to do, more than ``principal``."""
        one_at_a_time(session)
        if row is not None:
            _require_not_own_password(principal, row, values)
            _require_covered(session, principal, before["role_ids"], before["department_id"])
        if values.get("group_ids") or (row is not None and "group_ids" in values):
            # Who is in a group is rung for its calls.
            principal.require("groups.edit")
        roles = values.get("role_ids", before.get("role_ids", []))
        _require_covered(session, principal, roles, values.get("department_id", before.get("department_id")))

    def columns(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """A password that was given has to be changed at the next sign-in, and forgives failed ones."""
        if not values.get("password"):
            return {}
        return {
            "password_hash": values["password"],
            "must_change_password": True,
            "failed_sign_ins": 0,
            "locked_until": None,
        }

    def store(self, session: Session, principal: Principal, row: Any, values: Mapping[str, Any], now: datetime) -> None:
        """Write roles, groups and skills; whoever is given a password is signed out."""
        if "role_ids" in values:
            give_roles(session, row.id, values["role_ids"])
        for name, links in _LINKS.items():
            if name in values:
                link(session, links, row.id, values[name])
        if values.get("password"):
            end_sessions(session, hashes_of(session, [row.id]), now)

    def check_disable(self, session: Session, principal: Principal, row: Any, before: Mapping[str, Any]) -> None:
        """Nobody disables himself or somebody who may do more."""
        one_at_a_time(session)
        if row.id == principal.user_id:
            raise ConflictError(N_("You cannot disable your own account."))
        _require_covered(session, principal, before["role_ids"], before["department_id"])

    def written(
        self,
        session: Session,
        row: Any,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        values: Mapping[str, Any],
    ) -> RightsChange | None:
        """Somebody must be left who can administer; the person's sessions are looked at again."""
        if not before:
            return None
        if before["role_ids"] != after["role_ids"] or before["disabled"] != after["disabled"]:
            require_administrator_left(session)
        given = bool(values.get("password"))
        if not given and all(before[name] == after[name] for name in _FELT):
            return None
        return RightsChange((row.id,), (row.username,) if given else ())

    async def committed(self, consequence: RightsChange) -> None:
        """Let it be felt."""
        await self._rights_changed(consequence.user_ids, consequence.forgiven)


def _require_not_own_password(principal: Principal, row: Any, values: Mapping[str, Any]) -> None:
    """Whoever finds an administrator's open session must not get the account with it."""
    if row.id == principal.user_id and values.get("password"):
        message = N_("Change your own password on the page of your account.")
        raise InvalidError(message, {"password": message})


def _checked_username(text: str) -> str:
    name = username_of(text)
    if not name or " " in name:
        message = N_("A user name has letters, digits and signs without blanks.")
        raise InvalidError(message, {"username": message})
    return name


def _require_covered(
    session: Session, principal: Principal, role_ids: Sequence[int], department_id: int | None
) -> None:
    """All roles count, disabled ones too: they may be enabled again."""
    granted = granted_by(session, role_ids)
    pairs = [pair for grants in granted.values() for pair in grants.items()]
    require_covers_person(principal, widest(pairs), department_id)


def user_resource(passwords: Passwords, rights_changed: RightsListener) -> Resource:
    """The declaration; ``rights_changed`` is told whose rights changed."""
    return Resource(
        name="users",
        singular="user",
        label=N_("Users"),
        model=UserAccount,
        hooks=UserHooks(passwords, rights_changed),
        title="display_name",
        default_sort="username",
        fields=(
            Field("username", N_("User name"), required=True, unique=True, max_length=60, in_list=True,
                  searchable=True, sortable=True),
            Field("display_name", N_("Full name"), required=True, in_list=True, searchable=True, sortable=True),
            Field("password", N_("Password"), Kind.PASSWORD, stored=False, export=False, needed_new=True,
                  help=N_("The user changes it at the next sign-in. Leave empty to keep the current one."),
                  help_new=N_("Hand it over to the user, who changes it at the first sign-in.")),
            Field("department_id", N_("Department"), Kind.REFERENCE, reference=DEPARTMENTS, in_list=True,
                  filterable=True),
            Field("role_ids", N_("Roles"), Kind.REFERENCES, reference=ROLES, stored=False, in_list=True),
            Field("group_ids", N_("Agent groups"), Kind.REFERENCES, reference=GROUPS, stored=False, in_list=True,
                  help=N_("Groups whose calls ring for this person.")),
            Field("skill_ids", N_("Skills"), Kind.REFERENCES, reference=SKILLS, stored=False),
            Field("bound_line", N_("Own line"), max_length=60, in_list=True,
                  help=N_("Calls on this line ring this person first.")),
            Field("language", N_("Language"), Kind.CHOICE,
                  choices=(("zh_CN", N_("Chinese")), ("en", N_("English")))),
            Field("must_change_password", N_("Must change the password"), Kind.FLAG, readonly=True),
            Field("locked_until", N_("Locked until"), Kind.MOMENT, readonly=True),
            Field("created_at", N_("Created at"), Kind.MOMENT, readonly=True),
        ),
    )  # fmt: skip
