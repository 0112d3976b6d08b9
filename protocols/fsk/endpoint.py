"""An FSK caller-id receiver on a Twisted transport: it takes no commands, so the common glue is all."""

from __future__ import annotations

from protocols.line_endpoint import LineProtocol


class FskProtocol(LineProtocol):
    """``LineProtocol`` running an ``FskSession``."""
