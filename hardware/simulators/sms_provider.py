"""HTTP SMS providers in software: ``python -m hardware.simulators.sms_provider --port 8056 --control SOCKET``.

Serves the pages of every preset of ``protocols.http_sms.presets``; ``control`` says how they answer.
"""

from __future__ import annotations

import argparse
from typing import Any

from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IListeningPort
from twisted.web.server import Site

from hardware.simulators.process import common_options, serve
from hardware.simulators.provider_books import Books
from hardware.simulators.provider_pages import Pages
from hardware.simulators.provider_requests import (
    AnswerRequest,
    CreditRequest,
    ProviderRequest,
    ReplyRequest,
    provider_parser,
)
from hardware.simulators.requests import ReplugRequest, StatusRequest, UnplugRequest
from hardware.simulators.telephone_line import Done


class SimulatedProvider:
    """The pages on a TCP port of this machine, and what they know."""

    def __init__(self, options: argparse.Namespace, reactor: ReactorBase) -> None:
        self._reactor = reactor
        self._number = options.port
        self._books = Books(reactor, options.account, options.password, options.credit)
        self._pages = Pages(self._books, reactor, options.charset, options.table)
        self._listening: IListeningPort | None = None

    def plug(self) -> None:
        """Listen."""
        if self._listening is None:
            site = Site(self._pages)  # type: ignore[no-untyped-call]
            self._listening = self._reactor.listenTCP(  # type: ignore[attr-defined]
                self._number, site, interface="127.0.0.1"
            )
            self._number = self._listening.getHost().port  # type: ignore[union-attr]

    def unplug(self) -> object:
        """Listen no more."""
        listening, self._listening = self._listening, None
        self._pages.stop()
        return None if listening is None else listening.stopListening()

    def handle(self, request: ProviderRequest, _: Done) -> dict[str, Any]:
        """Carry out one control request."""
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
            case StatusRequest():
                return self._status()
        return {}

    def _status(self) -> dict[str, Any]:
        return {
            "plugged": self._listening is not None,
            "port": self._number,
            "credit": self._books.credit,
            "sent": list(self._books.sent),
        }


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this simulator beside those that all have."""
    parser.add_argument("--port", type=int, default=0, help="where it listens (default: any free port)")
    parser.add_argument("--account", default="hospital", help="the only account (default %(default)s)")
    parser.add_argument("--password", default="secret", help="its password (default %(default)s)")
    parser.add_argument("--credit", type=int, default=1000, help="messages that are paid for (default %(default)s)")
    parser.add_argument("--charset", choices=("utf-8", "gbk"), default="utf-8", help="of sms.aspx")
    parser.add_argument("--table", choices=("a", "b"), default="a", help="codes of 56短信网 (default %(default)s)")


def run(options: argparse.Namespace, reactor: ReactorBase) -> None:
    """Be the provider until the reactor is stopped by a signal."""
    provider = SimulatedProvider(options, reactor)
    serve(reactor, options.control, provider, provider.handle, provider_parser)


def main() -> None:
    """Run the simulator until it is told to stop by SIGINT or SIGTERM."""
    from twisted.internet import reactor  # noqa: PLC0415

    parser = common_options("Simulated HTTP SMS providers.")
    add_options(parser)
    run(parser.parse_args(), reactor)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
