"""The audit log through the API."""

from __future__ import annotations

from web.api.calls import page_json
from web.api.models import Records
from web.audit_filters import AuditExport, AuditQuery, audit_columns, audit_filter
from web.audit_words import readable_chunks
from web.exchange import Exchange, Json, Reply
from web.exports import download
from web.routing import Routes

routes = Routes("/api/v1")


@routes.get("/audit", permission="audit.view", returns=Records)
async def list_entries(exchange: Exchange, query: AuditQuery) -> Reply:
    """Who did what to what, newest first."""
    wanted = audit_filter(query, exchange.settings.time_zone)
    return Json(
        page_json(await exchange.services.audit.list(exchange.principal, wanted, query.limit, query.cursor, query.sort))
    )


@routes.get("/audit/export", permission="audit.export")
async def export(exchange: Exchange, query: AuditExport) -> Reply:
    """The log as a file."""
    wanted = audit_filter(query, exchange.settings.time_zone)
    rows = exchange.services.audit.export(exchange.principal, wanted, query.sort)
    return await download(exchange, "audit", audit_columns(exchange), readable_chunks(exchange, rows), query.format)
