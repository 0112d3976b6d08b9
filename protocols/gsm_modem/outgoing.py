"""Parts on their way out, one at a time, no faster than the rate."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from protocols.gsm_modem.answers import Answer, Outcome
from protocols.gsm_modem.codec import encode_submit, to_line
from protocols.gsm_modem.context import Context
from protocols.gsm_modem.dialogue import (
    END_OF_MESSAGE,
    FINALS,
    PROMPT_FINALS,
    Command,
    Reply,
    Script,
    command,
    escape,
    value_of,
)
from protocols.gsm_modem.messages import Coding, Joint, PduError, Submit, UserData
from protocols.gsm_modem.refusals import meaning_of
from protocols.gsm_modem.sent import SentMessages
from protocols.gsm_modem.settings import GsmSettings
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
    TextEncoding,
    with_code,
)
from protocols.sms_failures import Failures

MOST_PARTS = 10
"""Most that wait: a long text that may be sent in China."""
_CODINGS = {TextEncoding.GSM7: Coding.GSM7, TextEncoding.UCS2: Coding.UCS2}


def submit_of(part: Part, *, receipt: bool) -> Submit:
    """The message that carries ``part``."""
    joint = Joint(part.reference, part.total, part.position) if part.total > 1 else None
    body = UserData(_CODINGS[part.encoding], part.text, joint=joint)
    return Submit(part.number, body, part.validity, receipt=receipt)


class Watcher(Protocol):
    """Wants to know how the modem behaves."""

    def suspect(self) -> None:
        """As if it were not there."""
        ...

    def worked(self) -> None:
        """It sent a message, or found what is wrong with one."""
        ...

    def failing(self, reason: str) -> None:
        """It answers, and for some time sent nothing, because of ``reason``."""
        ...


class Outgoing:
    """``wall`` gives the seconds since 1970. ``reports`` tells whether the modem passes status reports on."""

    def __init__(
        self,
        settings: GsmSettings,
        context: Context,
        sent: SentMessages,
        wall: Callable[[], float],
        watcher: Watcher,
        reports: Callable[[], bool],
    ) -> None:
        self._timings = settings.timings
        self._pause = 1.0 / settings.rate
        self._context = context
        self._sent = sent
        self._wall = wall
        self._watcher, self._reports = watcher, reports
        self._failures = Failures()
        self._waiting: deque[Part] = deque()
        self._current: Part | None = None
        self._pdu_next = False
        self._not_before = 0.0
        self._stopped_until = 0.0

    @property
    def busy(self) -> bool:
        """Whether a part is being sent."""
        return self._current is not None

    @property
    def room(self) -> int:
        """How many parts may come. None while others wait: here they would wait longest, and hardest to take back."""
        return 0 if self._waiting or self._context.now < self._stopped_until else MOST_PARTS

    def add(self, parts: Sequence[Part]) -> None:
        """Take ``parts``, no more than there is ``room``."""
        self._waiting += parts

    def recall(self) -> None:
        """Report everything that waits as unsent."""
        self._context.report(*(PartUnsent(part.key) for part in self._waiting))
        self._waiting.clear()

    def forget(self) -> None:
        """Nobody answers any more."""
        if self._current is not None:
            key = self._current.key
            self._finish(PartUnknown(key, Said(Saying.MODEM_UNANSWERED)) if self._written else PartUnsent(key))
        self.recall()

    def finish(self) -> None:
        """Write nothing more: only what is written already is still answered."""
        if self._current is not None and not self._written:
            self._context.runner.cancel()
            self._finish(PartUnsent(self._current.key))
            self._context.runner.run(self._leave_prompt(), self._context.now)
        self.recall()

    @property
    def _written(self) -> bool:
        """Whether the present part is on its way and not still to be written."""
        return self._pdu_next and self._context.runner.waiting

    def _leave_prompt(self) -> Script:
        yield escape(self._timings.escape)

    def job(self) -> Script | None:
        """Sending the next part, if that is due."""
        due = self.due()
        if due is None or self._context.now < due or not self._waiting:
            return None
        self._current = self._waiting.popleft()
        self._not_before = max(self._not_before, self._context.now) + self._pause
        return self._send(self._current)

    def due(self) -> float | None:
        """When ``job`` has something to do, or there is ``room`` again. The further parts of a text follow at once; the
        pause after the text is the longer.
        """
        if not self._waiting:
            return self._stopped_until if self._context.now < self._stopped_until else None
        follows = self._waiting[0].position > 1
        return self._stopped_until if follows else max(self._not_before, self._stopped_until)

    def _send(self, part: Part) -> Script:
        self._pdu_next = False
        receipt = part.receipt and self._reports()
        try:
            tpdu = encode_submit(submit_of(part, receipt=receipt))
        except PduError as error:
            self._finish(PartRefused(part.key, Refusal.NEVER, "PDU", str(error)))
            return
        # A modem that restarted unnoticed is in text mode and would send the PDU as words to a number of two digits.
        reply = yield command("AT+CMGF=0", self._timings.command)
        if reply.ok:
            reply = yield command(f"AT+CMGS={len(tpdu)}", self._timings.prompt, PROMPT_FINALS)
        if reply.result != Answer(Outcome.PROMPT):
            yield from self._no_prompt(part, reply)
            return
        self._pdu_next = True
        message = to_line(tpdu).encode("ascii") + END_OF_MESSAGE
        reply = yield Command(message, self._timings.submit, FINALS)
        if reply.result is None:
            self._watcher.suspect()
            self._finish(PartUnknown(part.key, Said(Saying.MODEM_UNANSWERED)))
        elif reply.ok:
            self._worked()
            self._finish(PartAccepted(part.key, self._gateway_id(part, reply) if receipt else ""))
        else:
            self._refused(part, reply.result)

    def _no_prompt(self, part: Part, reply: Reply) -> Script:
        error = reply.result if reply.result is not None and not reply.ok else None
        if error is not None:
            self._refused(part, error)
            return
        self._watcher.suspect()
        yield escape(self._timings.escape)
        self._finish(PartRefused(part.key, Refusal.LATER, "", Said(Saying.MODEM_WITHOUT_PROMPT)))

    def _gateway_id(self, part: Part, reply: Reply) -> str:
        reference = (value_of(reply, "CMGS") or "").split(",")[0].strip()
        known = reference.isdecimal() and int(reference[:4]) < 256
        return self._sent.add(int(reference), part.number, self._wall()) if known else ""

    def _refused(self, part: Part, error: Answer) -> None:
        meaning = meaning_of(error)
        if meaning.doubtful and self._pdu_next:
            self._finish(PartUnknown(part.key, f"{meaning.code}: {meaning.words}"))
        else:
            self._finish(PartRefused(part.key, meaning.refusal, meaning.code, meaning.words))
        if meaning.busy:
            self._stopped_until = self._context.now + self._timings.congested
            self._context.report(GatewayPaused(self._timings.congested, with_code(meaning.words, meaning.code)))
        elif meaning.refusal is Refusal.NEVER:
            self._worked()
        else:
            self._failures.failed()
            if self._failures.too_many:
                why = with_code(meaning.words, meaning.code)
                self._watcher.failing(Said(Saying.MODEM_TAKES_NOTHING, why=why))

    def _worked(self) -> None:
        self._failures.worked()
        self._watcher.worked()

    def _finish(self, signal: GatewaySignal) -> None:
        self._current, self._pdu_next = None, False
        self._context.report(signal)
