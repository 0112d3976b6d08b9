"""TOML text → validated settings of any model, or everything that is wrong with it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from callcenter.config_errors import ConfigurationError, Problem, explain, key_name
from callcenter.config_secrets import Surroundings
from callcenter.toml_positions import KeyPath, key_lines, line_of
from hardware.settings import LineSettings

Mistake = tuple[KeyPath, str]
"""Where something is wrong that no section sees by itself, and what to say of it."""

Model = TypeVar("Model", bound=BaseModel)


def read_text(path: Path) -> str:
    """The text of the file; ``ConfigurationError`` if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(path, [Problem(None, "", f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(path, [Problem(None, "", f"is not UTF-8 (byte {error.start})")]) from error


def validated(
    text: str,
    path: Path,
    environment: Mapping[str, str],
    model: type[Model],
    mistakes: Callable[[Model], Sequence[Mistake]],
) -> tuple[Model, tuple[str, ...]]:
    """The settings in ``text``, read from ``path``, and sentences worth showing once; or ``ConfigurationError``."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(path, [Problem(None, "", f"is not TOML: {error}")]) from error
    surroundings = Surroundings(path.absolute().parent, environment)
    lines = key_lines(text)
    try:
        settings = model.model_validate(document, context=surroundings)
    except ValidationError as error:
        raise ConfigurationError(path, explain(error, model, document, lines)) from None
    problems = [Problem(line_of(where, lines), key_name(where), message) for where, message in mistakes(settings)]
    if problems:
        raise ConfigurationError(path, problems)
    return settings, tuple(surroundings.warnings)


def line_clashes(lines: Sequence[LineSettings]) -> list[Mistake]:
    """Lines that say the same name or port twice."""
    return clashes("lines", "line", lines, "name", "port")


def clashes(section: str, what: str, entries: Sequence[Any], *keys: str) -> list[Mistake]:
    """Entries of ``section`` that have the same value twice under one of ``keys``; each is called ``what``."""
    found: list[Mistake] = []
    for key in keys:
        seen: dict[Any, int] = {}
        for index, entry in enumerate(entries):
            value = getattr(entry, key)
            if value in seen:
                found.append(((section, index, key), f'"{value}" is taken by {what} {seen[value] + 1} of the file'))
            seen.setdefault(value, index)
    return found
