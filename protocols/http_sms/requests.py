"""Building a provider's requests. Pure. What people wrote stands in a field of its own and cannot become another."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from protocols.http_sms.provider import PLACES, Charset, Form, Method, NumberStyle
from protocols.sayings import Said, Saying
from protocols.text import lacking

_PLACE = re.compile(r"\{(\w*)\}")
_CHINA = "+86"


class UnwritableError(ValueError):
    """The text has a character that the provider's charset lacks."""


class UnwritableAccountError(ValueError):
    """So has what stands in every request, whatever the text is: ``Said`` without the character, which may be one of a
    password.
    """

    def __init__(self, charset: Charset) -> None:
        super().__init__(Said(Saying.ACCOUNT_UNWRITABLE, charset=charset.upper()))


@dataclass(frozen=True)
class Account:
    """Who we are at the provider."""

    name: str = ""
    password: str = field(default="", repr=False)
    company: str = ""


@dataclass(frozen=True)
class HttpRequest:
    """``query`` goes behind the address of a GET, ``body`` is the form of a POST."""

    method: Method
    path: str
    query: str = ""
    body: bytes = b""

    @property
    def headers(self) -> Mapping[str, str]:
        """What has to be said of the body."""
        return {"Content-Type": "application/x-www-form-urlencoded"} if self.method is Method.POST else {}


def places_in(value: str) -> list[str]:
    """The places that the value of a field names; ``ValueError`` for one that does not exist."""
    found = _PLACE.findall(value)
    if unknown := sorted(set(found) - set(PLACES)):
        raise ValueError(Said(Saying.PLACE_UNKNOWN, place=f"{{{unknown[0]}}}", known=", ".join(PLACES)))
    return found


def build(form: Form, values: Mapping[str, str], charset: Charset) -> HttpRequest:
    """The request of ``form``; if ``charset`` cannot write it, ``UnwritableError`` where that is the text's fault, else
    ``UnwritableAccountError``.
    """
    fields = {name: _filled(value, values) for name, value in form.fields.items()}
    try:
        written = urlencode(fields, encoding=charset.value, errors="strict")
    except UnicodeEncodeError:
        if sign := lacking(values.get("text", ""), charset):
            raise UnwritableError(f"{charset.value} has no {sign!r}") from None
        raise UnwritableAccountError(charset) from None
    if form.method is Method.GET:
        return HttpRequest(form.method, form.path, query=written)
    return HttpRequest(form.method, form.path, body=written.encode("ascii"))


def values_of_account(account: Account, now: float) -> dict[str, str]:
    """The places that have a value in every request. ``now`` is in seconds since 1970."""
    md5 = hashlib.md5(account.password.encode(), usedforsecurity=False).hexdigest()
    return {
        "account": account.name,
        "password": account.password,
        "password_md5": md5,
        "company": account.company,
        "time": str(int(now)),
    }


def values_of_message(numbers: Sequence[str], text: str, extension: str, key: str) -> dict[str, str]:
    """The places that a message has beside; ``numbers`` as they are written already."""
    return {
        "numbers": ",".join(numbers),
        "count": str(len(numbers)),
        "text": text,
        "extension": extension,
        "key": key,
    }


def written_number(number: str, style: NumberStyle) -> str:
    """The canonical ``number`` in ``style``."""
    if style is NumberStyle.PLUS:
        return number
    if style is NumberStyle.NATIONAL and number.startswith(_CHINA):
        return number.removeprefix(_CHINA)
    return number.removeprefix("+")


def _filled(value: str, values: Mapping[str, str]) -> str:
    """Each place by its value, once: what the value contains is not looked at."""
    return _PLACE.sub(lambda found: values.get(found[1], ""), value)
