"""What a simulated provider knows: its one account, what was sent, what came back."""

from __future__ import annotations

import hashlib
from collections import deque
from datetime import datetime, timedelta, timezone
from typing import Any

from twisted.internet.interfaces import IReactorTime

from hardware.simulators.provider_requests import AnswerRequest, ReplyRequest
from protocols.clocks import wall_seconds

CHINA = timezone(timedelta(hours=8))
MOST_REMEMBERED = 1000
MOST_FETCHED = 50


class Books:
    """``account`` and ``password`` are the only ones let in."""

    def __init__(self, clock: IReactorTime, account: str, password: str, credit: int) -> None:
        self._clock = clock
        self._account, self._password = account, password
        self._tasks = 0
        self._answer = AnswerRequest(command="answer")
        self._left: int | None = None
        self.credit = credit
        self.sent: deque[dict[str, Any]] = deque(maxlen=MOST_REMEMBERED)
        self.receipts: deque[dict[str, str]] = deque(maxlen=MOST_REMEMBERED)
        self.replies: deque[dict[str, str]] = deque(maxlen=MOST_REMEMBERED)

    @property
    def now(self) -> str:
        """The time as these providers write it."""
        return f"{datetime.fromtimestamp(wall_seconds(self._clock), CHINA):%Y-%m-%d %H:%M:%S}"

    def lets_in(self, account: str, password: str, *, hashed: bool = False) -> bool:
        """Whether these are the account and its password, or the MD5 of it."""
        right = hashlib.md5(self._password.encode(), usedforsecurity=False).hexdigest() if hashed else self._password
        return (account, password) == (self._account, right)

    def decide(self, request: AnswerRequest) -> None:
        """How messages are answered from now on."""
        self._answer, self._left = request, request.count

    def answer(self) -> AnswerRequest:
        """How this message is answered."""
        answer = self._answer
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self._answer, self._left = AnswerRequest(command="answer"), None
        return answer

    def take(self, numbers: str, text: str, extension: str, fate: str) -> str:
        """A message is accepted; its name."""
        self._tasks += 1
        task = str(880_000 + self._tasks)
        for number in numbers.split(","):
            self.credit -= 1
            self.sent.append({"task": task, "number": number, "text": text, "extension": extension})
            if fate:
                self.receipts.append({"mobile": number, "taskid": task, "status": fate, "receivetime": self.now})
        return task

    def write(self, request: ReplyRequest) -> None:
        """Somebody writes."""
        self.replies.append(
            {"mobile": request.number, "content": request.text, "receivetime": self.now, "extno": request.extension}
        )


def fetched(waiting: deque[dict[str, str]]) -> list[dict[str, str]]:
    """What waits, each once, and not too much of it."""
    return [waiting.popleft() for _ in range(min(MOST_FETCHED, len(waiting)))]
