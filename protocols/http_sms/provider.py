"""What makes one HTTP provider different from another, as data."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from protocols.sms import Refusal


class Method(enum.StrEnum):
    """How a request goes out. The fields are in the query of a GET and in the form of a POST."""

    GET = "GET"
    POST = "POST"


class Charset(enum.StrEnum):
    """How text is written in requests, and in answers that do not say. GBK: also characters of GB 18030 are read."""

    UTF8 = "utf-8"
    GBK = "gbk"

    @property
    def limit(self) -> str:
        """Its own name if there are characters that it lacks, else nothing."""
        return "" if self is Charset.UTF8 else self.value


class NumberStyle(enum.StrEnum):
    """How +8613800138000 is written."""

    NATIONAL = "national"
    """13800138000; numbers abroad as with DIGITS."""
    DIGITS = "digits"
    """8613800138000."""
    PLUS = "plus"
    """+8613800138000."""


PLACES = (
    "account", "password", "password_md5", "company", "numbers", "count", "text", "extension", "key", "time",
)  # fmt: skip
"""What may stand in braces in the value of a field. ``company`` is the customer's number that some providers want
beside the account, ``extension`` what follows the sender's number, ``key`` our name for the message, ``time`` seconds
since 1970.
"""


@dataclass(frozen=True)
class Form:
    """One request. ``path`` is added to the address of the provider. Values may contain ``{places}``."""

    path: str
    fields: Mapping[str, str]
    method: Method = Method.POST


@dataclass(frozen=True)
class Meaning:
    """What a provider's code means. ``account``: it does not let us in, whatever we send."""

    refusal: Refusal
    words: str = ""
    account: bool = False


@dataclass(frozen=True)
class AnswerRules:
    """How the answer to a message is read: regular expressions that are searched in its text.

    ``accepted`` matches if it was taken. Group 1 of ``gateway_id`` is the provider's name for it, of ``code`` why it
    was not taken, of ``words`` the provider's words for it. ``codes`` is looked up by code; ``hints`` by what the words
    contain. None of them: not by this gateway.
    """

    accepted: str
    gateway_id: str = ""
    code: str = ""
    words: str = ""
    codes: Mapping[str, Meaning] = field(default_factory=dict)
    hints: Mapping[str, Meaning] = field(default_factory=dict)


@dataclass(frozen=True)
class Balance:
    """Asking how many messages are paid for: group 1 of ``pattern``; no more often than ``every`` seconds."""

    form: Form
    pattern: str
    every: float = 10.0


class Harvest(enum.StrEnum):
    """How what is fetched is written."""

    STATUS_XML = "status_xml"
    """``<statusbox><mobile/><taskid/><status/>…``"""
    REPLY_XML = "reply_xml"
    """``<callbox><mobile/><content/><receivetime/>…``"""
    HASHES = "hashes"
    """``||number#text#time#extension``"""


@dataclass(frozen=True)
class Pull:
    """Fetching replies or receipts, every so many seconds. What was fetched once does not come again."""

    form: Form
    harvest: Harvest
    every: float = 30.0


@dataclass(frozen=True)
class Provider:
    """A whole provider. ``longest`` is in characters. ``joins``: it makes one message of a long text by itself."""

    send: Form
    answer: AnswerRules
    charset: Charset
    longest: int
    joins: bool = False
    balance: Balance | None = None
    pulls: tuple[Pull, ...] = ()
    numbers: NumberStyle = NumberStyle.NATIONAL

    @property
    def forms(self) -> tuple[Form, ...]:
        """Of all its requests."""
        asked = () if self.balance is None else (self.balance.form,)
        return (self.send, *asked, *(pull.form for pull in self.pulls))
