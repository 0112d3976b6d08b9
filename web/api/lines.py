"""Lines through the API."""

from __future__ import annotations

from web.api.calls import Dial
from web.api.models import Call, Line, Lines, Short
from web.exchange import Exchange, Json, Reply
from web.parsing import Input
from web.routing import Routes

routes = Routes("/api/v1")


class Service(Input):
    """Whether the line is out of service, and why."""

    out: bool
    reason: Short = ""


@routes.get("/lines", permission="lines.view", returns=Lines)
async def list_lines(exchange: Exchange) -> Reply:
    """Every line, as it is now."""
    return Json({"items": await exchange.services.telephony.lines.list(exchange.principal)})


@routes.post("/lines/<int:line_id>/dial", permission="calls.dial", returns=Call)
async def dial(exchange: Exchange, line_id: int, body: Dial) -> Reply:
    """Dial on this line."""
    lines = exchange.services.telephony.lines
    return Json(await lines.dial(exchange.principal, line_id, body.number, body.patient_id, confirmed=body.confirmed))


@routes.post("/lines/<int:line_id>/out-of-service", permission="lines.control", returns=Line)
async def set_out_of_service(exchange: Exchange, line_id: int, body: Service) -> Reply:
    """Take a line out of service, or back into it."""
    lines = exchange.services.telephony.lines
    return Json(await lines.set_out_of_service(exchange.principal, line_id, body.out, body.reason))
