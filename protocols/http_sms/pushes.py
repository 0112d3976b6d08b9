"""What a provider pushes to us: whether it is from it and new, and what it says. Pure.

The provider shows that it is the one by ``X-Push-Secret`` (where it can only be given an address, the web page that
takes the push puts the last part of the path there), or by ``X-Push-Time``, seconds since 1970, and
``X-Push-Signature``, the HMAC-SHA256 of ``time.body`` with the secret, in hexadecimal.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from protocols.http_sms.harvest import Crop, Receipt, Reply, fate_of, moment

MOST_BYTES = 256_000
MOST_ITEMS = 500
MOST_SEEN = 50_000
OLD = 300.0
"""Seconds that a signed push may be old, or ahead of our clock."""
# JSON can write half a character (RFC 8259, section 8.2), and nothing can keep it.
_HALVES = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_SECONDS = re.compile(r"(\d{1,10})(?:\d{3})?")
"""Since 1970; with three digits more they are milliseconds."""


class PushError(ValueError):
    """A push that is not taken; ``status`` is what HTTP says of it. The words do not say what would have been right."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True)
class Pushed:
    """One reply or receipt, and what it is recognised by when it comes again. Without ``once`` another one may look the
    same: somebody may answer "1" twice, and the provider gives neither id nor time.
    """

    crop: Crop
    identity: str
    once: bool = True


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> None:
    """``PushError`` unless whoever pushes knows ``secret``. ``headers`` have names in lower case, ``now`` is in seconds
    since 1970.
    """
    signature = headers.get("x-push-signature")
    if signature is None:
        given = headers.get("x-push-secret", "")
        if not secret or not hmac.compare_digest(_bytes(given), secret.encode()):
            raise PushError(403, "not allowed")
        return
    at = headers.get("x-push-time", "")
    right = hmac.new(secret.encode(), _bytes(at) + b"." + body, hashlib.sha256).hexdigest()
    if not secret or not hmac.compare_digest(_bytes(signature.lower()), right.encode()):
        raise PushError(403, "not allowed")
    if not at.isascii() or not at.isdecimal() or len(at) > 12 or abs(now - int(at)) > OLD:
        raise PushError(403, "too old")


@dataclass(frozen=True)
class Push:
    """What was read, in order, and how many there were that could not be."""

    pushed: tuple[Pushed, ...]
    unread: int = 0


def read_push(body: bytes) -> Push:
    """A JSON object or a list of them; ``PushError`` if it is neither, or nothing in it can be read."""
    if len(body) > MOST_BYTES:
        raise PushError(413, "too long")
    try:
        # Control characters have to be escaped (RFC 8259, section 7), and not every provider does that.
        found = json.loads(_text_of(body), strict=False)
    except (ValueError, RecursionError):
        raise PushError(400, "not JSON") from None
    items = found if isinstance(found, list) else [found]
    if len(items) > MOST_ITEMS:
        raise PushError(400, "too many at once")
    try:
        pushed = tuple(_pushed(item, crop) for item in items if (crop := _crop(item)) is not None)
    except RecursionError:
        # Deep enough that it could just be read.
        raise PushError(400, "not JSON") from None
    if items and not pushed:
        raise PushError(400, "neither a reply nor a receipt, nor a list of them")
    return Push(pushed, len(items) - len(pushed))


class Seen:
    """Remembers what came, the newest of it at most."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, identity: object) -> bool:
        return identity in self._seen

    def add(self, identities: Iterable[str]) -> None:
        """These are written down."""
        for identity in identities:
            self._seen[identity] = None
        while len(self._seen) > MOST_SEEN:
            self._seen.popitem(last=False)

    def forget(self, identities: Iterable[str]) -> None:
        """These came again, and the next that look like them are new."""
        for identity in identities:
            self._seen.pop(identity, None)


def _text_of(body: bytes) -> str:
    """The words of ``body``: in UTF-8, 16 or 32 or in GBK. What is in none of them is U+FFFD: one character that was
    cut in two must not cost the others.
    """
    try:
        return body.decode(json.detect_encoding(body))
    except UnicodeDecodeError:
        text = body.decode("utf-8", "replace")
    broken = text.count(_REPLACEMENT)
    # In GBK hardly anything is UTF-8, and what is in UTF-8 often looks like GBK.
    return text if 2 * broken < sum(not sign.isascii() for sign in text) else body.decode("gb18030", "replace")


def _pushed(item: Mapping[str, Any], crop: Crop) -> Pushed:
    return Pushed(crop, _identity(item, crop), isinstance(crop, Receipt) or _tells(item, "id") or _tells(item, "time"))


def _tells(item: Mapping[str, Any], name: str) -> bool:
    """Whether it has that: 0 is said where there is none."""
    return bool(_raw(item, name).strip(" 0"))


def _crop(item: Any) -> Crop | None:
    """None for what is neither a reply nor a receipt: it has no number, no text, or no word of what became of it."""
    number = _word(item, "mobile").strip() if isinstance(item, dict) else ""
    if not number:
        return None
    if "report_status" in item or "status" in item:
        return _receipt(item, number)
    if not isinstance(item.get("text"), str | int):
        return None
    return Reply(number, _word(item, "text"), _word(item, "extend") or _word(item, "port"), _when(_word(item, "time")))


def _receipt(item: Mapping[str, Any], number: str) -> Receipt | None:
    status = _word(item, "report_status") or _word(item, "status")
    code = _word(item, "errmsg") or status
    if not code:
        return None
    at = moment(_word(item, "user_receive_time") or _word(item, "time"))
    return Receipt(_word(item, "sid"), number, fate_of(status), code, _word(item, "description"), at)


def _word(item: Mapping[str, Any], name: str) -> str:
    return _HALVES.sub(_REPLACEMENT, _raw(item, name))


def _raw(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name, "")
    # True and False are numbers to Python.
    return str(value)[:2000] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _when(written: str) -> datetime | None:
    found = _SECONDS.fullmatch(written) if written.isascii() else None
    if found is None:
        return moment(written)
    return datetime.fromtimestamp(int(found[1]), UTC) if int(found[1]) else None


def _identity(item: Mapping[str, Any], crop: Crop) -> str:
    """Its own id if it has one, and what is told by it: a provider may count replies and receipts each by itself, and
    tell of a message first that it is under way. Otherwise all of it, since nobody writes the same twice in one second.
    """
    own = _raw(item, "id") if _tells(item, "id") else ""
    told = f"{crop.code} {crop.gateway_id}" if isinstance(crop, Receipt) else "reply"
    whole = f"id {own} {crop.number} {told}" if own else json.dumps(item, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(_bytes(whole)).hexdigest()
