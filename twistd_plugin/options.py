"""The command line of ``twistd callcenter``."""

from __future__ import annotations

from pathlib import Path

from twisted.python import usage

DEFAULT_CONFIGURATION = "callcenter.toml"


class Options(usage.Options):
    """Everything else is in the configuration file."""

    synopsis = "[--config=FILE]"
    optParameters = [  # noqa: RUF012 - the name and shape that Twisted reads
        ["config", "c", DEFAULT_CONFIGURATION, "Configuration file."]
    ]

    @property
    def configuration(self) -> Path:
        """The configuration file, absolute: twistd changes its folder when it becomes a daemon."""
        return Path(str(self["config"])).absolute()
