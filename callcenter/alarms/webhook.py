"""Alarms as JSON to an address of the hospital's choice, signed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from types import MappingProxyType
from typing import Protocol

from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet.defer import CancelledError
from twisted.internet.error import ConnectError, ConnectingCancelledError, DNSLookupError
from twisted.internet.error import TimeoutError as TimedOutError
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.client import ResponseFailed

from callcenter.alarms.channels import Message, Problem, Sent
from hardware.outgoing.endpoint import ForbiddenAddressError

_log = Logger(namespace="callcenter.alarms")

SIGNATURE = "Huifang-Signature"
DELIVERY = "Huifang-Delivery"
EVENT = "Huifang-Event"
_ACCEPTED = range(200, 300)

_PROBLEMS = MappingProxyType(
    {
        ForbiddenAddressError: Problem.FORBIDDEN,
        DNSLookupError: Problem.UNRESOLVED,
        TimedOutError: Problem.TIMED_OUT,
        CancelledError: Problem.TIMED_OUT,
        ConnectingCancelledError: Problem.TIMED_OUT,
        ConnectError: Problem.UNREACHABLE,
        SSL.Error: Problem.UNTRUSTED,
        VerificationError: Problem.UNTRUSTED,
    }
)


class Poster(Protocol):
    """What posts: ``hardware.outgoing.client.CheckedClient``."""

    async def post(self, headers: dict[str, str], body: bytes) -> int:
        """The status of the answer."""
        ...


def signature(secret: str, moment: int, body: bytes) -> str:
    """``t=…,v1=…``: HMAC-SHA256, in hex, of the moment (seconds since the epoch), a dot, and the body."""
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


class Webhook:
    """An ``AlarmChannel``. ``name`` stands in the log; the address never does, it may hold a token. ``wall`` gives the
    seconds since 1970.
    """

    def __init__(self, name: str, client: Poster, secret: str, wall: Callable[[], float]) -> None:
        self._name = name
        self._client = client
        self._secret = secret
        self._wall = wall

    async def send(self, message: Message) -> Sent:
        """See ``AlarmChannel``. Any answer but a 2xx is a problem; a redirect too."""
        document = {"delivery": message.delivery, **message.payload}
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Huifang",
            DELIVERY: str(message.delivery),
            EVENT: message.event,
            SIGNATURE: signature(self._secret, int(self._wall()), body),
        }
        try:
            status = await self._client.post(headers, body)
        except Exception as error:  # noqa: BLE001 - whatever a far end brings about, the other messages go on
            sent = Sent(problem_of(error))
        else:
            sent = Sent(None if status in _ACCEPTED else Problem.REFUSED, status)
        if sent.problem is not None:
            _log.warn(
                "webhook {name}: delivery {delivery} did not arrive at attempt {attempt}: {problem} {answer}",
                name=self._name,
                delivery=message.delivery,
                attempt=message.attempt,
                problem=sent.problem.value,
                answer=sent.answer or "",
            )
        return sent


def problem_of(error: BaseException | None) -> Problem:
    """The code for what went wrong; a failed request hides its reasons inside."""
    if isinstance(error, ResponseFailed):
        reasons = [_reason(one) for one in error.reasons]
        return next((found for found in map(problem_of, reasons) if found is not Problem.BROKEN), Problem.BROKEN)
    return next((problem for kind, problem in _PROBLEMS.items() if isinstance(error, kind)), Problem.BROKEN)


def _reason(found: Failure | BaseException) -> BaseException | None:
    return found.value if isinstance(found, Failure) else found
