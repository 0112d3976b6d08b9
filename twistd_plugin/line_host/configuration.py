"""linehost.toml → typed settings, with errors like those of callcenter.toml."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from callcenter.config_reading import Mistake, line_clashes, read_text, validated
from callcenter.config_secrets import ReadablePath, SecretText
from callcenter.sections import Section
from callcenter.settings import VarSettings
from hardware.settings import DriverName, LineSettings
from protocols.line_host.codec import MAX_LINES

ENTRANCE = "/line-host"
"""Where the server expects line hosts."""
_ELSEWHERE = {
    DriverName.ASTERISK: "a PBX is reached from the server itself: configure its lines there",
    DriverName.LINE_HOST: "a line host serves devices of its own",
}


class ServerSettings(Section):
    """``[server]``: whose lines these are."""

    url: Annotated[str, Field(description="Address of the call center, such as wss://calls.example.org.")]
    token: Annotated[
        SecretText,
        Field(description='What `callcenter line-host-token` printed, best as { env = "NAME" } or { file = "path" }.'),
    ]
    authorities: Annotated[
        ReadablePath | None,
        Field(description="PEM file of whom to trust instead of the system's authorities: the hospital's own CA."),
    ] = None

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        try:
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise ValueError(f"is no address: {error}") from error
        surplus = parts.username or parts.query or parts.fragment
        if parts.scheme not in ("ws", "wss") or not host or port == 0 or surplus:
            raise ValueError("must be wss://host or wss://host:port")
        if parts.scheme == "ws" and not _on_this_computer(host):
            raise ValueError("must begin with wss://: anyone on the network could read token and calls")
        return f"{parts.scheme}://{parts.netloc}{parts.path if parts.path.strip('/') else ENTRANCE}"

    @field_validator("token")
    @classmethod
    def _sendable(cls, value: SecretStr) -> SecretStr:
        token = value.get_secret_value()
        if not token.isascii() or not token.isprintable() or " " in token or not 1 <= len(token) <= 200:
            raise ValueError("must be one word of at most 200 characters")
        return value


def _on_this_computer(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class HostLoggingSettings(Section):
    """``[logging]``: what the line host says about itself."""

    format: Annotated[Literal["text", "json"], Field(description="Readable lines, or one JSON object a line.")] = "text"
    level: Annotated[
        Literal["debug", "info", "warn", "error"], Field(description="Events below this level are left out.")
    ] = "info"


class HostLineSettings(LineSettings):
    """``[[lines]]``: as in callcenter.toml, but for what only the server knows. ``name`` is its ``line`` there."""

    @field_validator("driver")
    @classmethod
    def _of_a_box(cls, driver: DriverName) -> DriverName:
        if driver in _ELSEWHERE:
            raise ValueError(f"is not for a line host: {_ELSEWHERE[driver]}")
        return driver

    @field_validator("group", "bound_agent")
    @classmethod
    def _at_the_server(cls, value: str) -> str:
        if value:
            raise ValueError("is set in the server's callcenter.toml")
        return value


class HostSettings(Section):
    """The whole file."""

    server: Annotated[ServerSettings, Field(description="The call center.")]
    var: Annotated[VarSettings, Field(default_factory=dict, description="The data folder.")]
    logging: Annotated[HostLoggingSettings, Field(description="Logs.")] = HostLoggingSettings()
    lines: Annotated[tuple[HostLineSettings, ...], Field(description="One [[lines]] for each phone line, 1 to 64.")]

    @property
    def memory(self) -> Path:
        """The file of what the server has not written down yet."""
        return self.var.folder / "line-host.db"

    @property
    def trace_folder(self) -> Path:
        """Where raw line traces go."""
        return self.var.folder / "traces"


@dataclass(frozen=True)
class HostConfiguration:
    """A file that was read and found right. ``warnings`` are sentences worth showing once."""

    settings: HostSettings
    warnings: tuple[str, ...] = ()


def load(path: Path, environment: Mapping[str, str] = os.environ) -> HostConfiguration:
    """Read and check ``path``. Raises ``ConfigurationError`` listing everything that is wrong, with line numbers."""
    return parse(read_text(path), path, environment)


def parse(text: str, path: Path, environment: Mapping[str, str]) -> HostConfiguration:
    """Check ``text`` as if it had been read from ``path``; raises like ``load``."""
    settings, warnings = validated(text, path, environment, HostSettings, _mistakes)
    return HostConfiguration(settings, warnings)


def _mistakes(settings: HostSettings) -> list[Mistake]:
    if not 1 <= len(settings.lines) <= MAX_LINES:
        return [(("lines",), f"there must be 1 to {MAX_LINES} [[lines]]")]
    return line_clashes(settings.lines)
