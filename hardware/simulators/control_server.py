"""The simulator's control socket: one JSON object a line in, replies as JSON lines out.

Each request is answered ``{"accepted": true, …}`` or ``{"error": "…"}`` at once, and a request that starts a call
again by ``{"done": "how it ended"}`` when that call is over. A client may go away before.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineOnlyReceiver

from hardware.simulators.requests import RefusedError
from hardware.simulators.telephone_line import Done

R = TypeVar("R")
Handler = Callable[[R, Done], dict[str, Any]]
"""Carries a request out, returns what to add to the acceptance; raises ``RefusedError``."""


class _Control(LineOnlyReceiver, Generic[R]):
    delimiter = b"\n"
    MAX_LENGTH = 1_000_000

    def __init__(self, handle: Handler[R], requests: TypeAdapter[R]) -> None:
        self._handle = handle
        self._requests = requests

    def lineReceived(self, line: bytes) -> None:  # noqa: N802
        done: list[str] = []
        accepted = False

        def over(how: str) -> None:
            # A call can be over before its acceptance went out; the order of replies stays.
            self._reply({"done": how}) if accepted else done.append(how)

        try:
            extra = self._handle(self._requests.validate_json(line), over)
        except ValidationError as error:
            self._reply({"error": "; ".join(_problem(each) for each in error.errors())})
        except RefusedError as error:
            self._reply({"error": str(error)})
        else:
            self._reply({"accepted": True, **extra})
            accepted = True
            for how in done:
                over(how)

    def _reply(self, reply: dict[str, Any]) -> None:
        if self.transport is not None and self.connected:
            line = json.dumps(reply, ensure_ascii=False).encode()
            self.sendLine(line)  # type: ignore[no-untyped-call]


def _problem(error: Any) -> str:
    if error["type"] == "union_tag_invalid":
        return f"this simulator knows no {error['ctx']['tag']}; it knows {error['ctx']['expected_tags']}"
    return f"{'.'.join(map(str, error['loc']))}: {error['msg']}"


class ControlFactory(Factory, Generic[R]):
    """Serves the control socket by ``handle``, which is given what ``requests`` reads."""

    noisy = False

    def __init__(self, handle: Handler[R], requests: TypeAdapter[R]) -> None:
        self._handle = handle
        self._requests = requests

    def buildProtocol(self, addr: IAddress | None) -> _Control[R]:  # noqa: N802
        """One connection."""
        return _Control(self._handle, self._requests)
