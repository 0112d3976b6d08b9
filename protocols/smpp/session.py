"""SMPP as a gateway session speaks it: parts to submit_sm, and what the gateway says to what it means."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from struct import Struct

from protocols.pdu_account import ValidityCache
from protocols.pdu_frames import PduError, ascii_octets
from protocols.smpp.codec import HEADER, decode, encode, plain
from protocols.smpp.messages import (
    RESPONSE,
    Address,
    Bind,
    BindAnswer,
    Command,
    Message,
    MessageAnswer,
    ShortMessage,
    Status,
    Tag,
)
from protocols.smpp.receipts import read_receipt
from protocols.smpp.settings import Role, SmppAccount
from protocols.smpp.statuses import THROTTLES, code, refusal, words
from protocols.smpp.words import is_wide, read_words, split_words, write_words
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

_BINDS = {
    Role.TRANSCEIVER: Command.BIND_TRANSCEIVER,
    Role.TRANSMITTER: Command.BIND_TRANSMITTER,
    Role.RECEIVER: Command.BIND_RECEIVER,
}
# The last connection may not be over for the gateway.
_LONGEST_ID = 65
_PASSING = frozenset({Status.ALREADY_BOUND, Status.SYSTEM_ERROR, Status.TEMPORARY, *THROTTLES})
_TEXTS = frozenset({Command.SUBMIT_SM, Command.DELIVER_SM})
_ANSWER_OF_DELIVER = Command.DELIVER_SM | RESPONSE


class SmppTongue:
    """A ``Tongue`` for one role. ``wall`` is the present time of the day, with its zone."""

    header: Struct = HEADER

    def __init__(self, account: SmppAccount, role: Role, wall: Callable[[], datetime]) -> None:
        self._account = account
        self._bind = _BINDS[role]
        self._wall = wall
        self._validity = ValidityCache(account.writing)

    def sign_in(self, sequence: int) -> bytes:
        """The bind of the role."""
        account = self._account
        area = Address(account.address_range.encode(), account.source_ton, account.source_npi)
        message = Bind(
            account.system_id.encode(), account.password.encode(), account.system_type.encode(), range=area
        )  # fmt: skip
        return encode(self._bind, sequence, message)

    def submission(self, part: Part, sequence: int) -> bytes:
        """submit_sm."""
        account = self._account
        written = write_words(part, account.alphabet, account.joining)
        content, options = written.content, written.options
        if account.payload:
            content, options = b"", {**options, int(Tag.MESSAGE_PAYLOAD): content}
        message = ShortMessage(
            Address(ascii_octets(part.sender or account.source), account.source_ton, account.source_npi),
            Address(account.writing.number(part.number), account.destination_ton, account.destination_npi),
            content, written.coding, written.esm_class, int(part.receipt),
            self._validity.of(part.validity, self._wall()), account.service_type.encode(), options=options,
        )  # fmt: skip
        return encode(Command.SUBMIT_SM, sequence, message)

    def heartbeat(self, sequence: int) -> bytes:
        """enquire_link."""
        return plain(Command.ENQUIRE_LINK, sequence)

    def farewell(self, sequence: int) -> bytes:
        """unbind."""
        return plain(Command.UNBIND, sequence)

    def shown(self, pdu: bytes) -> bytes:
        """Without the password, and without the halves of numbers that go on in another part."""
        command = HEADER.unpack_from(pdu)[1]
        if command in _TEXTS:
            return _without_half_numbers(command, pdu)
        if command not in _BINDS.values():
            return pdu
        system_id, separator, rest = pdu[HEADER.size :].partition(b"\0")
        password, end, others = rest.partition(b"\0")
        return pdu[: HEADER.size] + system_id + separator + b"*" * len(password) + end + others

    def hear(self, header: tuple[int, ...], body: bytes) -> Heard:
        """What a PDU means."""
        _, command, status, sequence = header
        try:
            message = decode(command, body)
        except PduError:
            return _not_understood(command, status, sequence)
        return self._understood(command, status, sequence, message)

    def _understood(self, command: int, status: int, sequence: int, message: Message) -> Heard:
        match message:
            case MessageAnswer(message_id) if command == Command.SUBMIT_SM | RESPONSE:
                if status:
                    return _refused(sequence, status)
                return Accepted(sequence, self._account.ids.of_answer(message_id))
            case ShortMessage() if command == Command.DELIVER_SM:
                taken = encode(_ANSWER_OF_DELIVER, sequence, MessageAnswer())
                return self._receipt(message, taken) if _is_receipt(message) else self._text(message, taken)
            case BindAnswer():
                if status:
                    return SignInRefused(words(status) or code(status), again=status in _PASSING)
                return SignedIn()
            case _:
                return _plainly(command, status, sequence)

    def _text(self, message: ShortMessage, taken: bytes) -> Came:
        place, text = read_words(message, self._account.alphabet)
        # Section 5.3.2.12 has it in receipts only: with a text it is the id of that, or of what it answers.
        told = message.options.get(Tag.RECEIPTED_MESSAGE_ID, b"").rstrip(b"\0")[:_LONGEST_ID]
        called = self._account.ids.of_receipt(told)
        return text_came(taken, _number(message.source), _number(message.destination), text, place, called=called)

    def _receipt(self, message: ShortMessage, taken: bytes) -> Came:
        told = read_receipt(message)
        receipt = partial(
            ReceiptArrived, self._account.ids.of_receipt(told.message_id), told.fate, told.state, told.error,
            _number(message.source), at=self._account.writing.when(told.done),
        )  # fmt: skip
        return Came(lambda written, _: receipt(written=written), taken)


def _is_receipt(message: ShortMessage) -> bool:
    if message.is_receipt:
        return True
    # Its text alone proves nothing: anybody can write one. And a text that carries an id alone tells of no fate.
    options = message.options
    told = Tag.RECEIPTED_MESSAGE_ID in options
    return told and (Tag.MESSAGE_STATE in options or bool(read_receipt(message).state))


def _without_half_numbers(command: int, pdu: bytes) -> bytes:
    try:
        message = decode(command, pdu[HEADER.size :])
    except PduError:
        return pdu
    if not isinstance(message, ShortMessage):
        return pdu
    place, words = split_words(message)
    # By their length, which stands before them, they are found in either field.
    counted = bytes((len(message.words) & 0xFF,)) + message.words
    return replaced(pdu, counted, words, without_half_numbers(words, place, wide=is_wide(message.coding)))


def _number(address: Address) -> str:
    return address.number.decode("ascii", "replace")


def _refused(sequence: int, status: int) -> Heard:
    if status in THROTTLES:
        return Throttled(sequence, code(status), words(status))
    return Refused(sequence, refusal(status), code(status), words(status))


def _not_understood(command: int, status: int, sequence: int) -> Heard:
    if command & RESPONSE:
        # An answer to a question of ours that we do not understand; a nack to it would be answered by another.
        return _refused(sequence, status) if status else NOTHING
    if command == Command.DELIVER_SM:
        refused = encode(_ANSWER_OF_DELIVER, sequence, MessageAnswer(), Status.INVALID_LENGTH)
        return Asked(refused, "a deliver_sm that cannot be read was refused")
    return Asked(plain(Command.GENERIC_NACK, sequence, Status.INVALID_COMMAND))


def _plainly(command: int, status: int, sequence: int) -> Heard:
    match command:
        case Command.ENQUIRE_LINK:
            return Asked(plain(command | RESPONSE, sequence))
        case Command.UNBIND:
            return Farewell(plain(command | RESPONSE, sequence))
        case Command.GENERIC_NACK:
            return _refused(sequence, status or Status.SYSTEM_ERROR)
        case _ if command == Command.UNBIND | RESPONSE:
            return FarewellAnswered()
        case _ if command == Command.ENQUIRE_LINK | RESPONSE:
            return HeartbeatAnswered(sequence)
        case _ if command & RESPONSE:
            return NOTHING
        case _:
            # A request that only we may make.
            return Asked(plain(Command.GENERIC_NACK, sequence, Status.INVALID_COMMAND))
