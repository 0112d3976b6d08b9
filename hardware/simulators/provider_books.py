"""What a simulated provider knows: its one account, what was sent, what came back."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from twisted.internet.interfaces import IReactorTime

from hardware.simulators.provider_requests import AnswerRequest, ReplyRequest, answer_of
from hardware.simulators.smsc_requests import Behaviour, Treatment
from hardware.simulators.treating import Treating
from protocols.clocks import wall_seconds

CHINA = timezone(timedelta(hours=8))
MOST_REMEMBERED = 1000
MOST_FETCHED = 50
USUAL = Treatment(receipt_after=0.0)


@dataclass(frozen=True)
class Box:
    """What waits to be fetched, from ``due`` on, in seconds of the clock."""

    due: float
    fields: dict[str, str]


class Books:
    """``account`` and ``password`` are the only ones let in. The last ``kept`` messages are remembered.

    Raises ``RefusedError`` for a ``treatment`` that providers do not have.
    """

    def __init__(
        self,
        clock: IReactorTime,
        account: str,
        password: str,
        credit: int,
        treatment: Treatment = USUAL,
        kept: int = MOST_REMEMBERED,
    ) -> None:
        self._clock = clock
        self._account, self._password = account, password
        self._tasks = 0
        self._answer: AnswerRequest | None = None
        self._left: int | None = None
        self.counts: Counter[str] = Counter()
        self._treating = Treating(treatment, clock.seconds, self.counts)
        self.treat(treatment)
        self.credit = credit
        self.sent: deque[dict[str, Any]] = deque(maxlen=kept)
        self.receipts: deque[Box] = deque(maxlen=MOST_REMEMBERED)
        self.replies: deque[Box] = deque(maxlen=MOST_REMEMBERED)

    @property
    def now(self) -> str:
        """The time as these providers write it."""
        return f"{datetime.fromtimestamp(wall_seconds(self._clock), CHINA):%Y-%m-%d %H:%M:%S}"

    def lets_in(self, account: str, password: str, *, hashed: bool = False) -> bool:
        """Whether these are the account and its password, or the MD5 of it."""
        right = hashlib.md5(self._password.encode(), usedforsecurity=False).hexdigest() if hashed else self._password
        return (account, password) == (self._account, right)

    def treat(self, treatment: Treatment) -> None:
        """From now on messages are treated so. Raises ``RefusedError``."""
        answer_of(treatment.behaviour, treatment)
        self._treating.treat(treatment)
        self._answer = None

    def decide(self, request: AnswerRequest) -> None:
        """How the next messages are answered, whatever their treatment otherwise."""
        self._answer, self._left = request, request.count

    def answer(self) -> AnswerRequest:
        """How this message is answered."""
        answer = self._answer
        if answer is None:
            return answer_of(self._treating.next(), self._treating.treatment)
        self._treating.count(Behaviour.REFUSE if answer.code or answer.refuses else Behaviour.ACCEPT)
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self._answer, self._left = None, None
        return answer

    def take(self, numbers: str, text: str, extension: str, how: AnswerRequest) -> str:
        """A message is accepted; its name."""
        self._tasks += 1
        task = str(880_000 + self._tasks)
        for number in numbers.split(","):
            self.credit -= 1
            self.sent.append({"task": task, "number": number, "text": text, "extension": extension})
            if how.fate:
                receipt = {"mobile": number, "taskid": task, "status": how.fate, "receivetime": self.now}
                self.receipts += [Box(self._clock.seconds() + how.receipt_after, receipt)] * how.copies
        return task

    def write(self, request: ReplyRequest, copies: int = 1) -> None:
        """Somebody writes."""
        self.counts["texts"] += 1
        reply = {
            "mobile": request.number, "content": request.text, "receivetime": self.now, "extno": request.extension,
        }  # fmt: skip
        self.replies += [Box(self._clock.seconds(), reply)] * copies

    def fetched(self, waiting: deque[Box]) -> list[dict[str, str]]:
        """What is due of ``waiting``, each once, and not too much of it."""
        now = self._clock.seconds()
        due = [box for box in waiting if box.due <= now][:MOST_FETCHED]
        for box in due:
            waiting.remove(box)
        return [box.fields for box in due]
