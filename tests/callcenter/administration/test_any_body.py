"""Whatever JSON is sent to make or change a record, a ServiceError comes back or the record; after an error nothing
has changed.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import pytest_twisted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import blockingCallFromThread, deferToThread

from callcenter.errors import ServiceError
from tests.peers.hospital import Hospital

_known = ["13800138000", "138****8000", "all", "1960-01-01", "male", "-1", "x" * 400, "a good long secret"]
_leaf = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=100) | st.sampled_from(_known)
)  # fmt: skip
_names = st.text(max_size=10) | st.sampled_from(["number", "label", "patients.view", "users.edit"])
_value = st.recursive(
    _leaf,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=3),
    max_leaves=6,
)
_keys = st.sampled_from([1, 2, "1", "completed", "busy", 0, -1, 2**64, "x", "", None, 1.5, "\ud800"])
_versions = st.sampled_from([1, None, "1", 7]) | _value


async def send(hospital: Hospital, name: str, body: Any, key: Any, version: Any) -> None:
    """Make and change; what is refused must have left everything as it was."""
    service = hospital.records[name]
    for attempt in (
        partial(service.create, hospital.people["admin"], body),
        partial(service.edit, hospital.people["second"], key, body, version),
    ):
        before = await hospital.everything()
        try:
            record = await attempt()
        except ServiceError:
            assert await hospital.everything() == before
        else:
            assert record["version"]


@pytest.mark.parametrize("name", ["patients", "users", "roles", "departments", "outcomes", "groups", "skills"])
@pytest_twisted.ensureDeferred
async def test_any_json_is_taken_or_refused_in_words(sqlite_hospital: Hospital, name: str) -> None:
    fields = [field.name for field in sqlite_hospital.records[name].resource.fields]
    body_names = st.sampled_from([*fields, "id", "version"]) | st.text(max_size=12)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(body_names, _value, max_size=5) | _value, _keys, _versions)
    def sends(body: Any, key: Any, version: Any) -> None:
        def start() -> Deferred[None]:
            return Deferred.fromCoroutine(send(sqlite_hospital, name, body, key, version))

        blockingCallFromThread(reactor, start)

    # Hypothesis waits for each example, so it has a thread of its own.
    await deferToThread(sends)
