"""What a gateway's PDU means to a session, whatever the protocol: a closed set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct
from typing import Protocol

from protocols.sms import Arrival, Part, Refusal, TextArrived
from protocols.sms_link import Link
from protocols.user_data import Place


@dataclass(frozen=True, slots=True)
class SignedIn:
    """We are let in. ``doubt`` is what was odd about it, for the log."""

    doubt: str = ""


@dataclass(frozen=True, slots=True)
class SignInRefused:
    """We are not. ``again``: the next try will be another one, and may be soon."""

    why: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """The part written with ``sequence`` was taken."""

    sequence: int
    gateway_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It was not."""

    sequence: int
    refusal: Refusal
    code: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Throttled:
    """It was not, because we are too fast."""

    sequence: int
    code: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Came:
    """Something arrived. ``make`` makes the signal, of what is to be called when that is on disk and of the connection;
    ``taken`` is the answer to write then.
    """

    make: Callable[[Callable[[], None], Link], Arrival]
    taken: bytes


def text_came(
    taken: bytes, sender: str, recipient: str, words: str, place: Place, gateway_id: str = "", called: str = ""
) -> Came:
    """Somebody wrote; see ``TextArrived``."""

    def make(written: Callable[[], None], link: Link) -> Arrival:
        return TextArrived(
            sender, recipient, words, place.reference, place.position, place.total, gateway_id, called,
            written=written, link=None if gateway_id else link,
        )  # fmt: skip

    return Came(make, taken)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is answered by ``reply`` at once; empty for one that is not answered. ``doubt`` is what was odd
    about it, for the log: without what stands in it.
    """

    reply: bytes = b""
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Farewell:
    """The gateway ends the session."""

    reply: bytes


@dataclass(frozen=True, slots=True)
class FarewellAnswered:
    """It agrees that we do."""


@dataclass(frozen=True, slots=True)
class HeartbeatAnswered:
    """It answered our question of ``sequence`` whether it is there."""

    sequence: int


Heard = (
    SignedIn | SignInRefused | Accepted | Refused | Throttled | Came | Asked | Farewell | FarewellAnswered
    | HeartbeatAnswered
)  # fmt: skip
NOTHING = Asked()
"""That something was heard at all is what counts."""


class Tongue(Protocol):
    """A protocol as a session speaks it: what to write, and what that means which was heard."""

    @property
    def header(self) -> Struct:
        """Of every PDU; its first number is the length."""
        ...

    def sign_in(self, sequence: int) -> bytes:
        """The request to be let in."""
        ...

    def submission(self, part: Part, sequence: int) -> bytes:
        """The PDU of ``part``; ``PduError`` if it cannot be written."""
        ...

    def heartbeat(self, sequence: int) -> bytes:
        """The question whether the gateway is there."""
        ...

    def farewell(self, sequence: int) -> bytes:
        """The request to end the session."""
        ...

    def hear(self, header: tuple[int, ...], body: bytes) -> Heard:
        """What a PDU means. Never raises."""
        ...

    def shown(self, pdu: bytes) -> bytes:
        """``pdu`` as it may stand in a trace: of the same length, without what proves the secret."""
        ...
