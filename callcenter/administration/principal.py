"""Who is asking: the one object that every service receives first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from callcenter.administration.permissions import Scope
from callcenter.errors import NotAllowedError
from callcenter.text import N_


@dataclass(frozen=True)
class Principal:
    """A signed-in person (or the daemon itself, ``user_id`` None) with what the roles grant, merged widest first."""

    user_id: int | None
    username: str
    display_name: str
    department_id: int | None = None
    grants: Mapping[str, Scope] = field(default_factory=dict)
    address: str = ""

    def may(self, permission: str) -> bool:
        """Whether any role grants ``permission`` at any scope."""
        return permission in self.grants

    def require(self, permission: str) -> Scope:
        """The scope of ``permission``; raises ``NotAllowedError`` without it."""
        scope = self.grants.get(permission)
        if scope is None:
            raise NotAllowedError(N_("Your roles do not allow this."), permission=permission)
        return scope

    @property
    def sees_numbers(self) -> bool:
        """Whether phone and id numbers are shown in full."""
        return self.may("patients.unmask")


SYSTEM = Principal(user_id=None, username="system", display_name="system")
