"""``callcenter …`` with SMS gateways that a test scripts: they accept everything, and hear what stands in a file.

Each line of ``sms.jsonl`` in the folder ``SMS_FOLDER`` is told once, in order. ``{"text", "from"}`` comes in,
``{"receipt": "delivered", "number"}`` is the receipt for the last part sent there.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

import twistd_plugin.messaging
from callcenter.messaging.gateway_settings import GatewayKinds
from hardware.gateways.settings import GatewayKind, GatewaySettings
from protocols.sms import Fate, GatewayListener, GatewaySignal, Part, PartAccepted, ReceiptArrived, TextArrived
from tests.peers.scripted_gateway import ScriptedGateway
from twistd_plugin.commands import main

EVERY = 0.1


class PlaySettings(GatewaySettings):
    """What such a gateway takes."""

    host: str = Field(default="localhost", max_length=60)


class PlayedGateway(ScriptedGateway):
    """Reads the file while it runs. Blocks a moment, as only a test may."""

    def start(self, listener: GatewayListener) -> None:
        self.told = 0
        super().start(listener)
        self._look()

    def _look(self) -> None:
        if self.stopped:
            return
        try:
            lines = (Path(os.environ["SMS_FOLDER"]) / "sms.jsonl").read_text("utf-8").splitlines()
        except OSError:
            lines = []
        for line in lines[self.told :]:
            self.told += 1
            self.say(self._signal(json.loads(line)))
        self.clock.callLater(EVERY, self._look)

    def _signal(self, said: dict[str, Any]) -> GatewaySignal:
        if "text" in said:
            return TextArrived(said["from"], "10690001", said["text"], gateway_id=f"in-{self.told}", written=_nothing)
        part = [one for one in self.given if one.number == said["number"]][-1]
        return ReceiptArrived(f"id-{part.key}", Fate(said["receipt"]), "DELIVRD", number=part.number, written=_nothing)


def _nothing() -> None:
    """Nobody keeps it until it is written."""


def _accept(part: Part) -> Sequence[GatewaySignal]:
    return [PartAccepted(part.key, f"id-{part.key}")]


def kinds() -> GatewayKinds:
    """One kind, that plays."""
    from twisted.internet import reactor

    clock: Any = reactor
    return GatewayKinds({GatewayKind.CMPP2: PlaySettings}, lambda settings: PlayedGateway(clock, answer=_accept))


if __name__ == "__main__":
    twistd_plugin.messaging.gateway_kinds = kinds
    sys.exit(main())
