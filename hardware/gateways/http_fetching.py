"""Asking a provider for more than it answers to messages: the balance, receipts, replies."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from hardware.gateways.errands import Errands
from hardware.gateways.http_arrivals import Arrivals
from hardware.gateways.http_talk import Talk
from protocols.http_sms.answers import HttpAnswer, legible_text_of, read_number
from protocols.http_sms.harvest import read_harvest
from protocols.http_sms.provider import Form, Provider, Pull
from protocols.http_sms.requests import HttpRequest
from protocols.sms import BalanceTold, GatewaySignal

_log = Logger(namespace="hardware.gateways")


class Fetching:
    """``name`` is that of the gateway; ``build`` makes the request of a form that carries no message."""

    def __init__(
        self,
        name: str,
        provider: Provider,
        pulls: Sequence[Pull],
        talk: Talk,
        build: Callable[[Form], HttpRequest],
        arrivals: Arrivals,
        errands: Errands,
        clock: IReactorTime,
        tell: Callable[[Sequence[GatewaySignal]], None],
    ) -> None:
        self._name = name
        self._provider = provider
        self._pulls = {f"pull {number}": pull for number, pull in enumerate(pulls)}
        self._talk = talk
        self._build = build
        self._arrivals = arrivals
        self._errands = errands
        self._clock = clock
        self._tell = tell
        self._balance_at = 0.0
        self._going = False

    def begin(self) -> None:
        """Fetch now and again."""
        self._going = True
        for name in self._pulls:
            self._fetch_later(name, 0.0)

    def end(self) -> None:
        """Fetch no more."""
        self._going = False
        for name in self._pulls:
            self._errands.cancel(name)

    def ask_balance(self) -> None:
        """As soon as the provider allows."""
        if self._provider.balance is not None and not self._errands.waits("balance"):
            wait = max(0.0, self._balance_at - self._clock.seconds())
            self._errands.later("balance", wait, lambda: self._errands.run(self._balance()))

    async def _balance(self) -> None:
        balance = self._provider.balance
        if balance is None:
            return
        self._balance_at = self._clock.seconds() + balance.every
        match await self._talk.ask(self._build(balance.form)):
            case HttpAnswer() as answer:
                messages = read_number(balance.pattern, answer, self._provider.charset)
                if messages is not None:
                    self._tell([BalanceTold(messages)])
            case _:
                pass

    def _fetch_later(self, name: str, seconds: float) -> None:
        if self._going:
            self._errands.later(name, seconds, lambda: self._errands.run(self._fetch(name), awaited=True))

    async def _fetch(self, name: str) -> None:
        pull = self._pulls[name]
        try:
            # What was fetched does not come again: nothing more while it is not written down.
            if not self._arrivals.waiting:
                match await self._talk.ask(self._build(pull.form)):
                    case HttpAnswer(status=200) as answer:
                        self._gather(pull, answer)
                    case _:
                        pass
        finally:
            # Whatever was wrong this time is logged, and must not be the end of it.
            self._fetch_later(name, pull.every)

    def _gather(self, pull: Pull, answer: HttpAnswer) -> None:
        gathered = read_harvest(pull.harvest, legible_text_of(answer, self._provider.charset))
        if gathered.unread:
            _log.warn(
                "gateway {gateway}: {unread} replies or receipts of {fetched} that were fetched cannot be read",
                gateway=self._name,
                unread=gathered.unread,
                fetched=gathered.unread + len(gathered.crops),
            )
        self._arrivals.add(gathered.crops)
