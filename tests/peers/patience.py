"""How long tests wait for what must come: no test fails because the machine is busy."""

from __future__ import annotations

PATIENCE = 60.0
"""Seconds."""
