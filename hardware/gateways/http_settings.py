"""What can be set on an HTTP gateway: a known provider and the account there, or everything by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from hardware.gateways.mapping_lines import mapping_of, writable
from hardware.gateways.settings import GatewayKind, GatewaySettings
from hardware.outgoing.endpoint import Reach
from hardware.strict_numbers import StrictNumbers
from protocols.http_sms.presets import PRESETS, Preset
from protocols.http_sms.provider import AnswerRules, Balance, Charset, Form, Meaning, Method, NumberStyle, Provider
from protocols.http_sms.requests import Account, places_in
from protocols.patterns import check_pattern
from protocols.sayings import Said, Saying
from protocols.sms import Refusal
from protocols.text import lacking

_URL = re.compile(r"https?://[0-9A-Za-z.:\[\]_-]+(/[0-9A-Za-z._~/%-]*)?")

Pattern = Annotated[str, Field(max_length=200)]
PAGE = r"^[0-9A-Za-z._~%-][0-9A-Za-z._~/%-]{0,199}$|^$"
Page = Annotated[str, Field(pattern=PAGE)]
"""A page of the provider, from its folder on."""

_SHORTEST_SECRET = 16
_NEEDED_PLACES = frozenset({"numbers", "text"})


class OwnCode(BaseModel):
    """What one code of the provider means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    refusal: Refusal
    words: str = Field(default="", max_length=100)


