"""callcenter.toml → typed, frozen settings, or everything that is wrong with it."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from callcenter.config_errors import ConfigurationError, Problem, explain, key_name
from callcenter.config_pbx import pbx_mistakes
from callcenter.config_secrets import Surroundings
from callcenter.settings import Settings
from callcenter.toml_positions import KeyPath, key_lines, line_of

__all__ = ["Configuration", "ConfigurationError", "Settings", "load", "parse"]


@dataclass(frozen=True)
class Configuration:
    """A file that was read and found right. ``warnings`` are sentences worth showing once."""

    path: Path
    settings: Settings
    warnings: tuple[str, ...] = ()


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Configuration:
    """Read and check ``path``. Raises ``ConfigurationError`` listing everything that is wrong, with line numbers."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(path, [Problem(None, "", f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(path, [Problem(None, "", f"is not UTF-8 (byte {error.start})")]) from error
    return parse(text, path, environment)


def parse(text: str, path: Path, environment: Mapping[str, str]) -> Configuration:
    """Check ``text`` as if it had been read from ``path``; raises like ``load``."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(path, [Problem(None, "", f"is not TOML: {error}")]) from error
    surroundings = Surroundings(path.absolute().parent, environment)
    lines = key_lines(text)
    try:
        settings = Settings.model_validate(document, context=surroundings)
    except ValidationError as error:
        raise ConfigurationError(path, explain(error, Settings, document, lines)) from None
    mistakes = [*_clashes(settings), *pbx_mistakes(settings)]
    problems = [Problem(line_of(where, lines), key_name(where), message) for where, message in mistakes]
    if problems:
        raise ConfigurationError(path, problems)
    return Configuration(path, settings, tuple(surroundings.warnings))


def _clashes(settings: Settings) -> list[tuple[KeyPath, str]]:
    """Lines and webhooks that say the same name or port twice."""
    found: list[tuple[KeyPath, str]] = []
    for section, key, what in (("lines", "name", "line"), ("lines", "port", "line"), ("webhooks", "name", "webhook")):
        seen: dict[Any, int] = {}
        for index, entry in enumerate(getattr(settings, section)):
            value = getattr(entry, key)
            if value in seen:
                found.append(((section, index, key), f'"{value}" is taken by {what} {seen[value] + 1} of the file'))
            seen.setdefault(value, index)
    return found
