"""callcenter.toml → typed, frozen settings, or everything that is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from callcenter.config_errors import ConfigurationError
from callcenter.config_pbx import pbx_mistakes
from callcenter.config_reading import Mistake, clashes, line_clashes, read_text, validated
from callcenter.settings import Settings

__all__ = ["Configuration", "ConfigurationError", "Settings", "load", "parse"]


@dataclass(frozen=True)
class Configuration:
    """A file that was read and found right. ``warnings`` are sentences worth showing once."""

    path: Path
    settings: Settings
    warnings: tuple[str, ...] = ()


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Configuration:
    """Read and check ``path``. Raises ``ConfigurationError`` listing everything that is wrong, with line numbers."""
    return parse(read_text(path), path, environment)


def parse(text: str, path: Path, environment: Mapping[str, str]) -> Configuration:
    """Check ``text`` as if it had been read from ``path``; raises like ``load``."""
    settings, warnings = validated(text, path, environment, Settings, mistakes)
    return Configuration(path, settings, warnings)


def mistakes(settings: Settings) -> list[Mistake]:
    """What is wrong between sections that are right each by itself."""
    hooks = clashes("webhooks", "webhook", settings.webhooks, "name")
    return [*line_clashes(settings.lines), *pbx_mistakes(settings), *hooks, *_text_clashes(settings)]


def _text_clashes(settings: Settings) -> list[Mistake]:
    """Webhooks and texts stand side by side in the records, each under its own name."""
    hooks = {hook.name for hook in settings.webhooks}
    taken: list[Mistake] = [
        (("alarm_texts", index, "name"), f'"{one.name}" is taken by a webhook of the file')
        for index, one in enumerate(settings.alarm_texts)
        if one.name in hooks
    ]
    return [*clashes("alarm_texts", "alarm_texts", settings.alarm_texts, "name"), *taken]
