"""A gateway as a person sets it up: what any has and what its kind takes, checked, and parted from its secrets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from callcenter.administration.problems import problem_words
from callcenter.administration.values import clean
from callcenter.administration.writing import NOT_ACCEPTED
from callcenter.errors import InvalidError
from callcenter.messaging.texts.segments import Counting, message_text, signature_mark
from callcenter.messaging.vocabulary import Purpose
from callcenter.text import N_
from hardware.gateways.device import GatewayDevice
from hardware.gateways.letters import Limits, limits_of
from hardware.gateways.settings import GatewayKind, GatewaySettings
from protocols.sayings import Said, Saying
from protocols.text import lacking

Models = Mapping[GatewayKind, type[GatewaySettings]]
"""What can be set on each kind."""
MakeGateway = Callable[[GatewaySettings], GatewayDevice]
"""The device for settings, not started; raises HardwareError."""

OPTION = "options."
"""What stands before the name of a setting of the kind where something is wrong with it."""
_OWN = frozenset({"name", "kind", "trace"})
"""What the record has itself, beside the settings of its kind."""


@dataclass(frozen=True)
class GatewayKinds:
    """The kinds that can be set up, each with the model of its settings, and what makes devices of them."""

    models: Models
    make: MakeGateway


def _prefix(text: str) -> str:
    if not (text.removeprefix("+").isdigit() and text.isascii()):
        raise ValueError(N_("Digits only."))
    return text


def _cleaned(text: Any) -> Any:
    return clean(text) if isinstance(text, str) else text


def _signature(text: Any) -> Any:
    return message_text(text).strip().strip("【】").strip() if isinstance(text, str) else text


Prefix = Annotated[str, Field(min_length=1, max_length=15), AfterValidator(_prefix)]


class Arrangement(BaseModel):
    """What can be said of any gateway. ``cost``: of a part, in thousandths of a yuan; ``priority``: 1 goes first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, BeforeValidator(_cleaned), Field(min_length=1, max_length=40)]
    prefixes: tuple[Prefix, ...] = Field(default=(), max_length=12)
    purposes: tuple[Purpose, ...] = ()
    priority: int = Field(default=5, ge=1, le=9)
    cost: int = Field(default=0, ge=0, le=100_000)
    signature: Annotated[str, BeforeValidator(_signature), Field(max_length=20)] = ""
    adds_signature: bool = False
    counting: Counting = Counting.CHINA
    number: Annotated[str, BeforeValidator(_cleaned), Field(max_length=30)] = ""
    balance_low: int | None = Field(default=None, ge=0, le=1_000_000_000)
    trace: bool = False
    in_service: bool = True


@dataclass(frozen=True)
class SetUp:
    """A gateway that can be made: ``options`` as JSON data without secrets, ``secrets`` by name."""

    kind: GatewayKind
    arrangement: Arrangement
    options: Mapping[str, Any]
    secrets: Mapping[str, str]
    settings: GatewaySettings

    @property
    def limits(self) -> Limits:
        """What its device is bound to."""
        return limits_of(self.kind, self.options)


def default_counting(kind: GatewayKind) -> Counting:
    """How gateways of a kind count, unless said otherwise: providers in China count every character as one."""
    return Counting.GSM if kind in (GatewayKind.SMPP, GatewayKind.GSM) else Counting.CHINA


def secret_names(model: type[GatewaySettings]) -> tuple[str, ...]:
    """The fields that are kept encrypted and never shown."""
    return tuple(name for name, field in model.model_fields.items() if _holds_secret(field.annotation))


def _holds_secret(annotation: Any) -> bool:
    return annotation is SecretStr or SecretStr in getattr(annotation, "__args__", ())


def option_names(model: type[GatewaySettings]) -> tuple[str, ...]:
    """What can be set on the kind of ``model`` beside what any gateway has."""
    return tuple(name for name in model.model_fields if name not in _OWN)


def read_kind(models: Models, value: Any) -> GatewayKind:
    """A kind that can be set up; InvalidError."""
    known = {kind.value: kind for kind in models}
    if value not in known:
        raise InvalidError(NOT_ACCEPTED, {"kind": N_("There is no such kind of gateway.")})
    return known[value]


def read_set_up(
    models: Models,
    kind: GatewayKind,
    arrangement: Mapping[str, Any],
    options: Mapping[str, Any],
    secrets: Mapping[str, str],
) -> SetUp:
    """What a person sent, checked; ``secrets`` are those kept so far. InvalidError names each field that is wrong,
    a setting of the kind as ``options.NAME``: what any gateway has may be called the same.

    None, in either mapping, is the default, and no secret. An empty secret leaves the one that is kept.
    """
    wrong: dict[str, str] = {}
    model = models[kind]
    arranged: Arrangement | None = None
    try:
        arranged = Arrangement.model_validate({"counting": default_counting(kind), **_given(arrangement)})
    except ValidationError as error:
        wrong |= problem_words(error, Arrangement)
    hidden = secret_names(model)
    told = {name: value for name, value in _given(options).items() if not (name in hidden and value == "")}
    kept = {name: value for name, value in secrets.items() if name not in options or options[name] is not None}
    unknown = set(told) - set(option_names(model))
    wrong |= {f"{OPTION}{name}": N_("This gateway has no such setting.") for name in sorted(unknown)}
    known = {name: value for name, value in told.items() if name not in unknown}
    values = {**kept, **known, "name": arranged.name if arranged else "?", "trace": bool(arranged and arranged.trace)}
    if "kind" in model.model_fields:
        values["kind"] = kind
    settings: GatewaySettings | None = None
    try:
        settings = model.model_validate(values)
    except ValidationError as error:
        wrong |= problem_words(error, model, OPTION)
    if arranged is not None and settings is not None and not arranged.adds_signature:
        wrong |= _hindering(arranged.signature, limits_of(kind, _options(settings)))
    if wrong or arranged is None or settings is None:
        raise InvalidError(NOT_ACCEPTED, wrong)
    return SetUp(kind, arranged, _options(settings), _secrets(settings, hidden), settings)


def _hindering(signature: str, limits: Limits) -> dict[str, str]:
    """What is wrong with a signature that we have to write, and the gateway cannot: no text would ever go by it."""
    if limits.charset and lacking(signature, limits.charset):
        return {"signature": Said(Saying.NOT_IN_CHARSET, charset=limits.charset.upper())}
    if 0 < limits.longest <= len(signature_mark(signature)):
        return {"signature": Said(Saying.NO_ROOM_FOR_TEXT, count=limits.longest)}
    return {}


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _options(settings: GatewaySettings) -> dict[str, Any]:
    hidden = {*secret_names(type(settings)), *_OWN}
    return settings.model_dump(mode="json", exclude_defaults=True, exclude=hidden)


def _secrets(settings: GatewaySettings, hidden: tuple[str, ...]) -> dict[str, str]:
    values = {name: getattr(settings, name) for name in hidden}
    return {name: value.get_secret_value() for name, value in values.items() if value is not None}
