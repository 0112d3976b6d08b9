"""What can come of a call, as a declared record: its code is its key and stays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from callcenter.administration.fields import Field, Kind
from callcenter.administration.principal import Principal
from callcenter.administration.resources import Hooks, Resource
from callcenter.errors import InvalidError
from callcenter.text import N_
from storage.models import CallOutcome

_CODE = re.compile(r"[a-z][a-z0-9_]{0,29}")


class OutcomeHooks(Hooks):
    """The code is a word for programs."""

    def check(
        self, session: Session, principal: Principal, row: Any | None, before: Mapping[str, Any], values: dict[str, Any]
    ) -> None:
        """Raise InvalidError for a code that is no such word."""
        if "code" in values and not _CODE.fullmatch(values["code"]):
            message = N_("A code has lower-case letters, digits and underscores only, and begins with a letter.")
            raise InvalidError(message, {"code": message})


def outcome_resource() -> Resource:
    """Labels in both languages, the order in the wrap-up pane, and whether a time is asked for."""
    return Resource(
        name="outcomes",
        singular="outcome",
        label=N_("Call outcomes"),
        model=CallOutcome,
        hooks=OutcomeHooks(),
        key="code",
        title="label_zh",
        default_sort="position",
        fields=(
            Field("code", N_("Code"), required=True, unique=True, fixed=True, max_length=30, in_list=True,
                  searchable=True, sortable=True, help=N_("For programs; it cannot be changed later.")),
            Field("label_zh", N_("Chinese label"), required=True, max_length=60, in_list=True, searchable=True),
            Field("label_en", N_("English label"), required=True, max_length=60, in_list=True, searchable=True),
            Field("position", N_("Position"), Kind.NUMBER, maximum=9_999, in_list=True, sortable=True,
                  help=N_("The first nine have the keys 1 to 9 in the wrap-up pane.")),
            Field("needs_time", N_("Asks for a time"), Kind.FLAG, in_list=True,
                  help=N_("A time to call back is asked for with it.")),
        ),
    )  # fmt: skip