class OwnProvider(StrictNumbers):
    """A provider that is not known: see ``protocols.http_sms.provider`` for the words.

    A mapping may also come as text, one ``name = value`` a line; of ``codes`` one ``code = refusal words``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Method = Method.POST
    charset: Charset = Charset.UTF8
    path: Page = ""
    fields: dict[str, str] = Field(min_length=1, max_length=30)
    accepted: Pattern
    gateway_id: Pattern = ""
    code: Pattern = ""
    words: Pattern = ""
    codes: dict[str, OwnCode] = Field(default_factory=dict)
    longest: int = Field(default=70, ge=1, le=2000)
    joins: bool = False
    balance_path: Page = ""
    balance_fields: dict[str, str] = Field(default_factory=dict, max_length=30)
    balance: Pattern = ""

    @field_validator("fields", "balance_fields", mode="before")
    @classmethod
    def _lines(cls, fields: Any) -> Any:
        return mapping_of(fields) if isinstance(fields, str) else fields

    @field_validator("codes", mode="before")
    @classmethod
    def _code_lines(cls, codes: Any) -> Any:
        if not isinstance(codes, str):
            return codes
        return {code: _meaning(code, said) for code, said in mapping_of(codes).items()}

    @field_validator("fields", "balance_fields")
    @classmethod
    def _places(cls, fields: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        for name, value in fields.items():
            _check_writable(name, value)
            _check_charset(name + value, info.data.get("charset"))
            places_in(value)
        return fields

    @field_validator("fields")
    @classmethod
    def _carries_the_message(cls, fields: dict[str, str]) -> dict[str, str]:
        if not {place for value in fields.values() for place in places_in(value)} >= _NEEDED_PLACES:
            raise ValueError(Said(Saying.PLACES_NEEDED))
        return fields

    @field_validator("codes")
    @classmethod
    def _codes(cls, codes: dict[str, OwnCode]) -> dict[str, OwnCode]:
        for code, own in codes.items():
            _check_writable(code, own.words)
        return codes

    @field_validator("accepted", "gateway_id", "code", "words", "balance")
    @classmethod
    def _pattern(cls, pattern: str) -> str:
        check_pattern(pattern)
        return pattern

    @field_validator("gateway_id", "code", "words", "balance")
    @classmethod
    def _group(cls, pattern: str) -> str:
        if pattern and not check_pattern(pattern):
            raise ValueError(Said(Saying.PATTERN_GROUP))
        return pattern

    def provider(self) -> Provider:
        """The same for the gateway."""
        codes = {code: Meaning(own.refusal, own.words) for code, own in self.codes.items()}
        form = Form(self.balance_path, self.balance_fields, self.method)
        return Provider(
            send=Form(self.path, self.fields, self.method),
            answer=AnswerRules(self.accepted, self.gateway_id, self.code, self.words, codes),
            charset=self.charset,
            longest=self.longest,
            joins=self.joins,
            balance=Balance(form, self.balance) if self.balance else None,
        )


def _provider(preset: Preset, own: OwnProvider | None) -> Provider:
    return PRESETS[preset] if own is None else own.provider()


def kept_provider(options: Mapping[str, Any]) -> OwnProvider | Provider:
    """The provider of these settings, as they are kept: what they do not say has its default, nothing is checked."""
    own = options.get("own")
    return OwnProvider.model_construct(**own) if own else PRESETS[Preset(options["preset"])]


def _meaning(code: str, said: str) -> dict[str, str]:
    refusal, _, words = said.partition(" ")
    if refusal not in list(Refusal):
        raise ValueError(Said(Saying.CODE_MEANING, code=code, choices=", ".join(Refusal)))
    return {"refusal": refusal, "words": words.strip()}


def _check_writable(name: str, value: str) -> None:
    if not name or "=" in name or not (writable(name) and writable(value)):
        raise ValueError(Said(Saying.NAME_FORM, name=name[:40]))


def _check_charset(text: str, charset: Charset | None) -> None:
    if charset is not None and lacking(text, charset):
        # Which it is would tell a part of a password.
        raise ValueError(Said(Saying.NOT_IN_CHARSET, charset=charset.upper()))


class HttpGatewaySettings(GatewaySettings):
    """See docs/gateways/http.md. ``url`` is the folder in which the provider's pages are. ``inside`` allows an address
    of the hospital's own network; ``push_secret`` lets the provider push replies and receipts to us.
    """

    kind: Literal[GatewayKind.HTTP] = GatewayKind.HTTP
    rate: float = Field(default=5.0, gt=0, le=100)
    window: int = Field(default=4, ge=1, le=50)
    url: str = Field(max_length=500)
    preset: Preset
    own: OwnProvider | None = Field(default=None, validate_default=True)
    account: str = Field(default="", max_length=100)
    password: SecretStr = SecretStr("")
    company: str = Field(default="", max_length=100)
    numbers: NumberStyle = NumberStyle.NATIONAL
    sender: str = Field(default="", pattern=r"^[0-9]{0,20}$")
    fetch: bool = True
    inside: bool = False
    authorities: Path | None = None
    push_secret: SecretStr = SecretStr("")

    @field_validator("url")
    @classmethod
    def _url(cls, url: str) -> str:
        if not _URL.fullmatch(url):
            raise ValueError(Said(Saying.FOLDER_URL))
        return url if url.endswith("/") else f"{url}/"

    @field_validator("push_secret")
    @classmethod
    def _long_enough(cls, secret: SecretStr) -> SecretStr:
        if 0 < len(secret.get_secret_value()) < _SHORTEST_SECRET:
            raise ValueError(Said(Saying.SECRET_SHORT, count=_SHORTEST_SECRET))
        return secret

    @field_validator("own")
    @classmethod
    def _known_or_own(cls, own: OwnProvider | None, info: ValidationInfo) -> OwnProvider | None:
        preset = info.data.get("preset")
        if preset is not None and (preset is Preset.CUSTOM) != (own is not None):
            raise ValueError(Said(Saying.OWN_NEEDED if own is None else Saying.OWN_UNUSED))
        return own

    @field_validator("account", "password", "company")
    @classmethod
    def _writable(cls, value: str | SecretStr, info: ValidationInfo) -> str | SecretStr:
        preset, own = info.data.get("preset"), info.data.get("own")
        if preset is None or "own" not in info.data:
            return value
        provider = _provider(preset, own)
        written = [one for form in provider.forms for one in form.fields.values()]
        if info.field_name in {place for one in written for place in places_in(one)}:
            text = value if isinstance(value, str) else value.get_secret_value()
            _check_charset(text, provider.charset)
        return value

    @property
    def provider(self) -> Provider:
        """What is known of the provider."""
        return _provider(self.preset, self.own)

    @property
    def credentials(self) -> Account:
        """Who we are there."""
        return Account(self.account, self.password.get_secret_value(), self.company)

    @property
    def reach(self) -> Reach:
        """Where it may be."""
        return Reach(self.inside, self.authorities)
