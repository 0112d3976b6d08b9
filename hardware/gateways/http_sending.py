"""Messages on their way to a provider: no faster than the rate, no more at once than the window."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from twisted.internet.interfaces import IReactorTime

from hardware.gateways.errands import Errands
from hardware.gateways.http_settings import HttpGatewaySettings
from hardware.gateways.http_talk import Outcome, Talk, Unanswered, Unsent
from protocols.http_sms.answers import HttpAnswer, NotTaken, Taken, Unclear, read_answer
from protocols.http_sms.letters import Letter, letters_of
from protocols.http_sms.provider import Form, Meaning, Provider
from protocols.http_sms.requests import (
    HttpRequest,
    UnwritableAccountError,
    UnwritableError,
    values_of_message,
    written_number,
)
from protocols.sayings import Said, Saying
from protocols.sms import (
    GatewayPaused,
    GatewaySignal,
    Part,
    PartAccepted,
    PartRefused,
    PartUnknown,
    PartUnsent,
    Refusal,
    with_code,
)
from protocols.sms_failures import Failures

SLOWER_SECONDS = 10.0
"""Pause after too many requests."""
_MOST_PARTS = 10
_NEXT, _PAUSE = "next", "pause"


class Watcher(Protocol):
    """Wants to know how the provider behaves."""

    def answered(self) -> None:
        """It answered."""
        ...

    def worked(self) -> None:
        """It took a message, or found what is wrong with one."""
        ...

    def failing(self, reason: str) -> None:
        """It answers, and for some time took nothing, because of ``reason``."""
        ...

    def lost(self, reason: str, *, refused: bool) -> None:
        """It cannot be used because of ``reason``; ``refused`` if it does not want us."""
        ...


class Sending:
    """``build`` makes a request of a form and the values of a message."""

    def __init__(
        self,
        settings: HttpGatewaySettings,
        provider: Provider,
        talk: Talk,
        build: Callable[[Form, Mapping[str, str]], HttpRequest],
        errands: Errands,
        clock: IReactorTime,
        tell: Callable[[Sequence[GatewaySignal]], None],
        watcher: Watcher,
    ) -> None:
        self._settings = settings
        self._provider = provider
        self._talk = talk
        self._build = build
        self._errands = errands
        self._clock = clock
        self._tell = tell
        self._watcher = watcher
        self._waiting: deque[Letter] = deque()
        self._in_flight: dict[int, Letter] = {}
        self._beyond: list[PartUnsent] = []
        self._letters = 0
        self._failures = Failures()
        self._not_before = 0.0

    @property
    def room(self) -> int:
        """How many parts ``add`` takes while the provider is there."""
        if self._errands.waits(_PAUSE):
            return 0
        taken = sum(len(letter.parts) for letter in (*self._waiting, *self._in_flight.values()))
        return max(0, max(_MOST_PARTS, int(self._settings.rate)) - taken)

    def add(self, parts: Sequence[Part], room: int) -> None:
        """Take what begins in the first ``room`` of ``parts``; the others are unsent."""
        for letter in letters_of(parts, joins=self._provider.joins):
            if room > 0:
                self._waiting.append(letter)
            else:
                self._beyond += [PartUnsent(key) for key in letter.keys]
            room -= len(letter.parts)
        self._errands.later(_NEXT, 0.0, self._next)

    def recall(self) -> None:
        """What waits is unsent."""
        recalled, self._waiting = self._waiting, deque()
        unsent = [*self._beyond, *(PartUnsent(key) for letter in recalled for key in letter.keys)]
        self._beyond = []
        self._tell(unsent)

    def forget(self) -> None:
        """Nobody waits for answers any more."""
        for number in list(self._in_flight):
            self._unknown(number, Said(Saying.PROVIDER_UNANSWERED))

    def _next(self) -> None:
        beyond, self._beyond = self._beyond, []
        self._tell(beyond)
        window = 1 if self._failures.any else self._settings.window
        while self._waiting and len(self._in_flight) < window:
            now = self._clock.seconds()
            if now < self._not_before:
                self._errands.later(_NEXT, self._not_before - now, self._next)
                return
            letter = self._waiting.popleft()
            self._not_before = max(self._not_before, now - 1.0) + len(letter.parts) / self._settings.rate
            self._begin(letter)

    def _begin(self, letter: Letter) -> None:
        try:
            request = self._request_of(letter)
        except UnwritableError as error:
            self._refuse(letter, NotTaken(Meaning(Refusal.NEVER), "", str(error)))
            return
        except UnwritableAccountError as error:
            self._refuse(letter, NotTaken(Meaning(Refusal.GATEWAY), "", error.args[0]))
            self._watcher.lost(error.args[0], refused=True)
            return
        self._letters += 1
        self._in_flight[self._letters] = letter
        self._errands.run(self._send(self._letters, request), awaited=True)

    def _request_of(self, letter: Letter) -> HttpRequest:
        longest = self._provider.longest
        if len(letter.text) > longest:
            raise UnwritableError(f"{len(letter.text)} characters of at most {longest}")
        number = written_number(letter.number, self._settings.numbers)
        extension = letter.sender.removeprefix(self._settings.sender)
        return self._build(self._provider.send, values_of_message([number], letter.text, extension, letter.keys[0]))

    async def _send(self, number: int, request: HttpRequest) -> None:
        outcome = await self._talk.ask(request)
        if number in self._in_flight:
            self._answer(number, outcome)
        self._next()

    def _answer(self, number: int, outcome: Outcome) -> None:
        match outcome:
            case Unsent(why):
                self._tell([PartUnsent(key) for key in self._in_flight.pop(number).keys])
                self._watcher.lost(Said(Saying.PROVIDER_OUT_OF_REACH, why=why), refused=False)
            case Unanswered(why):
                self._unknown(number, why)
            case HttpAnswer() as answer:
                self._watcher.answered()
                self._read(number, answer)

    def _read(self, number: int, answer: HttpAnswer) -> None:
        verdict = read_answer(self._provider.answer, answer, self._provider.charset)
        match verdict:
            case Taken(gateway_id):
                self._worked()
                self._tell([PartAccepted(key, gateway_id) for key in self._in_flight.pop(number).keys])
            case NotTaken() as refused:
                self._refuse(self._in_flight.pop(number), refused)
                self._judge(refused)
            case Unclear(words, heard):
                self._unknown(number, Said(Saying.BECAUSE, what=words, why=heard) if heard else words)
                self._failed(Said(Saying.PROVIDER_UNCLEAR, why=words))

    def _judge(self, refused: NotTaken) -> None:
        """Whose fault it is that a message was not taken."""
        if refused.meaning.account:
            self._watcher.lost(Said(Saying.PROVIDER_REFUSES, why=refused.words or refused.code), refused=True)
        elif refused.slower:
            self._not_before = self._clock.seconds() + SLOWER_SECONDS
            self._errands.later(_PAUSE, SLOWER_SECONDS, self._next)
            self._tell([GatewayPaused(SLOWER_SECONDS, _shown(refused))])
        elif refused.meaning.refusal is Refusal.NEVER:
            self._worked()
        else:
            self._failed(Said(Saying.PROVIDER_TAKES_NOTHING, why=_shown(refused)))

    def _worked(self) -> None:
        self._failures.worked()
        self._watcher.worked()

    def _failed(self, why: Said) -> None:
        self._failures.failed()
        if self._failures.too_many:
            self._watcher.failing(why)

    def _unknown(self, number: int, why: str) -> None:
        self._tell([PartUnknown(key, why) for key in self._in_flight.pop(number).keys])

    def _refuse(self, letter: Letter, refused: NotTaken) -> None:
        meaning = refused.meaning
        self._tell([PartRefused(key, meaning.refusal, refused.code, refused.words) for key in letter.keys])


def _shown(refused: NotTaken) -> str:
    return with_code(refused.words, refused.code)
