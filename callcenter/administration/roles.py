"""Roles, as a declared record: a name and what it permits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from callcenter.administration.authority import one_at_a_time, require_administrator_left, require_covers_role
from callcenter.administration.fields import Field, Kind
from callcenter.administration.permissions import PERMISSIONS, Scope
from callcenter.administration.principal import Principal
from callcenter.administration.resources import Hooks, Resource
from callcenter.administration.rights import RightsChange, RightsListener, grant, granted_by, holders_of
from callcenter.administration.sessions import widest
from callcenter.errors import ConflictError, InvalidError
from callcenter.text import N_, Text
from storage.models import Role

_SCOPES = frozenset(scope.value for scope in Scope)


class RoleHooks(Hooks):
    """Grants in a table of their own; nobody makes a role stronger, or touches one that is stronger, than himself."""

    def __init__(self, rights_changed: RightsListener) -> None:
        self._rights_changed = rights_changed

    def load(self, session: Session, keys: Sequence[Any]) -> Mapping[Any, Mapping[str, Any]]:
        """The grants of the roles."""
        return {role_id: {"grants": grants} for role_id, grants in granted_by(session, keys).items()}

    def check(
        self, session: Session, principal: Principal, row: Any | None, before: Mapping[str, Any], values: dict[str, Any]
    ) -> None:
        """Raise InvalidError for unknown permissions and NotAllowedError for rights that ``principal`` has not."""
        one_at_a_time(session)
        _check_known(values.get("grants", {}), before.get("grants", {}))
        require_covers_role(principal, widest(before.get("grants", {}).items()))
        require_covers_role(principal, widest(values.get("grants", {}).items()))

    def store(self, session: Session, principal: Principal, row: Any, values: Mapping[str, Any], now: datetime) -> None:
        """Write the grants."""
        if "grants" in values:
            grant(session, row.id, values["grants"].items())

    def check_disable(self, session: Session, principal: Principal, row: Any, before: Mapping[str, Any]) -> None:
        """Nobody takes away rights that are greater than his own."""
        one_at_a_time(session)
        require_covers_role(principal, widest(before["grants"].items()))
        if row.code == "administrator" and not row.disabled:
            raise ConflictError(N_("The administrators' role cannot be disabled."))

    def written(
        self,
        session: Session,
        row: Any,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        values: Mapping[str, Any],
    ) -> RightsChange | None:
        """Somebody must be left who can administer; everybody who has the role is concerned."""
        if not before or (before["grants"], before["disabled"]) == (after["grants"], after["disabled"]):
            return None
        require_administrator_left(session)
        return RightsChange(holders_of(session, row.id))

    async def committed(self, consequence: RightsChange) -> None:
        """Let it be felt."""
        await self._rights_changed(consequence.user_ids, consequence.forgiven)


def _check_known(grants: Mapping[str, str], before: Mapping[str, str]) -> None:
    """Permissions and scopes must exist; one that an older or newer version left there may stay."""
    for permission, scope in grants.items():
        if before.get(permission) == scope:
            continue
        if permission not in PERMISSIONS or scope not in _SCOPES:
            shown = f"{permission[:60]}: {scope[:20]}"
            message = Text(N_("There is no such permission or scope: {shown}."), shown=shown)
            raise InvalidError(message, {"grants": message})


def role_resource(rights_changed: RightsListener) -> Resource:
    """The declaration; ``rights_changed`` is told whose rights changed."""
    return Resource(
        name="roles",
        singular="role",
        label=N_("Roles"),
        model=Role,
        hooks=RoleHooks(rights_changed),
        default_sort="id",
        fields=(
            Field("name", N_("Name"), required=True, unique=True, in_list=True, searchable=True, sortable=True),
            Field("code", N_("Code"), max_length=30, readonly=True, in_list=True,
                  help=N_("Names the roles that came with the program.")),
            Field("grants", N_("Permissions"), Kind.GRANTS, stored=False, export=False),
        ),
    )  # fmt: skip
