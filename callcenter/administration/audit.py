"""The audit log: who did what to what, when, from where. Written in the transaction of the deed, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import singledispatch
from typing import Any

from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from storage.models import AuditEntry

SECRETS = frozenset({"password", "password_hash", "old_password", "new_password", "token", "token_hash", "csrf_token"})
"""Names of values that never reach the log, however deep they stand."""

_ADDRESS_LENGTH = 60
_SUBJECT_LENGTH = 60


def record_audit(
    session: Session,
    principal: Principal,
    action: str,
    subject_type: str,
    subject_id: object,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> None:
    """Add an entry to this transaction. ``before`` and ``after`` are plain JSON data; only what differs is kept.

    ``at`` (aware, UTC) is the time of the deed; leaving it out is a programming error and raises TypeError.
    """
    if at is None:
        raise TypeError("record_audit needs the time of the deed: at=…")
    old, new = changed(before, after)
    session.add(
        AuditEntry(
            at=at,
            user_id=principal.user_id,
            username=principal.username,
            address=principal.address[:_ADDRESS_LENGTH],
            action=action,
            subject_type=subject_type,
            subject_id=str(subject_id)[:_SUBJECT_LENGTH],
            before=old,
            after=new,
        )
    )


def changed(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Both without what is the same in both and without secrets; a missing side stays None.

    A secret that changed is named, so that the log says that it was changed, but its value is ``"***"``.
    """
    if before is None or after is None:
        return _without_secrets(before), _without_secrets(after)
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return (
        _without_secrets({name: before[name] for name in names if name in before}),
        _without_secrets({name: after[name] for name in names if name in after}),
    )


@singledispatch
def _without_secrets(value: Any) -> Any:
    return value


@_without_secrets.register(Mapping)
def _(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: "***" if name in SECRETS else _without_secrets(inner) for name, inner in value.items()}


@_without_secrets.register(list)
@_without_secrets.register(tuple)
def _(value: Any) -> list[Any]:
    return [_without_secrets(inner) for inner in value]
