"""HTTP SMS providers in software: the pages of every preset of ``protocols.http_sms.presets``.

``hardware.simulators.smsc --protocol http`` runs them.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IListeningPort
from twisted.protocols.policies import WrappingFactory
from twisted.web.server import Site

from hardware.simulators.provider_books import Books
from hardware.simulators.provider_pages import Pages
from hardware.simulators.provider_requests import (
    AnswerRequest,
    CreditRequest,
    ProviderRequest,
    ReplyRequest,
    provider_parser,
    reply_of,
)
from hardware.simulators.requests import ReplugRequest, StatusRequest, UnplugRequest
from hardware.simulators.smsc_requests import DropRequest, MessagesRequest, TextRequest, Treatment, TreatRequest
from hardware.simulators.telephone_line import Done


class SimulatedProvider:
    """The pages on a TCP port of this machine, and what they know. ``options`` as ``hardware.simulators.smsc`` has them
    for HTTP. Raises ``RefusedError`` for a ``treatment`` that providers do not have.
    """

    requests = provider_parser

    def __init__(self, options: argparse.Namespace, reactor: ReactorBase, treatment: Treatment) -> None:
        self._options = options
        self._reactor = reactor
        self._port = options.port
        self._books = Books(reactor, options.user, options.secret, options.credit, treatment, options.kept)
        self._pages = Pages(self._books, reactor, options.charset, options.table)
        self._connections = WrappingFactory(Site(self._pages))  # type: ignore[no-untyped-call]
        self._listening: IListeningPort | None = None

    def set_up(self) -> Mapping[str, str]:
        """What a gateway of ours on it is set up with."""
        return {
            "url": f"http://127.0.0.1:{self._port}/",
            "preset": "sms_aspx" if self._options.charset == "utf-8" else "sms_aspx_gbk",
            "account": self._options.user,
            "password": self._options.secret,
            "sender": self._options.number,
            "inside": "true",
        }

    def plug(self) -> None:
        """Listen."""
        if self._listening is None:
            self._listening = self._reactor.listenTCP(  # type: ignore[attr-defined]
                self._port, self._connections, interface="127.0.0.1"
            )
            self._port = self._listening.getHost().port  # type: ignore[union-attr]

    def unplug(self) -> object:
        """Listen no more."""
        listening, self._listening = self._listening, None
        self._pages.stop()
        return None if listening is None else listening.stopListening()

    def drop(self, after: int) -> None:
        """Cut all connections, and those of later requests, one in ``after``."""
        self._pages.close_after = after
        for connection in tuple(self._connections.protocols):
            connection.abortConnection()

    def handle(self, request: ProviderRequest, _: Done) -> dict[str, Any]:
        """Carry out one control request."""
        match request:
            case TreatRequest():
                self._books.treat(request)
            case TextRequest():
                self._books.write(reply_of(request, self._options.number), request.copies)
            case DropRequest(after=after):
                self.drop(after)
            case MessagesRequest(last=last):
                return {"messages": list(self._books.sent)[-last:]}
            case StatusRequest():
                return self._status()
            case _:
                self._happen(request)
        return {}

    def _happen(self, request: AnswerRequest | ReplyRequest | CreditRequest | UnplugRequest | ReplugRequest) -> None:
        """What only a provider can be asked."""
        match request:
            case AnswerRequest():
                self._books.decide(request)
            case ReplyRequest():
                self._books.write(request)
            case CreditRequest(messages=messages):
                self._books.credit = messages
            case UnplugRequest():
                self.unplug()
            case ReplugRequest():
                self.plug()

    def _status(self) -> dict[str, Any]:
        return {
            "plugged": self._listening is not None,
            "port": self._port,
            "credit": self._books.credit,
            **self._books.counts,
            "sent": list(self._books.sent),
        }
