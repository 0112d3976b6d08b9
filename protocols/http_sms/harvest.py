"""Reading replies and receipts that were fetched. Pure; what cannot be read is left out and never raises."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from xml.etree import ElementTree
from xml.sax.saxutils import unescape

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


def read_harvest(kind: Harvest, text: str) -> list[Crop]:
    """What stands in ``text``, in order."""
    return list(_READERS[kind](text))


def _status_xml(text: str) -> Iterator[Crop]:
    for box in _boxes(text, "statusbox"):
        code = box.get("errorcode") or box.get("status", "")
        status = box.get("status", "")
        fate = fate_of(status if status in ("10", "20") else code)
        yield Receipt(box.get("taskid", ""), box.get("mobile", ""), fate, code, at=moment(box.get("receivetime", "")))


def _reply_xml(text: str) -> Iterator[Crop]:
    for box in _boxes(text, "callbox"):
        yield Reply(
            box.get("mobile", ""), box.get("content", ""), box.get("extno", ""), moment(box.get("receivetime", ""))
        )


def _boxes(text: str, name: str) -> Iterator[Mapping[str, str]]:
    # A document type has no business here: the entities in it are how XML is made to grow.
    if "<!DOCTYPE" in text.upper():
        return
    try:
        root = ElementTree.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode())  # noqa: S314 - see above
    except (ElementTree.ParseError, ValueError):
        return
    for box in root.iter(name):
        yield {child.tag.lower(): (child.text or "").strip() for child in box}


def _hashes(text: str) -> Iterator[Crop]:
    # The text may itself contain what separates the fields; the number, the time and the extension do not.
    enveloped = _ENVELOPE.match(text)
    body = unescape(enveloped[1]) if enveloped else text.strip()
    for piece in _BEGINNINGS.split(body):
        number, _, rest = piece.partition("#")
        words, found, tail = rest.rpartition("#")
        words, also_found, when = words.rpartition("#")
        if found and also_found and number:
            yield Reply(number.strip(), words, tail.strip(), moment(when))


_READERS: Mapping[Harvest, Callable[[str], Iterator[Crop]]] = {
    Harvest.STATUS_XML: _status_xml,
    Harvest.REPLY_XML: _reply_xml,
    Harvest.HASHES: _hashes,
}
