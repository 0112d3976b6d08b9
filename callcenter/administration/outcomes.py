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


TASK_EFFECTS = (
    ("done", N_("Mark as done")),
    ("retry", N_("Try again later")),
    ("at_time", N_("Call back at the agreed time")),
    ("give_up", N_("Give up")),
)
"""What an outcome can do to the call task that the call was an attempt of."""


class OutcomeHooks(Hooks):
    """The code is a word for programs; what comes again needs to know when."""

    def complete(self, principal: Principal, values: dict[str, Any]) -> None:
        """A task is done unless something else is said."""
        values["task_effect"] = values.get("task_effect") or "done"

    def check(
        self, session: Session, principal: Principal, row: Any | None, before: Mapping[str, Any], values: dict[str, Any]
    ) -> None:
        """Raise InvalidError for a code that is no such word, and for a task that would come again at no time."""
        if "code" in values and not _CODE.fullmatch(values["code"]):
            message = N_("A code has lower-case letters, digits and underscores only, and begins with a letter.")
            raise InvalidError(message, {"code": message})
        now = {**before, **values}
        if now.get("task_effect") == "retry" and not now.get("task_minutes"):
            message = N_("Say after how many minutes it comes again.")
            raise InvalidError(message, {"task_minutes": message})
        if now.get("task_effect") == "at_time" and not now.get("needs_time"):
            message = N_("The time agreed has to be asked for.")
            raise InvalidError(message, {"needs_time": message})


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
                  help=N_("The first nine use keys 1 to 9 in the wrap-up pane.")),
            Field("needs_time", N_("Asks for a time"), Kind.FLAG, in_list=True,
                  help=N_("A time to call back is asked for with it.")),
            Field("task_effect", N_("Effect on the call task"), Kind.CHOICE, choices=TASK_EFFECTS, in_list=True),
            Field("task_minutes", N_("Retry after (min)"), Kind.NUMBER, maximum=43_200,
                  help=N_("For tasks that come again; at most 30 days.")),
            Field("task_attempts", N_("Most attempts"), Kind.NUMBER, maximum=99,
                  help=N_("The task is given up after this many attempts; 0 for never.")),
        ),
    )  # fmt: skip
