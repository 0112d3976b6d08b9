"""Values from outside: cleaned, checked, and nothing but FieldError for what cannot be taken."""

from __future__ import annotations

import contextlib
import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.administration.departments import department_resource
from callcenter.administration.fields import Field, Kind
from callcenter.administration.outcomes import outcome_resource
from callcenter.administration.permissions import RESOURCES
from callcenter.administration.resources import Resource
from callcenter.administration.roles import role_resource
from callcenter.administration.users import user_resource
from callcenter.administration.values import KINDS, FieldError, clean, read_value, show_value, value_schema
from callcenter.crm.patient_resource import patient_resource
from callcenter.text import Text, translated

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_reads_anything_or_says_what_is_wrong(kind: Kind) -> None:
    field = Field("x", "X", kind, choices=(("a", "A"),))

    @given(anything)
    def reads(value: Any) -> None:
        with contextlib.suppress(FieldError):
            json.dumps(show_value(field, read_value(field, value)))

    reads()
    assert value_schema(field)["title"] == "X"
    assert set(KINDS) == set(Kind)


@given(st.text(), st.booleans())
def test_cleaned_text_has_nothing_that_deceives_and_stays_what_it_is(text: str, lines: bool) -> None:
    found = clean(text, lines=lines)
    assert not {unicodedata.category(sign) for sign in found if sign != "\n"} & {"Cc", "Cf", "Cs"}
    assert "\n" not in found or lines
    assert clean(found, lines=lines) == found
    found.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("  张 \t 三\u3000 ", "张 三"),
        ("a\u202eb\u2066c\u200bd\x00\ufeff", "abcd"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("\ud800x", "x"),
        ("one\r\ntwo", "one two"),
        ("\ue863", "\ue863"),
    ],
)
def test_text_is_cleaned_not_rewritten(text: str, found: str) -> None:
    assert clean(text) == found


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.TEXT, "x" * 81), (Kind.TEXT, 5), (Kind.TEXT, ["x"]), (Kind.CHOICE, "b"), (Kind.CHOICE, ["a"]),
        (Kind.FLAG, 1), (Kind.FLAG, "maybe"), (Kind.DATE, "2026-02-30"), (Kind.DATE, "1066-01-01"), (Kind.DATE, 5),
        (Kind.NUMBER, True), (Kind.NUMBER, 1.0), (Kind.NUMBER, "9" * 5000), (Kind.NUMBER, -1),
        (Kind.REFERENCE, 0), (Kind.REFERENCE, 2**70), (Kind.REFERENCES, [None]), (Kind.REFERENCES, list(range(1, 200))),
        (Kind.PHONES, [{"number": "1", "evil": 1}]), (Kind.PHONES, [5]), (Kind.PHONES, ["1"] * 21),
        (Kind.GRANTS, [1]), (Kind.GRANTS, {"a": 1}), (Kind.MOMENT, "2026-01-01T00:00:00Z"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(kind: Kind, value: Any) -> None:
    with pytest.raises(FieldError):
        read_value(Field("x", "X", kind, choices=(("a", "A"),)), value)


def declared() -> list[Resource]:
    never: Any = None
    return [
        department_resource(),
        role_resource(never),
        user_resource(never, never),
        outcome_resource(),
        patient_resource(never),
    ]


@pytest.mark.parametrize("resource", declared(), ids=lambda resource: resource.name)
def test_declarations_agree_with_the_tables(resource: Resource) -> None:
    assert resource.name in RESOURCES
    for field in resource.fields:
        if not field.stored:
            continue
        column = resource.column(field.name)
        kind: Any = column.type
        length = getattr(kind, "length", None) or getattr(getattr(kind, "impl", None), "length", None)
        if field.kind is Kind.TEXT:
            assert length is not None
            assert field.max_length <= length, field.name
        if field.kind is Kind.CHOICE:
            assert all(len(choice) <= length for choice, _ in field.choices)
    assert resource.title in resource.by_name
    for sort in ("", *resource.sorts):
        assert resource.stretches(sort)[-1].columns[-1] is resource.key_column
    for creating in (True, False):
        schema = resource.json_schema(creating=creating)
        json.dumps(schema)
        assert schema["additionalProperties"] is False
    assert "password" not in resource.view_schema()["properties"]


def test_a_sentence_with_values_is_text_and_can_be_said_in_another_language() -> None:
    text = Text("At most {limit} characters.", limit=80)
    assert text == "At most 80 characters."
    assert json.dumps([text]) == '["At most 80 characters."]'
    chinese = {"At most {limit} characters.": "最多 {limit} 个字。", "Plain.": "普通。"}
    assert translated(chinese.__getitem__, text) == "最多 80 个字。"
    assert translated(chinese.__getitem__, "Plain.") == "普通。"
