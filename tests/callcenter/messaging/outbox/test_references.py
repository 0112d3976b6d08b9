"""The names of parts, whatever gateways call them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from callcenter.messaging.outbox.references import canonical_ref
from storage.models import SmsAttempt

LONGEST = SmsAttempt.__table__.c.gateway_ref.type.length


@pytest.mark.parametrize(
    ("name", "ref"),
    [
        ("00A1B2", "a1b2"), (" 0 ", "0"), ("000", "0"), ("", None), (" \t", None), ("\u202e", None),
        ("0 0a", "a"), ("0" * 80 + "7", "7"), ("0000-AB", "-ab"),
    ],
)  # fmt: skip
def test_names_are_one_however_they_are_written(name: str, ref: str | None) -> None:
    assert canonical_ref(name) == ref


@given(st.one_of(st.text(max_size=200), st.text("0 aΣİ\u0307\n", max_size=200)))
@example("İ" * 60)
@example("a" * 69 + " İ")
def test_no_name_is_too_long_and_all_stay_as_they_are(name: str) -> None:
    ref = canonical_ref(name)
    if ref is not None:
        assert 0 < len(ref) <= LONGEST
        assert canonical_ref(ref) == ref
