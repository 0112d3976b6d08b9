"""The codes that conversations and opt-outs are kept with."""

from __future__ import annotations

OPEN, SNOOZED, DONE = "open", "snoozed", "done"
"""States of a conversation."""

CARE, MARKETING, EVERYTHING = "care", "marketing", "all"
"""What an opt-out stops."""
OPT_OUT_KINDS = (CARE, MARKETING, EVERYTHING)

IN, OUT = "in", "out"
"""Directions of a message."""
