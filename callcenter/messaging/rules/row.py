"""The one row in which the hospital's rules for SMS stand: those of sending, and those of the desk beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.administration.problems import problem_words
from callcenter.administration.writing import CHANGED_MEANWHILE, NOT_ACCEPTED
from callcenter.errors import ConflictError, InvalidError
from storage.models import MessagingRules

ROW = 1

M = TypeVar("M", bound=BaseModel)
Values = Mapping[str, Any]
"""Rules by name, as JSON data."""


@dataclass(frozen=True)
class KeptRules(Generic[M]):
    """Some of the rules: those of ``model``, each of which has a default. They stand under ``key``; where that is
    empty, beside the keys of the others.
    """

    model: type[M]
    key: str = ""

    def read(self, row: Values) -> M:
        """The rules in what the row holds. One that is not understood any more, because another version of this
        program wrote it, has its default.
        """
        kept = (row.get(self.key) or {}) if self.key else row
        known = {name: value for name, value in kept.items() if name in self.model.model_fields}
        try:
            return self.model.model_validate(known)
        except ValidationError as error:
            strange = {problem["loc"][0] for problem in error.errors()}
            return self.model.model_validate({name: value for name, value in known.items() if name not in strange})

    def load(self, session: Session) -> M:
        """The rules that hold now."""
        return self.read(_kept(session)[0])

    def show(self, session: Session) -> dict[str, Any]:
        """The rules as JSON data, with ``version``."""
        kept, version = _kept(session)
        return {**self.read(kept).model_dump(mode="json"), "version": version}

    def change(
        self, session: Session, principal: Principal, values: Values, version: int, at: datetime
    ) -> dict[str, Any]:
        """Put ``values`` in the place of the rules that they name, with an audit entry; gives what ``show`` does then.

        Raises InvalidError naming each value that is wrong, and ConflictError, with the present rules as ``current``,
        when they have another version by now.
        """
        row = locked_rules(session)
        before = self.read(row.rules or {}).model_dump(mode="json")
        if row.version != version:
            raise ConflictError(CHANGED_MEANWHILE, current={**before, "version": row.version})
        try:
            after = self.model.model_validate({**before, **values}).model_dump(mode="json")
        except ValidationError as error:
            raise InvalidError(NOT_ACCEPTED, problem_words(error, self.model)) from None
        row.rules = {**(row.rules or {}), **({self.key: after} if self.key else after)}
        row.version += 1
        record_audit(session, principal, "edit", "messaging_rules", ROW, before, after, at)
        return {**after, "version": row.version}


def locked_rules(session: Session) -> MessagingRules:
    """The row, ours until the commit; made if it was not there."""
    held = select(MessagingRules).where(MessagingRules.id == ROW).with_for_update()
    if (row := session.scalar(held)) is not None:
        return row
    made = MessagingRules(id=ROW, rules={}, version=1)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        # Another transaction made it at the same moment.
        return session.scalars(held).one()
    return made


def _kept(session: Session) -> tuple[Values, int]:
    """What is kept, and its version; nothing and 1 before anything was."""
    row = session.get(MessagingRules, ROW)
    return ({}, 1) if row is None else (row.rules or {}, row.version)
