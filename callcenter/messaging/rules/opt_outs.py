"""Who does not want to be written to: begun by a patient's own word or by hand, ended by hand, never deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.clock import iso
from storage.models import SmsOptOut


def live_key(number: str, kind: str, signature: str) -> str:
    """What is unique among the opt-outs that hold."""
    return f"{number}|{kind}|{signature}"


def begin_opt_out(
    session: Session,
    principal: Principal,
    number: str,
    kind: str,
    at: datetime,
    *,
    signature: str = "",
    message_id: int | None = None,
    note: str = "",
) -> tuple[SmsOptOut, bool]:
    """``number`` wants no messages of ``kind`` from now on; whether that is new."""
    key = live_key(number, kind, signature)
    live = select(SmsOptOut).where(SmsOptOut.live_key == key)
    if (present := session.scalar(live)) is not None:
        return present, False
    opt_out = SmsOptOut(
        number=number, kind=kind, signature=signature, live_key=key, began_at=at, message_id=message_id,
        created_by=principal.user_id, note=note,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(opt_out)
    except IntegrityError:
        # It was said twice at the same moment, by the patient or to somebody.
        return session.scalars(live).one(), False
    told = {"kind": kind, "note": note, **({"signature": signature} if signature else {})}
    record_audit(session, principal, "opt-out", "opt_out", opt_out.id, None, told, at)
    return opt_out, True


def end_opt_out(session: Session, principal: Principal, opt_out: SmsOptOut, note: str, at: datetime) -> None:
    """From now on the number may be written to again, because the principal says so. Twice does no harm."""
    if opt_out.ended_at is not None:
        return
    opt_out.ended_at, opt_out.ended_by, opt_out.live_key = at, principal.user_id, None
    before = {"ended_at": None, "note": opt_out.note}
    opt_out.note = note or opt_out.note
    session.flush()
    record_audit(
        session, principal, "end-opt-out", "opt_out", opt_out.id, before,
        {"ended_at": iso(at), "note": opt_out.note}, at,
    )  # fmt: skip


def opt_out_view(opt_out: SmsOptOut, **names: Any) -> dict[str, Any]:
    """An opt-out as JSON data; ``names`` has what other records say of it."""
    return {
        "id": opt_out.id,
        "number": opt_out.number,
        "kind": opt_out.kind,
        "signature": opt_out.signature,
        "began_at": iso(opt_out.began_at),
        "by_text": opt_out.message_id is not None,
        "ended_at": iso(opt_out.ended_at),
        "note": opt_out.note,
        **names,
    }
