"""A channel of the UBOX service on a transport whose every read is one message: the common glue is all."""

from __future__ import annotations

from protocols.line_endpoint import CallProtocol


class UboxProtocol(CallProtocol):
    """``CallProtocol`` running a ``UboxSession``."""
