"""The mark by which a page knows whether it still fits the person before it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from web.rights import rights_mark

ANNA = Principal(7, "anna", "Anna", 3, {"calls.view": Scope.OWN, "lines.view": Scope.ALL}, "10.0.0.7")


def test_the_order_of_grants_and_the_address_do_not_matter() -> None:
    other = replace(ANNA, grants=dict(reversed(ANNA.grants.items())), address="10.0.0.8")
    assert rights_mark(other) == rights_mark(ANNA)


@pytest.mark.parametrize(
    "changed",
    [
        {"user_id": 8},
        {"display_name": "Anna B."},
        {"department_id": None},
        {"grants": {"calls.view": Scope.ALL, "lines.view": Scope.ALL}},
        {"grants": {"calls.view": Scope.OWN}},
    ],
)
def test_whatever_the_pages_show_differently_changes_it(changed: dict[str, object]) -> None:
    assert rights_mark(replace(ANNA, **changed)) != rights_mark(ANNA)  # type: ignore[arg-type]
