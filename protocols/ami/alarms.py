"""Alarms of the PBX's line hardware: an analog port without its exchange, a digital span without its clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from protocols.ami.messages import Block
from protocols.ami.pool import Pool
from protocols.sayings import Said, Saying
from protocols.text import clean_text

_NONE = frozenset({"", "No Alarm"})


class Alarms:
    """Lines are ready while connected and without alarm."""

    def __init__(self, pools: Mapping[str, Pool]) -> None:
        self._pools = pools
        self._raised: set[str] = set()
        self._connected = ""
        self.handlers: dict[str, Callable[[Block], None]] = {
            "alarm": lambda block: self._alarm(_port(block), block.get("Alarm")),
            "alarmclear": lambda block: self._alarm(_port(block), ""),
            "dahdishowchannels": lambda block: self._alarm(_port(block), block.get("Alarm")),
            "spanalarm": lambda block: self._alarm(_span(block), block.get("Alarm")),
            "spanalarmclear": lambda block: self._alarm(_span(block), ""),
        }

    @property
    def wanted(self) -> bool:
        """Whether any line can have alarms."""
        return any(endpoint.startswith("DAHDI/") for endpoint in self._pools)

    def connected(self, version: str) -> None:
        """The PBX can be heard: every line without alarm is ready."""
        self._connected = f"manager interface {version}"
        for endpoint in self._pools.keys() - self._raised:
            self._ready(endpoint)

    def forget(self) -> None:
        """The PBX cannot be heard; what it said of alarms may be old when it is back."""
        self._connected = ""
        self._raised.clear()

    def _alarm(self, endpoint: str, alarm: str) -> None:
        if endpoint not in self._pools:
            return
        if alarm not in _NONE:
            self._raised.add(endpoint)
            self._pools[endpoint].lost(Said(Saying.BECAUSE, what=endpoint, why=clean_text(alarm)))
        elif endpoint in self._raised:
            self._raised.remove(endpoint)
            if self._connected:
                self._ready(endpoint)

    def _ready(self, endpoint: str) -> None:
        self._pools[endpoint].ready(f"Asterisk {endpoint}, {self._connected}")


def _port(block: Block) -> str:
    """The endpoint of an analog port; the key was ``Channel`` before Asterisk 10."""
    return f"DAHDI/{block.get('DAHDIChannel') or block.get('Channel')}"


def _span(block: Block) -> str:
    return f"DAHDI/i{block.get('Span')}"
