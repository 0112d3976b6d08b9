"""A call center with two lines, started, in the afternoon of the hospital."""

from __future__ import annotations

from tests.callcenter.telephony.conftest import hospital

__all__ = ["hospital"]
