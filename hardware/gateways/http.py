"""An SMS provider that is asked by HTTP, as gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from twisted.internet.base import ReactorBase
from twisted.internet.task import deferLater

from hardware.gateways.device import GatewayAbility
from hardware.gateways.errands import Errands
from hardware.gateways.http_arrivals import Arrivals
from hardware.gateways.http_fetching import Fetching
from hardware.gateways.http_pushes import Pushes
from hardware.gateways.http_sending import Sending
from hardware.gateways.http_settings import HttpGatewaySettings
from hardware.gateways.http_talk import Talk
from hardware.port_line import threads_of
from hardware.supervisor import BackOff
from hardware.trace import LineTrace, TraceListener, trace_path
from protocols.clocks import wall_seconds
from protocols.http_sms.provider import Form, Harvest
from protocols.http_sms.requests import HttpRequest, build, values_of_account
from protocols.sayings import Said, Saying
from protocols.sms import GatewayListener, GatewayLost, GatewayReady, GatewaySignal, Part

REFUSED_SECONDS = 900.0
"""Pause after the provider did not let us in."""
DRAIN_SECONDS = 10.0
"""So long it is waited for answers to messages, and for receipts and replies that are being fetched."""
_RETRY_FIRST, _RETRY_MOST = 2.0, 60.0
# One message finds out whether a provider takes messages again, and may go out in vain or twice.
_FAILING_FIRST, _FAILING_MOST = 60.0, REFUSED_SECONDS
_GIVES = {
    Harvest.STATUS_XML: GatewayAbility.RECEIPTS,
    Harvest.REPLY_XML: GatewayAbility.REPLIES,
    Harvest.HASHES: GatewayAbility.REPLIES,
}


class HttpGateway:
    """A ``GatewayDevice``. It counts as ready while the provider can be connected to and lets us in.

    Reads certificates when it is made, which blocks; raises PortError when that fails.
    """

    letters = ""

    def __init__(self, settings: HttpGatewaySettings, reactor: ReactorBase, trace_folder: Path) -> None:
        self._settings = settings
        self._provider = provider = settings.provider
        self.charset = provider.charset.limit
        self.longest = provider.longest
        self._reactor = reactor
        self._trace = LineTrace(
            trace_path(trace_folder, settings.name), reactor, threads_of(reactor), enabled=settings.trace
        )
        self._pulls = pulls = provider.pulls if settings.fetch else ()
        forms = [provider.send, *(pull.form for pull in pulls)]
        if provider.balance is not None:
            forms.append(provider.balance.form)
        self._talk = talk = Talk(settings, reactor, forms, self._trace)
        self._errands = errands = Errands(reactor)
        self._arrivals = Arrivals(reactor, self._tell, settings.sender)
        self._pushes = Pushes(settings.name, settings.push_secret.get_secret_value(), self._arrivals, reactor)
        self._sending = Sending(settings, provider, talk, self._request, errands, reactor, self._tell, self)
        self._fetching = Fetching(
            settings.name, provider, pulls, talk, self._request, self._arrivals, errands, reactor, self._tell
        )
        self._back_off = BackOff(_RETRY_FIRST, _RETRY_MOST)
        self._failing_back_off = BackOff(_FAILING_FIRST, _FAILING_MOST)
        self._listener: GatewayListener | None = None
        self._up: bool | None = None
        self._stopping = False

    @property
    def abilities(self) -> GatewayAbility:
        """See ``GatewayDevice``."""
        found = GatewayAbility.LONG_TEXT if self._provider.joins else GatewayAbility.NONE
        for pull in self._pulls:
            found |= _GIVES[pull.harvest]
        if self._settings.push_secret.get_secret_value():
            found |= GatewayAbility.RECEIPTS | GatewayAbility.REPLIES
        if self._provider.balance is not None:
            found |= GatewayAbility.BALANCE
        if any("{extension}" in value for value in self._provider.send.fields.values()):
            found |= GatewayAbility.SENDER
        return found

    @property
    def room(self) -> int:
        """See ``GatewayDevice``."""
        return self._sending.room if self._up and not self._stopping else 0

    @property
    def next_attempt(self) -> float | None:
        """See ``GatewayDevice``."""
        return None if self._up else self._errands.due("look")

    def start(self, listener: GatewayListener) -> None:
        """See ``GatewayDevice``."""
        self._listener = listener
        self._errands.run(self._look())

    async def stop(self) -> None:
        """See ``GatewayDevice``."""
        self._stopping = True
        self._errands.stop()
        self._sending.recall()
        await self._errands.finish(DRAIN_SECONDS)
        self._sending.forget()
        self._errands.abandon()
        # Connections that were given up are closed in the next turn.
        await deferLater(self._reactor, 0)
        # What was submitted meanwhile by whoever had seen room before.
        self._sending.recall()
        self._arrivals.stop()
        self._listener = None
        self._trace.close()

    def submit(self, parts: Sequence[Part]) -> None:
        """See ``GatewayDevice``."""
        self._sending.add(parts, self.room)

    def ask_balance(self) -> None:
        """See ``GatewayDevice``."""
        self._fetching.ask_balance()

    @property
    def pushes(self) -> Pushes:
        """See ``GatewayDevice``. Without a secret nothing is taken."""
        return self._pushes

    def set_trace(self, enabled: bool) -> None:
        """See ``GatewayDevice``."""
        self._trace.enabled = enabled

    def watch(self, listener: TraceListener | None) -> None:
        """See ``GatewayDevice``."""
        self._trace.watch(listener)

    async def _look(self) -> None:
        problem = await self._talk.reach()
        if self._stopping:
            return
        if problem is not None:
            self.lost(Said(Saying.PROVIDER_OUT_OF_REACH, why=problem.why), refused=False)
        elif not self._up:
            self._up = True
            self._tell([GatewayReady()])
            self._fetching.begin()

    def answered(self) -> None:
        """See ``Watcher``. One that can be connected to and then gives nothing is asked more and more seldom."""
        self._back_off.reset()

    def worked(self) -> None:
        """See ``Watcher``."""
        self._failing_back_off.reset()

    def failing(self, reason: str) -> None:
        """See ``Watcher``. That is a wrong address or a fault over there: somebody should be told at once."""
        if self._up:
            self._lose(GatewayLost(reason, refused=True), self._failing_back_off.pause())

    def lost(self, reason: str, *, refused: bool) -> None:
        """See ``Watcher``."""
        self._lose(GatewayLost(reason, refused), REFUSED_SECONDS if refused else self._back_off.pause())

    def _lose(self, signal: GatewayLost, pause: float) -> None:
        was_up, self._up = self._up, False
        self._fetching.end()
        self._sending.recall()
        if was_up is not False and not self._stopping:
            self._tell([signal])
        self._errands.later("look", pause, lambda: self._errands.run(self._look()))

    def _request(self, form: Form, values: Mapping[str, str] | None = None) -> HttpRequest:
        account = values_of_account(self._settings.credentials, wall_seconds(self._reactor))
        return build(form, {**account, **(values or {})}, self._provider.charset)

    def _tell(self, signals: Sequence[GatewaySignal]) -> None:
        if self._listener is not None and signals:
            self._listener(signals)
