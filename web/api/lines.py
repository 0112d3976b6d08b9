"""Lines through the API."""

from __future__ import annotations

from web.api.calls import Dial
from web.api.line_models import Devices, Drivers, Entries, LineChange, LineEdit, LineVersion, Setup, Setups, Trial
from web.api.models import Call, Line, Lines, Short
from web.exchange import Content, Empty, Exchange, Json, Reply
from web.line_words import drivers, port_suggestions
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


@routes.post("/lines", permission="lines.manage", returns=Setup, status=201)
async def add_line(exchange: Exchange, body: LineChange) -> Reply:
    """Add a line and start it."""
    said = {name: value for name, value in body.said.items() if value is not None}
    return Json(await exchange.services.telephony.setups.create(exchange.principal, said), status=201)


@routes.get("/lines/setups", permission="lines.edit", returns=Setups)
async def list_setups(exchange: Exchange) -> Reply:
    """Every line with how it is set up."""
    return Json({"items": list(await exchange.services.telephony.setups.list(exchange.principal))})


@routes.get("/lines/drivers", permission="lines.manage", returns=Drivers)
async def list_drivers(exchange: Exchange) -> Reply:
    """The device families of lines that can be added, and what can be set on each."""
    return Json({"items": drivers(exchange.translate)})


@routes.get("/lines/ports", permission="lines.manage", returns=Devices)
async def list_ports(exchange: Exchange) -> Reply:
    """The devices that are plugged in, each with the port to set."""
    found = await exchange.services.telephony.setups.ports(exchange.principal)
    return Json({"items": port_suggestions(found, exchange.translate), "problems": list(found.problems)})


@routes.get("/lines/<int:line_id>/setup", permission="lines.edit", returns=Setup)
async def show_setup(exchange: Exchange, line_id: int) -> Reply:
    """One line with how it is set up."""
    return Json(await exchange.services.telephony.setups.get(exchange.principal, line_id))


@routes.patch("/lines/<int:line_id>", permission="lines.edit", returns=Setup)
async def change_line(exchange: Exchange, line_id: int, body: LineEdit) -> Reply:
    """Set up a line anew, as it works: name, group and seat, or with ``lines.manage`` its device."""
    setups = exchange.services.telephony.setups
    return Json(await setups.edit(exchange.principal, line_id, body.said, body.version))


@routes.delete("/lines/<int:line_id>", permission="lines.manage", status=204)
async def remove_line(exchange: Exchange, line_id: int, body: LineVersion) -> Reply:
    """Take a line away that was added in the interface. Its calls stay."""
    await exchange.services.telephony.setups.remove(exchange.principal, line_id, body.version)
    return Empty()


@routes.get("/lines/<int:line_id>/test", permission="lines.test", returns=Trial)
async def show_test(exchange: Exchange, line_id: int, query: Entries) -> Reply:
    """The test of a line, with what went over its port; asking keeps it going."""
    return Json(exchange.services.telephony.tests.view(exchange.principal, line_id, query.after))


@routes.post("/lines/<int:line_id>/test", permission="lines.test", returns=Trial)
async def begin_test(exchange: Exchange, line_id: int) -> Reply:
    """Begin a test of a line, or begin it anew. It ends when nobody looks, and after 15 minutes in any case."""
    return Json(await exchange.services.telephony.tests.begin(exchange.principal, line_id))


@routes.delete("/lines/<int:line_id>/test", permission="lines.test", returns=Trial)
async def stop_test(exchange: Exchange, line_id: int) -> Reply:
    """End the test of a line."""
    return Json(exchange.services.telephony.tests.stop(exchange.principal, line_id))


@routes.get("/lines/<int:line_id>/test/trace", permission="lines.test")
async def download_trace(exchange: Exchange, line_id: int) -> Reply:
    """The raw trace of the test as a file of text."""
    text = exchange.services.telephony.tests.trace(exchange.principal, line_id)
    headers = {"Content-Disposition": f'attachment; filename="line-{line_id}-trace.txt"'}
    return Content("text/plain; charset=utf-8", text.encode("utf-8"), headers=headers)


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
