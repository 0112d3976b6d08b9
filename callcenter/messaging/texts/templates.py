"""Texts to choose from and answers that go out by themselves, as declared records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from callcenter.administration.fields import Field, Kind
from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.administration.references import DEPARTMENTS
from callcenter.administration.resources import Hooks, Resource
from callcenter.errors import ConflictError, InvalidError, NotAllowedError
from callcenter.messaging.incoming.words import is_opt_out, plain_word
from callcenter.messaging.texts.placeholders import LONGEST_TEXT, NAMES, PLACEHOLDERS
from callcenter.placeholders import require_known, used_in
from callcenter.text import N_, Text
from storage.models import AutoReply, MessageTemplate, Phrase
from storage.models.base import NO

PURPOSES = (
    ("reply", N_("Reply")),
    ("reminder", N_("Reminder")),
    ("care", N_("Care")),
    ("notice", N_("Notice")),
    ("marketing", N_("Marketing")),
)
"""What a message is for: rules of hours, caps and opt-outs go by it."""

OCCASIONS = (
    ("enrolment", N_("Enrolment notice")),
    ("birthday", N_("Birthday greeting")),
)
"""What a template can be the text of: one for each department, and one for the departments without."""

OF_THE_HOSPITAL = frozenset({"hospital", "date"})
"""Placeholders that have a value whoever is written to."""

_ALL = tuple(NAMES.items())
_HOSPITALS = tuple((name, label) for name, label in _ALL if name in OF_THE_HOSPITAL)


class TextHooks(Hooks):
    """What the hospital writes to everybody has the hospital's own numbers, and no patient's: nothing is masked."""

    def reveals(self, principal: Principal, record: Mapping[str, Any]) -> bool:
        """To everybody; a mask put into a message would be sent as it stands."""
        return True

    def check(
        self, session: Session, principal: Principal, row: Any | None, before: Mapping[str, Any], values: dict[str, Any]
    ) -> None:
        """Raise InvalidError for an unknown placeholder."""
        if "text" in values:
            require_known({"text": values["text"]}, PLACEHOLDERS)


class TemplateHooks(TextHooks):
    """Whose templates: everybody's, and those of one's own department."""

    def reach(self, principal: Principal, permission: str) -> ColumnElement[bool]:
        """All of them, or those of the department and, to look at, those of everybody."""
        scope = principal.require(permission)
        if scope is Scope.ALL:
            return super().reach(principal, permission)
        own = MessageTemplate.department_id == principal.department_id
        return or_(MessageTemplate.department_id.is_(None), own) if permission.endswith(".view") else own

    def complete(self, principal: Principal, values: dict[str, Any]) -> None:
        """Whoever may write for one department writes for that one."""
        values["purpose"] = values.get("purpose") or "reply"
        if principal.grants.get("templates.create") is not Scope.ALL:
            values["department_id"] = values.get("department_id") or principal.department_id

    def check(
        self, session: Session, principal: Principal, row: Any | None, before: Mapping[str, Any], values: dict[str, Any]
    ) -> None:
        """As above; raise NotAllowedError for another department's template."""
        super().check(session, principal, row, before, values)
        wide = principal.grants.get("templates.edit" if row is not None else "templates.create") is Scope.ALL
        if not wide and values.get("department_id", principal.department_id) != principal.department_id:
            raise NotAllowedError(N_("Your roles allow this for your own department only."))
        _require_only_text(session, row, before, values)

    def check_disable(self, session: Session, principal: Principal, row: Any, before: Mapping[str, Any]) -> None:
        """Raise InvalidError when it comes back and another has become the text of its occasion."""
        if row.disabled:
            _require_only_text(session, row, before, {})


