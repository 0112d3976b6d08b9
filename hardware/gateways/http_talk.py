"""One question to a provider and its answer, or in words why there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from hardware.gateways.http_settings import HttpGatewaySettings
from hardware.outgoing.bodies import TooLongError
from hardware.outgoing.client import CheckedClient, NotSentError
from hardware.outgoing.endpoint import ForbiddenAddressError
from hardware.tcp_port import plainly
from hardware.trace import LineTrace
from protocols.http_sms.answers import MOST_BYTES, HttpAnswer
from protocols.http_sms.provider import Form
from protocols.http_sms.requests import HttpRequest
from protocols.sayings import Said, Saying

_STARRED = b"(the fields of the account and the message)"

_NUMBER = re.compile(rb"(\d{3})\d{3,}(\d{4})")


@dataclass(frozen=True)
class Unsent:
    """Nothing reached the provider."""

    why: str


@dataclass(frozen=True)
class Unanswered:
    """The provider was reached, and what it answered is not known."""

    why: str


Outcome = HttpAnswer | Unsent | Unanswered


class Talk:
    """Asks the pages of one provider. Raises nothing."""

    def __init__(self, settings: HttpGatewaySettings, reactor: Any, forms: list[Form], trace: LineTrace) -> None:
        self._trace = trace
        self._clients = {form.path: CheckedClient(reactor, settings.url + form.path, settings.reach) for form in forms}
        self._home = next(iter(self._clients.values()))

    async def reach(self) -> Unsent | None:
        """Whether the provider is there: None if so."""
        try:
            await self._home.reach()
        except NotSentError as error:
            return Unsent(_why(error.__cause__))
        return None

    async def ask(self, request: HttpRequest) -> Outcome:
        """What comes back."""
        # The account and what is said to patients stand in the fields.
        self._trace.sent(f"{request.method} {request.path} ".encode() + _STARRED)
        try:
            answer = await self._clients[request.path].ask(
                request.method, request.query, request.headers, request.body, MOST_BYTES
            )
        except NotSentError as error:
            return self._noted(Unsent(_why(error.__cause__)))
        except TooLongError:
            return self._noted(Unanswered(Said(Saying.ANSWER_TOO_LONG)))
        except Exception:  # noqa: BLE001 - whatever happens to a connection, the message may have gone out
            return self._noted(Unanswered(Said(Saying.PROVIDER_UNANSWERED)))
        self._trace.received(
            f"{answer.status} {answer.content_type} ".encode() + _NUMBER.sub(rb"\1****\2", answer.body)
        )
        return HttpAnswer(answer.status, answer.content_type, answer.body, answer.comes_again)

    def _noted(self, outcome: Unsent | Unanswered) -> Unsent | Unanswered:
        self._trace.received(f"({outcome.why})".encode())
        return outcome


def _why(error: BaseException | None) -> str:
    if isinstance(error, ForbiddenAddressError):
        return Said(Saying.ADDRESS_FORBIDDEN if error.ever else Saying.ADDRESS_NEVER)
    if getattr(error, "reasons", ()):
        return Said(Saying.CERTIFICATE_UNTRUSTED)
    return plainly(error)
