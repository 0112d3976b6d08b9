"""How connections are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, make_url

from storage.engines import reading_engine, writing_engine


@pytest.mark.parametrize("make", [writing_engine, reading_engine])
def test_a_way_to_postgresql_that_is_gone_without_a_word_is_noticed_in_half_a_minute(
    postgresql_url: str, make: Callable[..., Engine]
) -> None:
    engine = make(make_url(postgresql_url), 1)
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        used = driver.info.get_parameters()
    engine.dispose()
    names = ("keepalives_idle", "keepalives_interval", "keepalives_count")
    idle, interval, count = (int(used[name]) for name in names)
    assert idle + interval * count <= 30
    assert int(used["tcp_user_timeout"]) == 30_000
