"""``[[webhooks]]`` and ``[[alarm_texts]]`` of callcenter.toml: who is told of alarms, by HTTP and by SMS."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from callcenter.alarms.kinds import AlarmKind
from callcenter.config_secrets import ReadablePath, SecretText
from callcenter.sections import Section

SHORTEST_SECRET = 16
MOST_NUMBERS = 10
_LONGEST = 500
# Numbers are known by their form alone: line hosts read these settings too, and have no tables of the world's numbers.
_HOME_MOBILE = re.compile(r"(?:\+86|0086)?(1[3-9][0-9]{9})")
_ABROAD = re.compile(r"\+(?!86)[1-9][0-9]{6,14}")

TargetName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$", description="What records call it: letters, digits, _ and -.")
]
WantedKinds = Annotated[
    tuple[AlarmKind, ...], Field(description="Only these kinds of alarms; without any, all of them.")
]


class WebhookError(Exception):
    """A webhook cannot be set up; the message says which and why, for the console."""


class WebhookSettings(Section):
    """One place. Its address may hold a token, so it is as secret as the secret."""

    name: TargetName
    url: Annotated[SecretText, Field(description='https://host/path, best as { env = "NAME" } or { file = "path" }.')]
    secret: Annotated[
        SecretText,
        Field(description='Signs each message, 16 to 256 characters; best as { env = "NAME" } or { file = "path" }.'),
    ]
    kinds: WantedKinds = ()
    private_addresses: Annotated[
        bool,
        Field(description="The place is inside: addresses of the hospital's own network are allowed, and http://."),
    ] = False
    authorities: Annotated[
        ReadablePath | None,
        Field(
            description="PEM file of whom to trust instead of the system's authorities: the place's own certificate."
        ),
    ] = None

    @field_validator("url")
    @classmethod
    def _an_address(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if len(text) > _LONGEST or not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError(f"must have 1 to {_LONGEST} printable ASCII characters without blanks")
        parts = urlsplit(text)
        # Asking for the port checks it.
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError("must be https:// and a host")
        if parts.username is not None or parts.password is not None or parts.fragment:
            raise ValueError("must not have a user, a password or a fragment")
        return value

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().isprintable() or not SHORTEST_SECRET <= len(value) <= 256:
            raise ValueError(f"must be one line of {SHORTEST_SECRET} to 256 printable characters")
        return value

    @model_validator(mode="after")
    def _never_in_the_clear_outside(self) -> WebhookSettings:
        if not self.private_addresses and not self.url.get_secret_value().startswith("https://"):
            raise ValueError("has an http:// address without private_addresses: anyone on the way could change it")
        return self

    @property
    def wanted_kinds(self) -> tuple[AlarmKind, ...]:
        """The kinds of alarms that are told there."""
        return self.kinds or tuple(AlarmKind)


class AlarmTextSettings(Section):
    """People who are told of alarms by SMS. They are kept here and not in the interface, where they could be lost."""

    name: TargetName
    numbers: Annotated[
        tuple[str, ...],
        Field(
            min_length=1, max_length=MOST_NUMBERS, description="Mobile numbers, 1 to 10, blanks and hyphens allowed."
        ),
    ]
    kinds: WantedKinds = ()

    @field_validator("numbers")
    @classmethod
    def _mobiles(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        # One person who stands there twice is told once.
        return tuple(dict.fromkeys(map(_mobile, value)))

    @property
    def wanted_kinds(self) -> tuple[AlarmKind, ...]:
        """The kinds of alarms that they are told of."""
        return self.kinds or tuple(AlarmKind)


def _mobile(written: str) -> str:
    digits = re.sub(r"[ -]", "", written)
    home = _HOME_MOBILE.fullmatch(digits)
    if home is None and not _ABROAD.fullmatch(digits):
        raise ValueError("must be mobile numbers: those abroad with + and the country")
    return digits if home is None else f"+86{home[1]}"
