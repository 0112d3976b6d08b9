"""SMS gateways as people set them up: the words of kinds, states and settings, and the inputs for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from callcenter.text import N_

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "cmpp2": N_("CMPP 2.0 (China Mobile)"),
        "cmpp3": N_("CMPP 3.0 (China Mobile)"),
        "smpp": N_("SMPP 3.4"),
        "gsm": N_("GSM modem with a SIM card"),
        "http": N_("HTTP provider"),
    }
)

STATES: Mapping[str, str] = MappingProxyType(
    {
        "ready": N_("Ready"),
        "connecting": N_("Connecting"),
        "lost": N_("Connection lost"),
        "refused": N_("Refused by the gateway"),
        "out_of_service": N_("Out of service"),
        "stopped": N_("Stopped"),
    }
)
MARKS: Mapping[str, str] = MappingProxyType(
    {"ready": "idle", "connecting": "ringing", "lost": "lost", "refused": "lost", "out_of_service": "out_of_service"}
)
"""State → the mark of lines that looks alike."""

COUNTINGS: Mapping[str, str] = MappingProxyType(
    {"china": N_("Every character one: 70, then 67"), "gsm": N_("GSM alphabet: 160/153, else 70/67")}
)

_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "rate": N_("Most SMS parts per second"),
        "window": N_("Most parts without an answer"),
        "host": N_("Host"),
        "port": N_("Port"),
        "secret": N_("Password"),
        "password": N_("Password"),
        "connections": N_("Connections"),
        "heartbeat": N_("Heartbeat, seconds"),
        "answer_timeout": N_("Wait for answers, seconds"),
        "numbers": N_("How numbers are written"),
        "country": N_("Country code"),
        "validity": N_("How validity is written"),
        "utc_offset": N_("The gateway’s clock, hours ahead of UTC"),
        "sp_id": N_("Account (SP_Id)"),
        "sp_number": N_("Access number"),
        "service_id": N_("Service id"),
        "system_id": N_("Account (system_id)"),
        "system_type": N_("System type"),
        "user": N_("User"),
        "account": N_("Account"),
        "url": N_("Address (URL)"),
        "provider": N_("Provider"),
        "pin": N_("PIN of the SIM card"),
        "baud": N_("Bits per second"),
        "smsc": N_("Number of the SMS centre"),
    }
)
"""What every hospital sets; the rest is called as the protocol's documents call it."""


@dataclass(frozen=True)
class Setting:
    """An input for one setting. ``choices`` is empty where something is typed; ``given`` says that a secret is kept,
    and ``removable`` that it need not be; ``removed``, that it is to go.
    """

    name: str
    label: str
    value: str
    needed: bool
    secret: bool
    flag: bool
    choices: tuple[str, ...]
    hint: str
    given: bool
    removable: bool
    removed: bool


def setting_inputs(
    schema: Mapping[str, Any],
    options: tuple[str, ...],
    secrets: tuple[str, ...],
    values: Mapping[str, Any],
    kept: tuple[str, ...],
    say: Callable[[str], str],
) -> list[Setting]:
    """The inputs for what a kind takes, by its JSON Schema. What is no single value is set through the API."""
    found: list[Setting] = []
    for name in options:
        shape = _resolved(schema, schema["properties"][name])
        kind = shape.get("type", "")
        choices = tuple(map(str, shape.get("enum", ())))
        if kind not in ("string", "integer", "number", "boolean") and not choices:
            continue
        secret = name in secrets
        default = schema["properties"][name].get("default", "")
        value = "" if secret else _shown(values.get(name, default))
        found.append(
            Setting(
                name=name,
                label=say(_LABELS[name]) if name in _LABELS else name,
                value=value,
                needed=name in schema.get("required", ()) and not (secret and name in kept),
                secret=secret,
                flag=kind == "boolean",
                choices=choices,
                hint=_range(shape),
                given=name in kept,
                removable=name in kept and name not in schema.get("required", ()),
                removed=name in values and values[name] is None,
            )
        )
    return sorted(found, key=lambda one: not one.needed and not one.secret)


def _resolved(schema: Mapping[str, Any], shape: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow a reference, and take what is not null of a choice."""
    if "$ref" in shape:
        return _resolved(schema, schema["$defs"][shape["$ref"].rpartition("/")[2]])
    if "anyOf" in shape:
        return _resolved(schema, next(one for one in shape["anyOf"] if one.get("type") != "null"))
    return shape


def _range(shape: Mapping[str, Any]) -> str:
    low = shape.get("minimum", shape.get("exclusiveMinimum"))
    high = shape.get("maximum")
    return f"{low} – {high}" if low is not None and high is not None else ""


def _shown(value: Any) -> str:
    return "" if value is None else str(value).removesuffix(".0")


def read_options(fields: Mapping[str, Any], inputs: list[Setting]) -> dict[str, Any]:
    """What was typed into ``inputs``, for ``Gateways.edit``: None where nothing was, which is the default. A secret
    stays as it is then, unless it is to be removed.
    """
    return {one.name: _typed(one, fields) for one in inputs}


def _typed(one: Setting, fields: Mapping[str, Any]) -> Any:
    typed = fields.get(f"o-{one.name}", "")
    if one.flag:
        return bool(typed)
    if one.secret and not typed:
        return None if one.removable and fields.get(f"x-{one.name}") else ""
    return typed or None
