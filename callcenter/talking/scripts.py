"""Call scripts, as a declared record: what an agent says first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from callcenter.administration.fields import Field, Kind
from callcenter.administration.principal import Principal
from callcenter.administration.references import GROUPS
from callcenter.administration.resources import Hooks, Resource
from callcenter.placeholders import require_known
from callcenter.talking.placeholders import NAMES
from callcenter.text import N_
from storage.models import CallScript

LONGEST = 4000
_TEXTS = ("text_zh", "text_en")


class ScriptHooks(Hooks):
    """A placeholder that nobody knows would be read out to the patient."""

    def check(
        self, session: Session, principal: Principal, row: Any | None, before: Mapping[str, Any], values: dict[str, Any]
    ) -> None:
        """Raise InvalidError for what is no placeholder."""
        require_known({name: values.get(name) or "" for name in _TEXTS}, NAMES)


def script_resource() -> Resource:
    """For which calls it is, and its words in both languages."""
    return Resource(
        name="scripts",
        singular="script",
        label=N_("Call scripts"),
        model=CallScript,
        hooks=ScriptHooks(),
        default_sort="position",
        fields=(
            Field("name", N_("Name"), required=True, max_length=60, in_list=True, searchable=True),
            Field("direction", N_("Used for"), Kind.CHOICE, in_list=True, choices=(
                ("in", N_("Incoming calls")),
                ("out", N_("Outgoing calls")),
            ), help=N_("Empty: for both.")),
            Field("group_id", N_("For the group"), Kind.REFERENCE, reference=GROUPS, in_list=True,
                  help=N_("Empty: for everybody. Scripts of the group come before those.")),
            Field("position", N_("Position"), Kind.NUMBER, maximum=9_999, in_list=True, sortable=True,
                  help=N_("The first one is shown, the others are one click away.")),
            Field("text_zh", N_("Chinese text"), Kind.LONG_TEXT, required=True, max_length=LONGEST,
                  placeholders=tuple(NAMES.items()), help=N_("Placeholders are filled in during the call.")),
            Field("text_en", N_("English text"), Kind.LONG_TEXT, max_length=LONGEST,
                  placeholders=tuple(NAMES.items()),
                  help=N_("For agents whose page is English. Empty: the Chinese one.")),
        ),
    )  # fmt: skip
