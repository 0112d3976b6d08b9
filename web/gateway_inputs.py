"""The form's inputs for what a kind of SMS gateway takes, made from its JSON Schema, and what was typed into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callcenter.text import N_, Text, translated
from hardware.gateways.mapping_lines import lines_of
from protocols.http_sms.presets import Preset
from web.gateway_setting_words import CHOICES, words_for

Say = Callable[[str], str]

_OWN = "own"
_SIMPLE = ("string", "integer", "number", "boolean")
_FRONT = (
    "preset", "url", "host", "port", "sp_id", "system_id", "account", "secret", "password", "company", "sp_number",
    "pin",
)  # fmt: skip
"""What stands above the rest, in this order, though some of it need not be set."""


@dataclass(frozen=True)
class Choice:
    """One of what can be chosen."""

    code: str
    label: str


@dataclass(frozen=True)
class Setting:
    """An input for one setting. ``choices`` is empty where something is typed, ``lines`` where that is more than one;
    ``given`` says that a secret is kept, ``removable`` that it need not be, ``removed`` that it is to go, and ``lost``
    that it was typed and is not shown again. Those of a provider of one's own are called ``own.NAME``.
    """

    name: str
    label: str
    help: str
    value: str
    needed: bool
    secret: bool
    flag: bool
    lines: bool
    choices: tuple[Choice, ...]
    given: bool
    removable: bool
    removed: bool
    lost: bool

    @property
    def own(self) -> bool:
        """Whether it describes a provider of one's own."""
        return self.name.startswith(f"{_OWN}.")

    @property
    def front(self) -> bool:
        """Whether it is among what everybody sets."""
        return not self.own and (self.needed or self.name in _FRONT)

    @property
    def rank(self) -> int:
        """Where it stands: the smaller, the earlier."""
        if self.name in _FRONT:
            return _FRONT.index(self.name)
        return len(_FRONT) + (2 if self.own else 0 if self.front else 1)

    @property
    def shown(self) -> str:
        """Its value as people read it."""
        return next((one.label for one in self.choices if one.code == self.value), self.value)


@dataclass(frozen=True)
class GatewayKindForm:
    """What a form of ``kind`` can set: ``options`` by ``schema``, of which ``secrets`` are never shown."""

    kind: str
    schema: Mapping[str, Any]
    options: Sequence[str]
    secrets: Sequence[str]

    def inputs(self, values: Mapping[str, Any], kept: Sequence[str], say: Say) -> list[Setting]:
        """The inputs, filled with ``values`` or the defaults; ``kept`` are the secrets that there are."""
        found = list(self._inputs(self.schema, "", self.options, values, kept, say))
        return sorted(found, key=lambda one: one.rank)

    def _inputs(
        self,
        holder: Mapping[str, Any],
        prefix: str,
        names: Sequence[str],
        values: Mapping[str, Any],
        kept: Sequence[str],
        say: Say,
    ) -> Iterator[Setting]:
        for name in names:
            shape = _resolved(self.schema, holder["properties"][name])
            if "properties" in shape:
                inner = values.get(name) or {}
                yield from self._inputs(shape, f"{prefix}{name}.", list(shape["properties"]), inner, (), say)
            elif not _fixed(shape) and (shape.get("type") in (*_SIMPLE, "object") or "enum" in shape):
                yield self._input(holder, shape, prefix, name, values, kept, say)

    def _input(
        self,
        holder: Mapping[str, Any],
        shape: Mapping[str, Any],
        prefix: str,
        name: str,
        values: Mapping[str, Any],
        kept: Sequence[str],
        say: Say,
    ) -> Setting:
        words = words_for(self.kind, prefix + name)
        secret = not prefix and name in self.secrets
        required = name in holder.get("required", ())
        value = values.get(name)
        choices = _choices(prefix + name, shape, say)
        about = say(words.help) if words else ""
        default = holder["properties"][name].get("default", "")
        return Setting(
            name=prefix + name,
            label=say(words.label) if words else name,
            help=about if choices else _beside(about, _range(shape, say)),
            value="" if secret else _written(default if value is None else value),
            needed=required and not (secret and name in kept),
            secret=secret,
            flag=shape.get("type") == "boolean",
            lines=shape.get("type") == "object",
            choices=choices,
            given=name in kept,
            removable=name in kept and not required,
            removed=secret and name in values and value is None,
            lost=secret and bool(value),
        )


def read_options(fields: Mapping[str, Any], inputs: Sequence[Setting]) -> dict[str, Any]:
    """What was typed into ``inputs``: None where nothing was, which is the default. A secret stays as it is then,
    unless it is to be removed. What describes a provider of one's own is in ``own``.
    """
    typed: dict[str, Any] = {one.name: _typed(one, fields) for one in inputs if not one.own}
    own = {one.name.partition(".")[2]: _typed(one, fields) for one in inputs if one.own}
    if own:
        typed[_OWN] = {name: value for name, value in own.items() if value is not None}
    return typed


def sent_options(typed: Mapping[str, Any]) -> dict[str, Any]:
    """What the service is told of ``typed``: a provider of one's own goes with no other."""
    unused = _OWN in typed and typed.get("preset") != Preset.CUSTOM
    return {**typed, _OWN: None} if unused else dict(typed)


def _typed(one: Setting, fields: Mapping[str, Any]) -> Any:
    typed = str(fields.get(f"o-{one.name}", ""))
    if one.flag:
        return bool(typed)
    if one.secret and not typed:
        return None if one.removable and fields.get(f"x-{one.name}") else ""
    # Browsers end each line of a form with CR LF (HTML, 4.10.22.4); what is kept has LF.
    return (typed if one.secret else typed.strip().replace("\r\n", "\n")) or None


def _resolved(schema: Mapping[str, Any], shape: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow a reference, and take what is not null of a choice."""
    if "$ref" in shape:
        return _resolved(schema, schema["$defs"][shape["$ref"].rpartition("/")[2]])
    if "anyOf" in shape:
        return _resolved(schema, next(one for one in shape["anyOf"] if one.get("type") != "null"))
    return shape


def _choices(name: str, shape: Mapping[str, Any], say: Say) -> tuple[Choice, ...]:
    words = CHOICES.get(name, {})
    codes = [str(code) for code in shape.get("enum", words)]
    return tuple(Choice(code, say(words.get(code, code))) for code in codes)


def _fixed(shape: Mapping[str, Any]) -> bool:
    return shape.get("minimum") is not None and shape.get("minimum") == shape.get("maximum")


def _range(shape: Mapping[str, Any], say: Say) -> str:
    low, high = shape.get("minimum"), shape.get("maximum")
    if high is None:
        return ""
    if low is None:
        return translated(say, Text(N_("At most {maximum}."), maximum=_written(high)))
    return translated(say, Text(N_("From {minimum} to {maximum}."), minimum=_written(low), maximum=_written(high)))


def _beside(sentence: str, other: str) -> str:
    """Chinese has no blank behind its full stop."""
    return sentence + other if sentence.endswith("。") else f"{sentence} {other}".strip()


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        return lines_of(value)
    return "" if value is None else str(value).removesuffix(".0")
