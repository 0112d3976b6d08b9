"""The mark by which an open page knows whether it still fits the person before it."""

from __future__ import annotations

from hashlib import sha256

from callcenter.administration.principal import Principal


def rights_mark(principal: Principal) -> str:
    """Short text that differs as soon as pages made for ``principal`` would: who it is, where, and what they may do."""
    grants = sorted((permission, scope.value) for permission, scope in principal.grants.items())
    shown = (principal.user_id, principal.username, principal.display_name, principal.department_id, grants)
    return sha256(repr(shown).encode()).hexdigest()[:16]
