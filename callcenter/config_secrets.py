"""Secrets in the configuration: written in place, or named by reference so that the file may be shown to anyone."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, SecretStr, ValidationInfo

MAXIMUM_SECRET_BYTES = 16_384


@dataclass(frozen=True)
class Surroundings:
    """What reading a configuration needs beside its text; ``warnings`` is filled while reading."""

    folder: Path
    environment: Mapping[str, str]
    warnings: list[str] = field(default_factory=list)


def _surroundings(info: ValidationInfo) -> Surroundings:
    if not isinstance(info.context, Surroundings):
        raise TypeError("settings are validated with Surroundings as their context")
    return info.context


def _resolve_secret(value: Any, info: ValidationInfo) -> Any:
    """``"text"``, ``{ env = "NAME" }`` or ``{ file = "path" }`` → the secret; anything else is a ``ValueError``."""
    match value:
        case {"env": str(name), **rest} if not rest:
            return _from_environment(name, _surroundings(info))
        case {"file": str(path), **rest} if not rest:
            return _from_file(path, _surroundings(info))
        case str() | None:
            return value
        case _:
            raise ValueError('must be "text", { env = "NAME" } or { file = "path" }')


def _from_environment(name: str, surroundings: Surroundings) -> str:
    value = surroundings.environment.get(name, "")
    if not value:
        raise ValueError(f"the environment variable {name} is not set")
    return value


def _from_file(path: str, surroundings: Surroundings) -> str:
    file = surroundings.folder / path
    try:
        mode = file.stat().st_mode
        text = file.read_bytes()[:MAXIMUM_SECRET_BYTES].decode()
    except OSError as error:
        raise ValueError(f"the file {file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"the file {file} is not text in UTF-8") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        surroundings.warnings.append(f"{file} can be read by other users; run: chmod 600 {file}")
    if not text.strip():
        raise ValueError(f"the file {file} is empty")
    return text.strip()


def _beside_the_file(value: Path, info: ValidationInfo) -> Path:
    return _surroundings(info).folder / value.expanduser()


def _readable(value: Path) -> Path:
    if not os.access(value, os.R_OK):
        raise ValueError(f"the file {value} cannot be read")
    return value


SecretText = Annotated[SecretStr, BeforeValidator(_resolve_secret)]
"""A text that is never shown: not in errors, logs or ``repr``."""

LocalPath = Annotated[Path, AfterValidator(_beside_the_file)]
"""A path; a relative one counts from the folder of the configuration file."""

ReadablePath = Annotated[LocalPath, AfterValidator(_readable)]
"""A file that is there and can be read."""
