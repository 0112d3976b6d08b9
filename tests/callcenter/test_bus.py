from __future__ import annotations

import pytest

from callcenter.bus import LocalBus
from tests.callcenter.bus_contract import BusContract


class TestLocalBus(BusContract):
    @pytest.fixture
    def bus(self) -> LocalBus:
        return LocalBus()
