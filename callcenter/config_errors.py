"""What is wrong with a configuration, said so that it can be mended without looking elsewhere."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from callcenter.toml_positions import KeyPath, line_of

_SHOWN_VALUE = 60


@dataclass(frozen=True)
class Problem:
    """One thing to mend. ``line`` is None when the file says nothing about ``key``."""

    line: int | None
    key: str
    message: str


class ConfigurationError(Exception):
    """The configuration cannot be used. Its text has one ``file:line: key: what is wrong`` for each problem."""

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        self.path = path
        self.problems = tuple(problems)
        super().__init__("\n".join(self._sentence(problem) for problem in self.problems))

    def _sentence(self, problem: Problem) -> str:
        place = f"{self.path}:{problem.line}" if problem.line else str(self.path)
        return ": ".join(part for part in (place, problem.key, problem.message) if part)


def key_name(path: KeyPath) -> str:
    """``("lines", 1, "port")`` → ``lines[2].port``: entries are counted from 1, as people do."""
    name = ""
    for part in path:
        name += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if name else part
    return name


def explain(
    error: ValidationError, model: type[BaseModel], document: Mapping[str, Any], lines: Mapping[KeyPath, int]
) -> list[Problem]:
    """Every problem of ``error``, in the order of the file. ``document`` is what was validated."""
    found: dict[KeyPath, Problem] = {}
    for details in error.errors(include_url=False):
        path, owner, field = _follow(details["loc"], model)
        if details["type"] == "extra_forbidden":
            message = _unknown_key(str(path[-1]), owner)
        else:
            message = _message(details, _value_at(document, path), field)
        # Several for one key are the branches of a union: the first says enough.
        found.setdefault(path, Problem(line_of(path, lines), key_name(path), message))
    return sorted(found.values(), key=lambda problem: problem.line or 0)


def _follow(location: Sequence[str | int], model: type[BaseModel]) -> tuple[KeyPath, type[BaseModel], FieldInfo | None]:
    """Where ``location`` leads: the keys of the file, the section they end in, the field if there is one.

    pydantic's location also names the branch of a union that failed; the file knows nothing of it.
    """
    path: list[str | int] = []
    owner: type[BaseModel] = model
    inner: type[BaseModel] | None = model
    field: FieldInfo | None = None
    for part in location:
        if isinstance(part, int):
            path.append(part)
        elif inner is not None:
            path.append(part)
            owner = inner
            field = owner.model_fields.get(part)
            inner = _section_in(field.annotation) if field is not None else None
    return tuple(path), owner, field


def _section_in(annotation: Any) -> type[BaseModel] | None:
    """The section that ``annotation`` is, may be, or is a sequence of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, UnionType, tuple, list):
        return next((found for argument in get_args(annotation) if (found := _section_in(argument))), None)
    return None


def _unknown_key(key: str, owner: type[BaseModel]) -> str:
    known = sorted(owner.model_fields)
    near = difflib.get_close_matches(key, known, n=1)
    guess = f'did you mean "{near[0]}"? ' if near else ""
    return f"is not a setting; {guess}Allowed here: {', '.join(known)}"


def _message(details: Mapping[str, Any], value: Any, field: FieldInfo | None) -> str:
    allowed = (field.description or "") if field is not None else ""
    match details["type"]:
        case "missing":
            text = "is missing"
        case "value_error":
            text = f"{_shown(value, field)}{details['ctx']['error']}"
        case "literal_error" | "enum":
            text = (
                f"{_shown(value, field)}is not allowed; must be {details['ctx']['expected']}{_nearest(value, details)}"
            )
        case _:
            text = f"{_shown(value, field)}is not allowed: {_plain(details['msg'])}"
    return f"{text}. {allowed}" if allowed else text


def _plain(message: str) -> str:
    """pydantic's sentence without its subject: "Input should be less than 3" → "should be less than 3"."""
    return message.removeprefix("Input ").removeprefix("Value ")


def _nearest(value: Any, details: Mapping[str, Any]) -> str:
    expected = [word.strip("' ") for word in details["ctx"]["expected"].replace(" or ", ",").split(",")]
    near = difflib.get_close_matches(str(value), expected, n=1)
    return f' (did you mean "{near[0]}"?)' if near else ""


def _shown(value: Any, field: FieldInfo | None) -> str:
    """A short value to recognise the mistake by; never a secret, never a whole section."""
    if (field is not None and _is_secret(field.annotation)) or not isinstance(value, str | int | float):
        return ""
    text = json.dumps(value, ensure_ascii=False)
    return f"{text[:_SHOWN_VALUE]}… " if len(text) > _SHOWN_VALUE else f"{text} "


def _is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(_is_secret(argument) for argument in get_args(annotation))


def _value_at(document: Any, path: KeyPath) -> Any:
    for part in path:
        try:
            document = document[part]
        except (KeyError, IndexError, TypeError):
            return None
    return document
