"""A call center with two lines, started, and its complaints."""

from __future__ import annotations

import pytest

from callcenter.servicedesk.complaints.service import Complaints
from tests.callcenter.telephony.conftest import hospital
from tests.peers.call_center import CallCenter

__all__ = ["hospital"]


@pytest.fixture
def complaints(hospital: CallCenter) -> Complaints:
    return Complaints(hospital.database, hospital.clock, "010")
