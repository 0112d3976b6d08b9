"""A TP phone box on a Twisted transport whose every write and read is one HID report: the common glue is all."""

from __future__ import annotations

from protocols.line_endpoint import CallProtocol


class TpHidProtocol(CallProtocol):
    """``CallProtocol`` running a ``TpHidSession``."""
