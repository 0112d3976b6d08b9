"""A modem on a Twisted transport: the common glue is all."""

from __future__ import annotations

from protocols.line_endpoint import CallProtocol


class HayesProtocol(CallProtocol):
    """``CallProtocol`` running a ``HayesSession``."""