def _require_only_text(session: Session, row: Any | None, before: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Raise InvalidError when an occasion has its text there already."""
    occasion = values.get("occasion", before.get("occasion")) or ""
    if not occasion:
        return
    department = values.get("department_id", before.get("department_id"))
    found = session.scalars(_texts_of(occasion).where(_of_department(department))).all()
    if any(row is None or one.id != row.id for one in found):
        message = Text(N_("“{name}” is the text of this occasion already."), name=found[0].name)
        raise InvalidError(N_("Some values are not valid."), {"occasion": message})


def occasion_template(session: Session, occasion: str, department_id: int | None) -> MessageTemplate | None:
    """The text of an occasion for a patient of a department: the department's own, else everybody's, else None."""
    own = None if department_id is None else session.scalar(_texts_of(occasion).where(_of_department(department_id)))
    return own or session.scalar(_texts_of(occasion).where(_of_department(None)))


def _texts_of(occasion: str) -> Select[MessageTemplate]:
    chosen = MessageTemplate.occasion == occasion, MessageTemplate.disabled == NO
    return select(MessageTemplate).where(*chosen).order_by(MessageTemplate.id)


def _of_department(department_id: int | None) -> ColumnElement[bool]:
    column = MessageTemplate.department_id
    return column.is_(None) if department_id is None else column == department_id


class AutoReplyHooks(TextHooks):
    """One answer for each keyword, one for the hours when nobody is there."""

    def check(
        self, session: Session, principal: Principal, row: Any | None, before: Mapping[str, Any], values: dict[str, Any]
    ) -> None:
        """Raise InvalidError for a keyword that means something else already, and for an answer that could be empty."""
        super().check(session, principal, row, before, values)
        if set(used_in(values.get("text", ""))) - OF_THE_HOSPITAL:
            message = N_(
                "An automatic reply goes to unknown numbers too: only the hospital's name and the date may stand in it."
            )
            raise InvalidError(N_("Some values are not valid."), {"text": message})
        if row is None or "keyword" in values:
            values["keyword"] = _keyword(values.get("keyword") or "") or None
            self._require_only_one(session, row, values["keyword"])

    def _require_only_one(self, session: Session, row: Any | None, keyword: str | None) -> None:
        same = AutoReply.keyword.is_(None) if keyword is None else AutoReply.keyword == keyword
        found = session.scalars(select(AutoReply.id).where(same)).all()
        if any(row is None or key != row.id for key in found):
            message = N_("There is an automatic reply for this already.")
            raise ConflictError(message, field="keyword")

    def decorate(self, records: Sequence[dict[str, Any]]) -> None:
        """No keyword is an empty one."""
        for record in records:
            if "keyword" in record:
                record["keyword"] = record["keyword"] or ""


def _keyword(typed: str) -> str:
    keyword = plain_word(typed)
    if typed and not keyword:
        message = N_("A keyword has letters or digits.")
        raise InvalidError(message, {"keyword": message})
    if is_opt_out(keyword):
        message = N_("This word stops messages; it cannot be a keyword.")
        raise InvalidError(message, {"keyword": message})
    return keyword


def template_resource() -> Resource:
    """A name, a purpose, where it is filed, and the text."""
    return Resource(
        name="templates",
        singular="template",
        label=N_("Message templates"),
        model=MessageTemplate,
        hooks=TemplateHooks(),
        default_sort="name",
        fields=(
            Field("name", N_("Name"), required=True, max_length=60, in_list=True, searchable=True, sortable=True),
            Field("purpose", N_("Purpose"), Kind.CHOICE, required=True, choices=PURPOSES, in_list=True,
                  filterable=True, default="reply", help=N_("Hours, daily caps and opt-outs go by it.")),
            Field("occasion", N_("Occasion"), Kind.CHOICE, choices=OCCASIONS, in_list=True, filterable=True,
                  help=N_("It is the text of this occasion, in its department or for everybody. Nothing sends it by "
                          "itself yet.")),
            Field("department_id", N_("Department"), Kind.REFERENCE, reference=DEPARTMENTS, in_list=True,
                  filterable=True, without=N_("All departments"), help=N_("Leave empty for everybody.")),
            Field("disease", N_("Disease"), max_length=60, in_list=True, searchable=True, filterable=True),
            Field("text", N_("Text"), Kind.LONG_TEXT, required=True, max_length=LONGEST_TEXT, in_list=True,
                  searchable=True, placeholders=_ALL),
        ),
    )  # fmt: skip


def phrase_resource() -> Resource:
    """A text and where it is filed."""
    return Resource(
        name="phrases",
        singular="phrase",
        label=N_("Phrases"),
        model=Phrase,
        hooks=TextHooks(),
        title="text",
        default_sort="category",
        fields=(
            Field("category", N_("Category"), max_length=40, in_list=True, searchable=True, sortable=True,
                  filterable=True),
            Field("text", N_("Text"), Kind.LONG_TEXT, required=True, max_length=300, in_list=True, searchable=True,
                  placeholders=_ALL),
        ),
    )  # fmt: skip


def auto_reply_resource() -> Resource:
    """A keyword, or none for the hours when nobody is there, and the answer."""
    return Resource(
        name="auto_replies",
        singular="auto_reply",
        label=N_("Automatic replies"),
        model=AutoReply,
        hooks=AutoReplyHooks(),
        title="text",
        default_sort="-id",
        lists_disabled=True,
        fields=(
            Field("keyword", N_("Keyword"), max_length=20, in_list=True, searchable=True,
                  without=N_("When nobody is there"),
                  help=N_("A text that is this word and nothing else is answered. Empty: what comes when nobody is "
                          "there.")),
            Field("text", N_("Text of the answer"), Kind.LONG_TEXT, required=True, max_length=300, in_list=True,
                  searchable=True, placeholders=_HOSPITALS),
        ),
    )  # fmt: skip
