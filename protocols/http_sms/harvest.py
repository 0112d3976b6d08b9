"""Reading replies and receipts that were fetched. Pure; what cannot be read is counted and never raises."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from protocols.http_sms.boxes import Box, boxes_of, unescaped
from protocols.http_sms.provider import Harvest
from protocols.sms import Fate

CHINA = timezone(timedelta(hours=8))
"""The clocks of these providers."""
_FATES = {
    "10": Fate.DELIVERED, "DELIVRD": Fate.DELIVERED, "SUCCESS": Fate.DELIVERED, "0": Fate.DELIVERED,
    "ACCEPTD": Fate.UNDER_WAY, "ENROUTE": Fate.UNDER_WAY, "UNKNOWN": Fate.UNCERTAIN,
}  # fmt: skip
_TIME_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y%m%d%H%M%S", "%Y-%m-%d %H:%M")

_ENVELOPE = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<string[^>]*>(.*)</string>\s*$", re.DOTALL)
_BEGINNINGS = re.compile(r"^\s*\|\||\|\|(?=\+?\d{3,20}#)")


@dataclass(frozen=True)
class Receipt:
    """What became of a message."""

    gateway_id: str
    number: str
    fate: Fate
    code: str
    words: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Reply:
    """Somebody wrote. ``extension`` is what follows the number that they wrote to."""

    number: str
    text: str
    extension: str = ""
    at: datetime | None = None


Crop = Receipt | Reply


@dataclass(frozen=True)
class Gathered:
    """What was read, in order, and how many there were that could not be."""

    crops: tuple[Crop, ...]
    unread: int = 0


def fate_of(code: str) -> Fate:
    """The meaning of a provider's word for a fate; failed, unless it is known."""
    return _FATES.get(code.upper(), Fate.FAILED)


def moment(text: str) -> datetime | None:
    """A time in China as providers write it, in UTC; None for anything else."""
    for form in _TIME_FORMATS:
        try:
            return datetime.strptime(text.strip()[:40], form).replace(tzinfo=CHINA).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def read_harvest(kind: Harvest, text: str) -> Gathered:
    """What stands in ``text``."""
    found = list(_READERS[kind](text))
    crops = tuple(crop for crop in found if crop is not None)
    return Gathered(crops, len(found) - len(crops))


def _status_xml(text: str) -> Iterator[Receipt | None]:
    return map(_receipt, boxes_of(text, "statusbox"))


def _receipt(box: Box) -> Receipt | None:
    status = box.get("status", "")
    code = box.get("errorcode") or status
    task, number = box.get("taskid", ""), box.get("mobile", "")
    if not code or not (task or number):
        return None
    fate = fate_of(status if status in ("10", "20") else code)
    return Receipt(task, number, fate, code, at=moment(box.get("receivetime", "")))


def _reply_xml(text: str) -> Iterator[Reply | None]:
    return map(_reply, boxes_of(text, "callbox"))


def _reply(box: Box) -> Reply | None:
    words = box.get("content")
    if words is None:
        return None
    return Reply(box.get("mobile", ""), words, box.get("extno", ""), moment(box.get("receivetime", "")))


def _hashes(text: str) -> Iterator[Reply | None]:
    # The text may itself contain what separates the fields; the number, the time and the extension do not.
    enveloped = _ENVELOPE.match(text)
    body = unescaped(enveloped[1]) if enveloped else text.strip()
    for piece in _BEGINNINGS.split(body):
        number, _, rest = piece.partition("#")
        words, found, tail = rest.rpartition("#")
        words, also_found, when = words.rpartition("#")
        if found and also_found and number:
            yield Reply(number.strip(), words, tail.strip(), moment(when))
        elif "#" in piece:
            yield None


_READERS: Mapping[Harvest, Callable[[str], Iterable[Crop | None]]] = {
    Harvest.STATUS_XML: _status_xml,
    Harvest.REPLY_XML: _reply_xml,
    Harvest.HASHES: _hashes,
}
