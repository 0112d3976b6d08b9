"""CMPP as a gateway session speaks it: parts to SUBMIT, and what the gateway says to what it means."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from struct import Struct

from protocols.cmpp.codec import (
    HEADER,
    V2,
    V3,
    answer_digest,
    connect_digest,
    decode,
    decode_report,
    encode,
    plain,
)
from protocols.cmpp.messages import (
    RESPONSE,
    Command,
    Connect,
    ConnectAnswer,
    Deliver,
    DeliverAnswer,
    Format,
    Message,
    Submit,
    SubmitAnswer,
    Terms,
)
from protocols.cmpp.results import FLOW_CONTROL, SIGN_IN, VERSION_TOO_HIGH, fate, refusal
from protocols.cmpp.settings import CmppAccount
from protocols.cmpp.words import read_words, split_words, write_words
from protocols.pdu_account import ValidityCache
from protocols.pdu_frames import PduError, ascii_octets
from protocols.sms import Part, ReceiptArrived
from protocols.sms_heard import (
    NOTHING,
    Accepted,
    Asked,
    Came,
    Farewell,
    FarewellAnswered,
    Heard,
    HeartbeatAnswered,
    Refused,
    SignedIn,
    SignInRefused,
    Throttled,
    text_came,
)
from protocols.user_data import replaced, without_half_numbers

_DIALECTS = {2: V2, 3: V3}
_TEXTS = frozenset({Command.SUBMIT, Command.DELIVER})
_BAD_STRUCTURE = 1
_DIGEST = slice(18, 34)
_ANSWERED_DIGEST = slice(-17, -1)


class CmppTongue:
    """A ``Tongue``. ``wall`` is the present time of the day, with its zone.

    A gateway that finds version 3.0 too high is signed in to by 2.0 from then on, and one that answers in 2.0 is spoken
    to in 2.0.
    """

    header: Struct = HEADER

    def __init__(self, account: CmppAccount, wall: Callable[[], datetime]) -> None:
        self._account = account
        self._wall = wall
        self._wanted = _DIALECTS[account.version]
        self._dialect = self._wanted
        self._digest = b""
        self._validity = ValidityCache(account.writing)
        self._terms = Terms(
            service_id=account.service_id.encode(), fee_user_type=account.fee_user_type,
            fee_terminal=account.fee_terminal.encode(), level=account.level,
            source=(account.msg_source or account.sp_id).encode(), fee_type=account.fee_type.encode(),
            fee_code=account.fee_code.encode(),
        )  # fmt: skip

    def sign_in(self, sequence: int) -> bytes:
        """CONNECT."""
        self._dialect = self._wanted
        local = self._wall().astimezone(UTC) + timedelta(hours=self._account.writing.utc_offset)
        timestamp = int(local.strftime("%m%d%H%M%S"))
        self._digest = connect_digest(self._account.sp_id, self._account.secret, timestamp)
        message = Connect(self._account.sp_id, self._digest, self._dialect.version, timestamp)
        return encode(Command.CONNECT, sequence, message, self._dialect)

    def submission(self, part: Part, sequence: int) -> bytes:
        """SUBMIT with one recipient."""
        account = self._account
        form, content = write_words(part, gbk=account.gbk)
        recipients = (account.writing.number(part.number),)
        message = Submit(
            self._terms, ascii_octets(account.source(part.sender)), recipients, content, form, part.total > 1,
            part.total, part.position, part.receipt, self._validity.of(part.validity, self._wall()),
        )  # fmt: skip
        return encode(Command.SUBMIT, sequence, message, self._dialect)

    def heartbeat(self, sequence: int) -> bytes:
        """ACTIVE_TEST."""
        return plain(Command.ACTIVE_TEST, sequence)

    def farewell(self, sequence: int) -> bytes:
        """TERMINATE."""
        return plain(Command.TERMINATE, sequence)

    def shown(self, pdu: bytes) -> bytes:
        """Without the digests, from which a weak secret is guessed, and without the halves of numbers that go on in
        another part.
        """
        command = HEADER.unpack_from(pdu)[1]
        if command in _TEXTS:
            return self._without_half_numbers(command, pdu)
        where = {Command.CONNECT: _DIGEST, Command.CONNECT | RESPONSE: _ANSWERED_DIGEST}.get(command)
        if where is None or len(pdu) < 30:
            return pdu
        changed = bytearray(pdu)
        changed[where] = bytes(16)
        return bytes(changed)

    def _without_half_numbers(self, command: int, pdu: bytes) -> bytes:
        try:
            message = decode(command, pdu[HEADER.size :], self._dialect)
        except PduError:
            return pdu
        if not isinstance(message, Submit | Deliver):
            return pdu
        place, words = split_words(message)
        counted = bytes((len(message.content),)) + message.content
        wide = message.format == Format.UCS2
        return replaced(pdu, counted, words, without_half_numbers(words, place, wide=wide))

    def hear(self, header: tuple[int, ...], body: bytes) -> Heard:
        """What a PDU means."""
        _, command, sequence = header
        if command == Command.CONNECT | RESPONSE and len(body) == V2.connect_answer.size:
            # Who answers in 2.0 speaks 2.0; the version that is told with it is often wrong.
            self._dialect = V2
        try:
            return self._understood(command, sequence, decode(command, body, self._dialect))
        except PduError:
            if command != Command.DELIVER:
                return NOTHING
            # Unanswered it would come again and again, and hold up all that wait behind it.
            refused = self._delivered(int.from_bytes(body[:8], "big"), sequence, _BAD_STRUCTURE)
            return Asked(refused, "a DELIVER that cannot be read was refused")

    def _understood(self, command: int, sequence: int, message: Message) -> Heard:
        match message:
            case SubmitAnswer(msg_id, result):
                return _answered(sequence, msg_id, result)
            case Deliver():
                return self._arrived(message, sequence)
            case ConnectAnswer():
                return self._signed_in(message)
            case _:
                return _plainly(command, sequence)

    def _signed_in(self, answer: ConnectAnswer) -> Heard:
        if answer.status == VERSION_TOO_HIGH and self._wanted is V3:
            self._wanted = V2
            return SignInRefused(SIGN_IN[answer.status], again=True)
        if answer.status:
            # Too many connections, as where the last one is not over for the gateway, is any status beyond those that
            # the document gives a meaning.
            passes = answer.status > VERSION_TOO_HIGH
            return SignInRefused(SIGN_IN.get(answer.status, f"status {answer.status}"), again=passes)
        account = self._account
        proofs = [answer_digest(0, self._digest, account.secret, each) for each in (V2, V3)]
        return SignedIn("" if answer.digest in proofs else "the gateway does not prove that it knows the secret")

    def _arrived(self, message: Deliver, sequence: int) -> Heard:
        taken = self._delivered(message.msg_id, sequence, 0)
        if not message.is_report:
            place, words = read_words(message)
            return text_came(taken, message.sender, message.recipient, words, place, _name(message.msg_id))
        report = decode_report(message.content)
        receipt = partial(
            ReceiptArrived, _name(report.msg_id), fate(report.state), report.state, "", report.number,
            at=self._account.writing.when(report.done),
        )  # fmt: skip
        return Came(lambda written, _: receipt(written=written), taken)

    def _delivered(self, msg_id: int, sequence: int, result: int) -> bytes:
        return encode(Command.DELIVER | RESPONSE, sequence, DeliverAnswer(msg_id, result), self._dialect)


def _name(msg_id: int) -> str:
    """What a gateway calls a message: 0 is said by those that give no names, and is not that of all of them."""
    return str(msg_id or "")


def _answered(sequence: int, msg_id: int, result: int) -> Heard:
    if result == 0:
        return Accepted(sequence, _name(msg_id))
    meaning, words = refusal(result)
    if result == FLOW_CONTROL:
        return Throttled(sequence, str(result), words)
    return Refused(sequence, meaning, str(result), words)


def _plainly(command: int, sequence: int) -> Heard:
    match command:
        case Command.ACTIVE_TEST:
            return Asked(plain(command | RESPONSE, sequence))
        case Command.TERMINATE:
            return Farewell(plain(command | RESPONSE, sequence))
        case _ if command == Command.TERMINATE | RESPONSE:
            return FarewellAnswered()
        case _ if command == Command.ACTIVE_TEST | RESPONSE:
            return HeartbeatAnswered(sequence)
        case _:
            return NOTHING
