"""Reading octets one field after another, never beyond the end."""

from __future__ import annotations

from protocols.gsm_modem.messages import PduError


class Octets:
    """What is left of ``data``. Everything raises ``PduError`` where less is left than is asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    @property
    def left(self) -> int:
        """How many octets are left."""
        return len(self._data) - self._place

    def one(self) -> int:
        """The next octet."""
        return self.take(1)[0]

    def take(self, count: int) -> bytes:
        """The next ``count`` octets."""
        if count > self.left:
            raise PduError(f"ends early, at octet {len(self._data)}: {self._data[:200].hex()}")
        taken = self._data[self._place : self._place + count]
        self._place += count
        return taken
