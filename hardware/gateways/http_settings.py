"""What can be set on an HTTP gateway: a known provider and the account there, or everything by itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from hardware.gateways.settings import GatewayKind, GatewaySettings
from hardware.outgoing.endpoint import Reach
from protocols.http_sms.presets import PRESETS, Preset
from protocols.http_sms.provider import AnswerRules, Balance, Charset, Form, Meaning, Method, NumberStyle, Provider
from protocols.http_sms.requests import Account, places_in
from protocols.patterns import check_pattern
from protocols.sms import Refusal

_URL = re.compile(r"https?://[0-9A-Za-z.:\[\]_-]+(/[0-9A-Za-z._~/%-]*)?")

Pattern = Annotated[str, Field(max_length=200)]
Page = Annotated[str, Field(pattern=r"^[0-9A-Za-z._~%-][0-9A-Za-z._~/%-]{0,199}$|^$")]
"""A page of the provider, from its folder on."""


class OwnCode(BaseModel):
    """What one code of the provider means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    refusal: Refusal
    words: str = Field(default="", max_length=100)


class OwnProvider(BaseModel):
    """A provider that is not known: see ``protocols.http_sms.provider`` for the words."""

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

    @field_validator("fields", "balance_fields")
    @classmethod
    def _places(cls, fields: dict[str, str]) -> dict[str, str]:
        for value in fields.values():
            places_in(value)
        return fields

    @field_validator("accepted", "gateway_id", "code", "words", "balance")
    @classmethod
    def _pattern(cls, pattern: str) -> str:
        check_pattern(pattern)
        return pattern

    @field_validator("gateway_id", "code", "words", "balance")
    @classmethod
    def _group(cls, pattern: str) -> str:
        if pattern and not check_pattern(pattern):
            raise ValueError("must have a group, in parentheses, around what is wanted")
        return pattern

    @model_validator(mode="after")
    def _carries_the_message(self) -> OwnProvider:
        found = [place for value in self.fields.values() for place in places_in(value)]
        if not {"numbers", "text"} <= set(found):
            raise ValueError("fields must contain {numbers} and {text}")
        return self

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


class HttpGatewaySettings(GatewaySettings):
    """See docs/gateways/http.md. ``url`` is the folder in which the provider's pages are. ``inside`` allows an address
    of the hospital's own network; ``push_secret`` lets the provider push replies and receipts to us.
    """

    kind: Literal[GatewayKind.HTTP] = GatewayKind.HTTP
    rate: float = Field(default=5.0, gt=0, le=100)
    window: int = Field(default=4, ge=1, le=50)
    url: str = Field(max_length=500)
    preset: Preset
    own: OwnProvider | None = None
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
            raise ValueError("must be http:// or https://, a host and the folder of the provider's pages, no more")
        return url if url.endswith("/") else f"{url}/"

    @field_validator("push_secret")
    @classmethod
    def _long_enough(cls, secret: SecretStr) -> SecretStr:
        if 0 < len(secret.get_secret_value()) < 16:
            raise ValueError("must have at least 16 characters")
        return secret

    @model_validator(mode="after")
    def _known_or_own(self) -> HttpGatewaySettings:
        if (self.preset is Preset.CUSTOM) != (self.own is not None):
            raise ValueError("own is for preset custom, which needs it")
        return self

    @property
    def provider(self) -> Provider:
        """What is known of the provider."""
        return PRESETS[self.preset] if self.own is None else self.own.provider()

    @property
    def credentials(self) -> Account:
        """Who we are there."""
        return Account(self.account, self.password.get_secret_value(), self.company)

    @property
    def reach(self) -> Reach:
        """Where it may be."""
        return Reach(self.inside, self.authorities)
