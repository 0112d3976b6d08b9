"""The connection to a PBX kept up: sign-in, answers to actions by their ids, time limits, keep-alive.

A PBX that leaves an action unanswered, or says nothing after accepting the connection, is given up: ``failure`` is set,
and whoever drives the session closes the connection and opens another.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from protocols.ami.codec import encode
from protocols.ami.messages import Banner, Block, Message
from protocols.ami.settings import AmiSettings
from protocols.sayings import Said, Saying
from protocols.text import clean_text

OnAnswer = Callable[[Block], None]


class LinkState(enum.Enum):
    """How far the connection has come."""

    CLOSED = enum.auto()
    GREETING = enum.auto()
    SIGNING_IN = enum.auto()
    UP = enum.auto()


@dataclass(frozen=True)
class _Waiting:
    action: str
    deadline: float
    on_answer: OnAnswer


class Link:
    """One connection after another."""

    def __init__(self, settings: AmiSettings) -> None:
        self._settings = settings
        self._on_up: Callable[[], None] = lambda: None
        self._on_event: OnAnswer = _nothing
        self._waiting: dict[str, _Waiting] = {}
        self._actions = 0
        self._greet_by = 0.0
        self._ping_at = 0.0
        self._output: list[bytes] = []
        self.now = 0.0
        self.state = LinkState.CLOSED
        self.version = ""
        self.failure = ""

    @property
    def quiet(self) -> bool:
        """Whether nothing is asked that is not answered."""
        return not self._waiting

    def attach(self, on_up: Callable[[], None], on_event: Callable[[Block], None]) -> None:
        """``on_up`` is called when signed in, ``on_event`` with every event from then on."""
        self._on_up, self._on_event = on_up, on_event

    def open(self) -> None:
        """The connection is there; its first line must come."""
        self.state, self.failure = LinkState.GREETING, ""
        self._waiting.clear()
        self._output.clear()
        self._greet_by = self.now + self._settings.timings.answer

    def close(self) -> None:
        """The connection is gone."""
        self.state = LinkState.CLOSED
        self._waiting.clear()
        self._output.clear()

    def fail(self, reason: str) -> None:
        """The connection is of no use; the first reason counts."""
        self.failure = self.failure or reason

    def hear(self, message: Message) -> None:
        """A message arrived."""
        match message:
            case Banner(version):
                self.version = version
                self._sign_in()
            case Block() if message.event:
                if self.state is LinkState.UP:
                    self._on_event(message)
            case Block() if message.response:
                waiting = self._waiting.pop(message.get("ActionID"), None)
                if waiting is not None:
                    waiting.on_answer(message)
            case _:
                pass

    def send(self, action: str, *fields: tuple[str, str], on_answer: OnAnswer) -> str:
        """Send an action and give its id; ``ValueError`` if the codec does not allow it. ``on_answer`` is given the
        response.
        """
        self._actions += 1
        action_id = f"h{self._actions}"
        self._output.append(encode(action, ("ActionID", action_id), *fields))
        self._waiting[action_id] = _Waiting(action, self.now + self._settings.timings.answer, on_answer)
        self._ping_at = self.now + self._settings.timings.keep_alive
        return action_id

    def tick(self) -> None:
        """Time passed."""
        if self.state is LinkState.GREETING and self.now >= self._greet_by:
            self.fail(Said(Saying.PBX_MUTE))
        late = next((one for one in self._waiting.values() if self.now >= one.deadline), None)
        if late is not None:
            self.fail(Said(Saying.PBX_SILENT, action=late.action))
        elif self.state is LinkState.UP and self.now >= self._ping_at:
            self.send("Ping", on_answer=_nothing)

    def deadlines(self) -> list[float]:
        """When ``tick`` is needed."""
        if self.failure:
            return []
        times = [one.deadline for one in self._waiting.values()]
        if self.state is LinkState.GREETING:
            times.append(self._greet_by)
        if self.state is LinkState.UP:
            times.append(self._ping_at)
        return times

    def take_output(self) -> bytes:
        """What is to be written."""
        output = b"".join(self._output)
        self._output.clear()
        return output

    def _sign_in(self) -> None:
        self.state = LinkState.SIGNING_IN
        if self._settings.plain_login:
            self._login(("Secret", self._settings.secret))
        else:
            self.send("Challenge", ("AuthType", "MD5"), on_answer=self._challenged)

    def _challenged(self, answer: Block) -> None:
        challenge = answer.get("Challenge")
        if not challenge:
            self.fail(Said(Saying.PBX_WITHOUT_CHALLENGE, why=words_in(answer)))
            return
        # The only digest that the interface knows; what matters is that the secret itself is not sent.
        key = hashlib.md5((challenge + self._settings.secret).encode(), usedforsecurity=False).hexdigest()
        self._login(("AuthType", "MD5"), ("Key", key))

    def _login(self, *proof: tuple[str, str]) -> None:
        self.send("Login", ("Username", self._settings.username), *proof, ("Events", "on"), on_answer=self._signed_in)

    def _signed_in(self, answer: Block) -> None:
        if answer.response != "Success":
            self.fail(Said(Saying.PBX_REFUSED_USER, user=self._settings.username, why=words_in(answer)))
            return
        self.state = LinkState.UP
        self._on_up()


def words_in(answer: Block) -> str:
    """Why the PBX refuses, for people."""
    return clean_text(answer.get("Message")) or Said(Saying.NO_REASON)


def _nothing(_: Block) -> None:
    """The answer's coming is all that counts."""
