"""A GSM modem in software, which any program that drives GSM modems in PDU mode can use.

``hardware.simulators.smsc --protocol gsm`` runs it.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from twisted.internet.base import ReactorBase

from hardware.simulators.gsm_chip import GsmChip
from hardware.simulators.gsm_network import GsmNetwork
from hardware.simulators.gsm_requests import (
    FateRequest,
    GsmRequest,
    StateRequest,
    StoreRequest,
    TextRequest,
    gsm_parser,
)
from hardware.simulators.pty_port import PtyPort
from hardware.simulators.requests import RawRequest, RefusedError, ReplugRequest, StatusRequest, UnplugRequest
from hardware.simulators.smsc_requests import DropRequest, MessagesRequest, Treatment, TreatRequest
from hardware.simulators.telephone_line import Done


class SimulatedGsmModem:
    """Modem, network and terminal together. ``options`` as ``hardware.simulators.smsc`` has them for GSM.

    The terminal is beside the control socket if no link is given. Raises ``RefusedError`` for a ``treatment`` that
    networks do not have.
    """

    requests = gsm_parser

    def __init__(self, options: argparse.Namespace, reactor: ReactorBase, treatment: Treatment) -> None:
        self._options = options
        self._link = options.link or options.control.with_name(options.control.name + ".modem")
        self._port = PtyPort(self._link, self._received, reactor)
        self._network = GsmNetwork(reactor, options.speed, treatment, options.kept)
        self._chip = GsmChip(self._network, self._port.write, reactor, options.pin, options.places)
        self._network.mobile = self._chip

    def set_up(self) -> Mapping[str, str]:
        """What a gateway of ours on it is set up with."""
        return {"port": str(self._link.absolute()), "pin": self._options.pin}

    def plug(self) -> None:
        """The modem appears, switched on."""
        self._chip.power_on()
        self._port.plug()

    def unplug(self) -> None:
        """It is pulled out."""
        self._port.unplug()
        self._chip.stop()

    def drop(self, after: int) -> None:
        """Out and in again. Raises ``RefusedError``."""
        if after:
            raise RefusedError("a GSM modem is pulled out once and comes back: it is not dropped after so many")
        self.unplug()
        self.plug()

    def _received(self, data: bytes) -> None:
        self._chip.receive(data)

    def handle(self, request: GsmRequest, _: Done) -> dict[str, Any]:
        """Carry out one control request."""
        match request:
            case TextRequest():
                self._network.write(request)
            case TreatRequest():
                self._network.treat(request)
            case DropRequest(after=after):
                self.drop(after)
            case MessagesRequest(last=last):
                return {"messages": list(self._network.sent)[-last:]}
            case StatusRequest():
                return self._status()
            case _:
                self._happen(request)
        return {}

    def _happen(
        self, request: FateRequest | StateRequest | StoreRequest | RawRequest | UnplugRequest | ReplugRequest
    ) -> None:
        """What only a modem can be asked."""
        match request:
            case FateRequest():
                self._network.decide(request)
            case StateRequest():
                self._chip.change(request)
                self._network.retry()
            case StoreRequest():
                self._chip.store(request)
            case RawRequest(data=data):
                self._port.write(bytes.fromhex(data))
            case UnplugRequest():
                self.unplug()
            case ReplugRequest():
                self.plug()

    def _status(self) -> dict[str, Any]:
        return {
            "plugged": self._port.plugged,
            **self._chip.status(),
            **self._network.counts,
            "sent": list(self._network.sent),
        }
