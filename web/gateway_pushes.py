"""Where providers of SMS push replies and receipts to: ``POST /sms-push/GATEWAY``, or ``POST /sms-push/GATEWAY/SECRET``
for a provider that can only be given an address.

There is no session and no CSRF token: whoever knows the secret of the gateway is let in, see
``protocols.http_sms.pushes``. To all others every gateway looks the same, whether it is there or not.
"""

from __future__ import annotations

from collections.abc import Mapping

from twisted.web.resource import Resource
from twisted.web.server import Request

from callcenter.messaging.gateways.board import GatewayBoard
from hardware.gateways.device import PushAnswer
from web.answers import JSON, Whole, later

_LONGEST_ID = 9
_REFUSED = PushAnswer(403, b'{"result": 1, "errmsg": "not allowed"}')
_ONLY_POST = PushAnswer(405, b'{"result": 1, "errmsg": "POST only"}')
_TOO_LARGE = PushAnswer(413, b'{"result": 1, "errmsg": "too long"}')


class GatewayPushes(Resource):
    """Answers only when what was pushed is on disk."""

    isLeaf = True

    def __init__(self, board: GatewayBoard) -> None:
        super().__init__()
        self._board = board

    def render(self, request: Request) -> int:
        """Take a push."""
        return later(request, self._answer(request))

    async def _answer(self, request: Request) -> Whole:
        taken = await self._taken(request)
        return Whole(taken.status, taken.body, JSON)

    async def _taken(self, request: Request) -> PushAnswer:
        if request.method != b"POST":
            return _ONLY_POST
        if getattr(request, "too_large", False):
            return _TOO_LARGE
        gateway, *rest = request.postpath or [b""]
        known = gateway.isdigit() and len(gateway) <= _LONGEST_ID and len(rest) <= 1
        pushes = self._board.pushes(int(gateway)) if known else None
        if pushes is None:
            return _REFUSED
        headers = _headers(request)
        if rest:
            headers = {**headers, "x-push-secret": rest[0].decode("utf-8", "replace")}
        content = request.content
        return await pushes.take(b"" if content is None else content.read(), headers)


def _headers(request: Request) -> Mapping[str, str]:
    """The last of each name."""
    return {
        name.decode("latin-1").lower(): values[-1].decode("utf-8", "replace")
        for name, values in request.requestHeaders.getAllRawHeaders()
    }
