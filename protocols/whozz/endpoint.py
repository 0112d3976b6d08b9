"""A line of a Whozz Calling box on a Twisted transport that gives one datagram at a time."""

from __future__ import annotations

from protocols.line_endpoint import LineProtocol


class WhozzProtocol(LineProtocol):
    """``LineProtocol`` running a ``WhozzSession``."""
