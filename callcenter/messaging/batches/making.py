"""Makes the messages of a batch, some patients at a time, and takes hold of those that wait. Each is one transaction.

What was done and the place to go on from are committed together: whatever is killed at whatever moment, the next one
goes on with the patient after the last who has a message, or a reason why there is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.administration.sessions import grants_of
from callcenter.alarms.kinds import AlarmKind
from callcenter.alarms.records import Trouble, raise_alarm
from callcenter.messaging.announce import announce_batches
from callcenter.messaging.batches.choices import members_in
from callcenter.messaging.batches.reach import NEEDED
from callcenter.messaging.batches.recipients import BatchDraft, Chosen, Recipient, choose_recipients, source_in
from callcenter.messaging.conversations.rows import DONE, OUT
from callcenter.messaging.conversations.threads import LAST_TEXT
from callcenter.messaging.messages.composing import House, common_values
from callcenter.messaging.outbox.attempts import MESSAGE, hold_messages, unindexed
from callcenter.messaging.outbox.queueing import MessageDraft, queue_messages
from callcenter.messaging.texts.kept_templates import kept_template
from callcenter.messaging.vocabulary import BatchState, MessageState, Purpose, Reason
from storage.bulk import Keyed
from storage.chunks import CHUNK
from storage.many import Inserts
from storage.models import Conversation, SmsBatch, SmsBatchPage, UserAccount
from storage.models.base import table_of

SWEEP = 500
"""Messages that are looked at in one transaction, to hold them, let them go or cancel them."""

_TALK = table_of(Conversation)
_KNOWN = Keyed(lambda among: select(_TALK.c.number, _TALK.c.id).where(among(_TALK.c.number)))
_BEGIN = Inserts(_TALK, ("id", "number", "patient_id", "state", "last_at", "last_direction", "last_text"))


class Sweep(StrEnum):
    """What is being done to messages of a batch that wait."""

    NONE = ""
    HOLD = "hold"
    RELEASE = "release"
    CANCEL = "cancel"


class Halt(StrEnum):
    """Why a batch was paused by itself."""

    RIGHTS = "rights"
    """Whoever sends it may not any more."""
    TROUBLE = "trouble"
    """A part of it cannot be written, however often it is tried."""
    REFUSED = "refused"
    """One message after the other is refused."""


@dataclass(frozen=True)
class Work:
    """What is to be done next: messages made, or messages that wait taken hold of."""

    batch_id: int
    sweep: bool


def next_work(session: Session, resting: Sequence[int] = ()) -> Work | None:
    """The sweep that was asked for first; else the batch that is least advanced, so that a small one need not wait.

    The sweeps of the batches ``resting`` failed lately, and are not asked for.
    """
    tired = SmsBatch.id.not_in(resting[:CHUNK])
    swept = select(SmsBatch.id).where(SmsBatch.sweep.is_not(None), tired).order_by(SmsBatch.id).limit(1)
    if (found := session.scalar(swept)) is not None:
        return Work(found, sweep=True)
    preparing = (
        select(SmsBatch.id)
        .where(SmsBatch.state == BatchState.PREPARING.value)
        .order_by(SmsBatch.next_page, SmsBatch.id)
        .limit(1)
    )
    found = session.scalar(preparing)
    return None if found is None else Work(found, sweep=False)


def make_page(session: Session, batch_id: int, house: House, now: datetime) -> bool:
    """Make the next messages of the batch; False when there are none to make, or somebody paused or cancelled it."""
    batch = session.scalar(select(SmsBatch).where(SmsBatch.id == batch_id).with_for_update())
    if batch is None or batch.state != BatchState.PREPARING.value:
        return False
    page = session.get(SmsBatchPage, (batch_id, batch.next_page))
    author = author_of(session, batch)
    if page is None or author is None:
        halt(session, batch, Halt.TROUBLE if page is None else Halt.RIGHTS, now)
        return False
    members = members_in(page.members or ())
    # Sender and day are those of the moment when it was sent, however long the making takes.
    common = common_values(author, house, batch.created_at)
    chosen = choose_recipients(session, author, draft_of(batch), members, common, now, batch_id)
    _note(batch, page, chosen)
    session.flush()
    # Queueing tells of the batch, if there is anything to queue.
    if not queue_messages(session, _drafts(chosen, batch, _threads(session, chosen.fit, now)), now):
        announce_batches(session, {batch_id})
    return batch.state == BatchState.PREPARING.value


def sweep_some(session: Session, batch_id: int, now: datetime) -> bool:
    """Hold, release or cancel the next messages that wait; False when all were looked at."""
    batch = session.scalar(select(SmsBatch).where(SmsBatch.id == batch_id).with_for_update())
    if batch is None or not batch.sweep:
        return False
    columns = MESSAGE.c
    waiting = columns.batch_id == batch_id, columns.stage == MessageState.QUEUED.value, columns.id > batch.swept
    # Whether they are held already is asked of these only: to look for so many that are may take all there are.
    ids = list(session.scalars(select(columns.id).where(*waiting).order_by(columns.id).limit(SWEEP)))
    still = [columns.id.in_(ids), unindexed(columns.state) == MessageState.QUEUED.value]
    if batch.sweep != Sweep.CANCEL.value:
        held = batch.sweep == Sweep.RELEASE.value
        still.append(columns.next_at.is_(None) if held else columns.next_at.is_not(None))
    hold_messages(session, ids)
    # Nothing here is for a person who reads one message: each is told by its batch.
    session.execute(update(MESSAGE).where(*still).values(version=columns.version + 1, **_swept(batch, now)))
    batch.swept = ids[-1] if ids else batch.swept
    more = len(ids) == SWEEP
    if not more:
        batch.sweep, batch.swept = Sweep.NONE.value, 0
    session.flush()
    announce_batches(session, {batch_id})
    return more


def halt(session: Session, batch: SmsBatch, why: Halt, now: datetime) -> None:
    """Pause it, with what waits of it, until somebody looks at it."""
    batch.state, batch.reason = BatchState.PAUSED.value, why.value
    # Else what waits of it would stay due, and seem stuck where no gateway is there to be given it.
    batch.sweep, batch.swept = Sweep.HOLD.value, 0
    sender = None if batch.created_by is None else session.get(UserAccount, batch.created_by)
    department = None if sender is None else sender.department_id
    raise_alarm(session, Trouble(AlarmKind.SENDING_HALTED, str(batch.id), department_id=department), now)
    session.flush()
    announce_batches(session, {batch.id})


def halt_by_trouble(session: Session, batch_id: int, now: datetime) -> None:
    """A part of it cannot be written: the others go on, and somebody is shown which."""
    batch = session.scalar(select(SmsBatch).where(SmsBatch.id == batch_id).with_for_update())
    if batch is not None and batch.state == BatchState.PREPARING.value:
        halt(session, batch, Halt.TROUBLE, now)


def author_of(session: Session, batch: SmsBatch) -> Principal | None:
    """Whoever sends it, with what the roles grant at this moment; None when they may not send it any more.

    Nobody is signed in while messages are made: what is reached is asked anew for each page.
    """
    user = None if batch.created_by is None else session.get(UserAccount, batch.created_by)
    if user is None or user.disabled:
        return None
    grants = grants_of(session, user.id)
    if not all(one in grants for one in NEEDED):
        return None
    return Principal(user.id, user.username, user.display_name, user.department_id, grants)


def draft_of(batch: SmsBatch) -> BatchDraft:
    """What was written and chosen, as it was when it was sent."""
    return BatchDraft(batch.text, Purpose(batch.purpose), batch.title, batch.not_before, batch.expires_at)


def _swept(batch: SmsBatch, now: datetime) -> Mapping[str, Any]:
    match Sweep(batch.sweep):
        case Sweep.HOLD:
            return {"next_at": None, "reason": Reason.PAUSED.value}
        case Sweep.RELEASE:
            # The rules are asked again when it is about to leave.
            begins = draft_of(batch).begins(now)
            return {"next_at": begins, "reason": Reason.NOT_BEFORE.value if begins > now else None}
        case _:
            return {
                "next_at": None,
                "reason": Reason.BY_PERSON.value,
                "state": MessageState.CANCELLED.value,
                "state_at": now,
            }


def _note(batch: SmsBatch, page: SmsBatchPage, chosen: Chosen) -> None:
    """The figures and the place to go on from."""
    reasons = Counter(batch.left_out or {})
    reasons.update(str(one.why) for one in chosen.left_out)
    batch.left_out = dict(reasons)
    batch.total += len(chosen.fit)
    batch.next_page += 1
    page.members = []
    page.left_out = [[one.patient_id, one.number, str(one.why)] for one in chosen.left_out] or None
    if batch.next_page >= batch.pages:
        batch.state = BatchState.DONE.value


def _drafts(chosen: Chosen, batch: SmsBatch, threads: Mapping[str, int]) -> list[MessageDraft]:
    return [
        MessageDraft(
            one.number, one.text, Purpose(batch.purpose), conversation_id=threads[one.number],
            patient_id=one.patient_id, batch_id=batch.id, source=source_in(batch.id, one.number),
            not_before=batch.not_before, expires_at=batch.expires_at, created_by=batch.created_by,
            template=kept_template(batch.template_id, batch.template_name),
        )
        for one in chosen.fit
    ]  # fmt: skip


def _threads(session: Session, recipients: Sequence[Recipient], now: datetime) -> dict[str, int]:
    """Number → its conversation. One that is begun by a message to many waits for nobody until somebody answers."""
    found = {number: key for number, key in _KNOWN.rows(session, [one.number for one in recipients])}  # noqa: C416
    # In one order, so that two who begin the same ones do not wait for each other: filing does it so as well.
    begun = sorted((one for one in recipients if one.number not in found), key=attrgetter("number"))
    rows = [(None, one.number, one.patient_id, DONE, now, OUT, " ".join(one.text.split())[:LAST_TEXT]) for one in begun]
    ids = _BEGIN.run_numbered(session, rows)
    return found | {one.number: key for one, key in zip(begun, ids, strict=True)}
