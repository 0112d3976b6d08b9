"""SMPP from the gateway's side."""

from __future__ import annotations

from hardware.simulators.smsc_requests import TextRequest
from hardware.simulators.smsc_speech import Answered, Asked, Request, SignIn, Submission, minute, recipient
from protocols.pdu_frames import PduError
from protocols.smpp.codec import HEADER, decode, encode, plain
from protocols.smpp.messages import (
    HAS_HEADER,
    RESPONSE,
    Address,
    Bind,
    BindAnswer,
    Coding,
    Command,
    MessageAnswer,
    ShortMessage,
    Status,
    Tag,
)
from protocols.smpp.settings import DefaultAlphabet
from protocols.smpp.words import read_words

_STATES = {"DELIVRD": 2, "EXPIRED": 3, "DELETED": 4, "UNDELIV": 5, "ACCEPTD": 6, "UNKNOWN": 7, "REJECTD": 8}
_RECEIPT = 0x04


class SmppSpeech:
    """One connection."""

    header = HEADER
    throttled = int(Status.THROTTLED)

    def __init__(self, user: str, secret: str) -> None:
        self._user = user.encode()
        self._secret = secret.encode()

    def hear(self, header: tuple[int, ...], body: bytes) -> Request:
        """See ``Speech``."""
        _, command, status, sequence = header
        try:
            message = decode(command, body)
        except PduError:
            return Asked(plain(Command.GENERIC_NACK, sequence, Status.INVALID_COMMAND))
        match message:
            case ShortMessage() if command == Command.SUBMIT_SM:
                return _submission(message, sequence)
            case MessageAnswer() if command == Command.DELIVER_SM | RESPONSE:
                return Answered(sequence, status == 0)
            case Bind():
                return self._sign_in(command, message, sequence)
            case _ if command & RESPONSE:
                return Asked()
            case _:
                return Asked(plain(command | RESPONSE, sequence), command == Command.UNBIND)

    def _sign_in(self, command: int, message: Bind, sequence: int) -> SignIn:
        status = Status.OK
        if message.system_id != self._user:
            status = Status.BAD_SYSTEM_ID
        elif message.password != self._secret:
            status = Status.BAD_PASSWORD
        if status:
            return SignIn(False, plain(command | RESPONSE, sequence, status))
        answer = encode(command | RESPONSE, sequence, BindAnswer(b"simulator"))
        return SignIn(True, answer, command != Command.BIND_TRANSMITTER)

    def accept(self, sequence: int, message_id: int) -> bytes:
        """See ``Speech``."""
        return encode(Command.SUBMIT_SM | RESPONSE, sequence, MessageAnswer(b"%d" % message_id))

    def refuse(self, sequence: int, code: int) -> bytes:
        """See ``Speech``."""
        return plain(Command.SUBMIT_SM | RESPONSE, sequence, code)

    def receipt(self, sequence: int, message_id: int, submission: Submission, state: str) -> bytes:
        """See ``Speech``."""
        now = minute()
        good = state == "DELIVRD"
        text = (
            f"id:{message_id} sub:001 dlvrd:00{good:d} submit date:{now} done date:{now} stat:{state} "
            f"err:{0 if good else 45:03} text:{submission.text[:20].encode('ascii', 'replace').decode()}"
        )
        options = {
            int(Tag.RECEIPTED_MESSAGE_ID): b"%d\0" % message_id,
            int(Tag.MESSAGE_STATE): bytes([_STATES.get(state, 5)]),
        }
        source, destination = Address(submission.number.encode(), 1, 1), Address(submission.sender.encode())
        message = ShortMessage(source, destination, text.encode()[:254], 0, _RECEIPT, options=options)
        return encode(Command.DELIVER_SM, sequence, message)

    def text(self, sequence: int, message_id: int, request: TextRequest, content: bytes, *, joined: bool) -> bytes:
        """See ``Speech``."""
        source = Address(request.number.removeprefix("+").encode(), 1, 1)
        destination = Address(recipient(request).encode())
        message = ShortMessage(source, destination, content, Coding.UCS2, HAS_HEADER if joined else 0)
        return encode(Command.DELIVER_SM, sequence, message)

    def heartbeat(self, sequence: int) -> bytes:
        """See ``Speech``."""
        return plain(Command.ENQUIRE_LINK, sequence)


def _submission(message: ShortMessage, sequence: int) -> Submission:
    place, text = read_words(message, DefaultAlphabet.GSM7)
    number, sender = (each.number.decode("ascii", "replace") for each in (message.destination, message.source))
    return Submission(
        sequence, number, sender, text, bool(message.registered & 3), place.position, place.total, place.reference
    )
