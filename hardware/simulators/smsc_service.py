"""A simulated SMS gateway: its listening port, its connections, and what it does with messages."""

from __future__ import annotations

import heapq
import random
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IAddress, IDelayedCall
from twisted.internet.protocol import Factory

from hardware.simulators.requests import RawRequest, RefusedError, StatusRequest
from hardware.simulators.smsc_client import SmscClient
from hardware.simulators.smsc_requests import (
    Behaviour,
    DropRequest,
    MessagesRequest,
    SmscRequest,
    TextRequest,
    Treatment,
    TreatRequest,
    smsc_requests,
)
from hardware.simulators.smsc_speech import Speech, Submission, contents
from hardware.simulators.telephone_line import Done
from hardware.simulators.treating import Treating

KEPT = 1000
"""How many messages are kept to be told."""
_USUAL_REFUSAL, _HIGHEST_REFUSAL = 13, 255
_GRAIN = 0.02
"""Seconds in which what is due is gathered: thousands a second need no timer each."""


class SimulatedSmsc(Factory):
    """The gateway, at ``port`` once it has started.

    ``speech`` makes what one connection speaks; ``tls`` are the options of a server's certificate.
    The last ``kept`` messages can be told. ``account`` is what our gateways are set up with beside host and port.
    """

    noisy = False
    requests = smsc_requests

    def __init__(
        self,
        reactor: ReactorBase,
        speech: Callable[[], Speech],
        treatment: Treatment,
        port: int = 0,
        tls: Any = None,
        kept: int = KEPT,
        account: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._reactor = reactor
        self._speech = speech
        self._tls = tls
        self._account = account
        self._listener: Any = None
        self._due: list[tuple[float, float, int, Callable[[], None]]] = []
        self._planned = 0
        self._timer: IDelayedCall | None = None
        self._random = random.Random(7)  # noqa: S311
        self._last_id = int(reactor.seconds()) << 20
        self.port = port
        self.close_after = 0
        self.counts: Counter[str] = Counter()
        self.messages: deque[Submission] = deque(maxlen=kept)
        self.connections: list[SmscClient] = []
        self.clients: list[SmscClient] = []
        self._treating = Treating(treatment, reactor.seconds, self.counts)
        self.treat(treatment)

    def treat(self, treatment: Treatment) -> None:
        """From now on messages are treated so. Raises ``RefusedError``."""
        if not 0 <= (treatment.code or 0) <= _HIGHEST_REFUSAL:
            raise RefusedError(f"a result of CMPP or status of SMPP is from 0 to {_HIGHEST_REFUSAL}")
        self._treating.treat(treatment)

    def set_up(self) -> Mapping[str, str]:
        """What a gateway of ours on it is set up with."""
        return {"host": "127.0.0.1", "port": str(self.port), **self._account}

    def plug(self) -> None:
        """Listen, on any free port if ``port`` is 0."""
        reactor: Any = self._reactor
        if self._tls is None:
            self._listener = reactor.listenTCP(self.port, self, interface="127.0.0.1")
        else:
            self._listener = reactor.listenSSL(self.port, self, self._tls, interface="127.0.0.1")
        self.port = self._listener.getHost().port

    def unplug(self) -> Deferred[None]:
        """Stop, and cut all connections."""
        self.drop()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._due.clear()
        stopped: Deferred[None] = maybeDeferred(self._listener.stopListening)
        return stopped

    def buildProtocol(self, addr: IAddress | None) -> SmscClient:  # noqa: N802
        """One connection."""
        self.counts["connections"] += 1
        return SmscClient(self, self._speech())

    def drop(self) -> None:
        """Cut all connections."""
        for client in tuple(self.connections):
            client.cut()

    def submitted(self, client: SmscClient, submission: Submission) -> None:
        """A message for a phone."""
        treatment = self._treating.treatment
        behaviour = self._treating.next()
        match behaviour:
            case Behaviour.ACCEPT:
                self._accept(client, submission, treatment)
            case Behaviour.SILENT:
                pass
            case _:
                refused = _USUAL_REFUSAL if treatment.code is None else treatment.code
                code = refused if behaviour is Behaviour.REFUSE else client.speech.throttled
                self._later(treatment.delay, lambda: client.say(client.speech.refuse(submission.sequence, code)))

    def _accept(self, client: SmscClient, submission: Submission, treatment: Treatment) -> None:
        self._last_id += 1
        message_id = self._last_id
        self.messages.append(submission)
        self._later(treatment.delay, lambda: client.say(client.speech.accept(submission.sequence, message_id)))
        state = treatment.receipt
        if state is None or not submission.receipt:
            return
        for _ in range(treatment.copies):
            self._later(
                treatment.delay + treatment.receipt_after, lambda: self._receipt(message_id, submission, state),
                shuffled=treatment.shuffled,
            )  # fmt: skip

    def _receipt(self, message_id: int, submission: Submission, state: str) -> None:
        # Whoever hears: receipts come over any connection of the account.
        client = self._listener_of_news()
        if client is None:
            self.counts["receipts lost"] += 1
            return
        self.counts["receipts"] += 1
        client.say(client.speech.receipt(client.next_sequence(), message_id, submission, state))

    def text(self, request: TextRequest) -> None:
        """A patient writes."""
        client = self._listener_of_news()
        if client is None:
            raise RefusedError("nobody is connected who could be told")
        self._last_id += 1
        pieces = contents(request, self._last_id & 0xFFFF)
        for piece in pieces:
            self._last_id += 1
            for _ in range(request.copies):
                sequence = client.next_sequence()
                client.say(client.speech.text(sequence, self._last_id, request, piece, joined=len(pieces) > 1))
        self.counts["texts"] += 1

    def _listener_of_news(self) -> SmscClient | None:
        return next((client for client in self.clients if client.hears), None)

    def _later(self, seconds: float, act: Callable[[], None], *, shuffled: bool = False) -> None:
        if not seconds:
            act()
            return
        at = self._reactor.seconds() + seconds
        self._planned += 1
        when = (round(at, 1), self._random.random()) if shuffled else (at, 0.0)
        heapq.heappush(self._due, (*when, self._planned, act))
        if self._timer is None:
            self._timer = self._reactor.callLater(_GRAIN, self._do_due)

    def _do_due(self) -> None:
        self._timer = None
        now = self._reactor.seconds()
        while self._due and self._due[0][0] <= now:
            heapq.heappop(self._due)[-1]()
        if self._due:
            self._timer = self._reactor.callLater(_GRAIN, self._do_due)

    def handle(self, request: SmscRequest, _: Done) -> dict[str, Any]:
        """Carry out one control request."""
        match request:
            case TreatRequest():
                self.treat(request)
            case TextRequest():
                self.text(request)
            case DropRequest(after=after):
                self.close_after = after
                self.drop()
            case RawRequest(data=data):
                for client in self.clients:
                    client.say(bytes.fromhex(data))
            case MessagesRequest(last=last):
                return {"messages": [asdict(each) for each in list(self.messages)[-last:]]}
            case StatusRequest():
                return {"port": self.port, "clients": len(self.clients), **self.counts}
        return {}
