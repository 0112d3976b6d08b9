"""``callcenter check-config``: say whether the daemon could start with a configuration."""

from __future__ import annotations

import argparse
from typing import Any

from callcenter.config import Configuration, load
from twistd_plugin.commands.output import config_option, json_option, remark, say, say_json
from twistd_plugin.listener import tls_options


def add_parser(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("check-config", help="check a configuration file")
    config_option(parser)
    json_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Read the file; every mistake is in the error."""
    configuration = load(options.config)
    if configuration.settings.web.tls is not None:
        tls_options(configuration.settings.web.tls)
    for warning in configuration.warnings:
        remark(f"warning: {warning}")
    if options.json:
        say_json(configuration.settings.model_dump(mode="json"))
    else:
        say(_summary(configuration))
    return 0


def _summary(configuration: Configuration) -> str:
    settings = configuration.settings
    lines = ", ".join(f"{line.name} ({line.driver} on {line.port})" for line in settings.lines) or "none"
    return (
        f"{configuration.path} is right.\n"
        f"  pages on {settings.web.interface} port {settings.web.port}\n"
        f"  data in {settings.var.folder}\n"
        f"  lines: {lines}"
    )
