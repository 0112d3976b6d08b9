"""CMPP from the gateway's side."""

from __future__ import annotations

from hardware.simulators.smsc_requests import TextRequest
from hardware.simulators.smsc_speech import Answered, Asked, Request, SignIn, Submission, minute, recipient
from protocols.cmpp.codec import (
    HEADER,
    V2,
    V3,
    Dialect,
    answer_digest,
    connect_digest,
    decode,
    encode,
    encode_report,
    plain,
)
from protocols.cmpp.messages import (
    RESPONSE,
    Command,
    Connect,
    ConnectAnswer,
    Deliver,
    DeliverAnswer,
    Report,
    Submit,
    SubmitAnswer,
)
from protocols.cmpp.results import FLOW_CONTROL, VERSION_TOO_HIGH
from protocols.cmpp.words import read_words
from protocols.pdu_frames import PduError

_CHINA = 8.0
_WRONG = 3


class CmppSpeech:
    """One connection. A gateway of version 2.0 refuses 3.0 and the other way round."""

    header = HEADER
    throttled = FLOW_CONTROL

    def __init__(self, version: int, user: str, secret: str) -> None:
        self._dialect: Dialect = V2 if version == 2 else V3
        self._user = user
        self._secret = secret

    def hear(self, header: tuple[int, ...], body: bytes) -> Request:
        """See ``Speech``."""
        _, command, sequence = header
        message = decode(command, body, self._dialect)
        match message:
            case Submit():
                return self._submission(message, sequence)
            case DeliverAnswer(_, result):
                return Answered(sequence, result == 0)
            case Connect():
                return self._sign_in(message, sequence)
            case _ if command & RESPONSE:
                return Asked()
            case _:
                return Asked(plain(command | RESPONSE, sequence), command == Command.TERMINATE)

    def _submission(self, message: Submit, sequence: int) -> Submission:
        if len(message.recipients) != 1:
            raise PduError("one recipient, please")
        sender = message.sender.decode("ascii", "replace")
        as_heard = Deliver(0, sender, "", message.content, message.format, message.has_header)
        place, text = read_words(as_heard)
        number = message.recipients[0].decode("ascii", "replace")
        return Submission(
            sequence, number, sender, text, message.receipt, place.position, place.total, place.reference
        )  # fmt: skip

    def _sign_in(self, message: Connect, sequence: int) -> SignIn:
        expected = connect_digest(self._user, self._secret, message.timestamp)
        status = 0
        # The lower half is a revision: 2.1 is signed in to as 2.0 is.
        if message.version >> 4 != self._dialect.version >> 4:
            status = VERSION_TOO_HIGH
        elif message.source != self._user or message.digest != expected:
            status = _WRONG
        proof = answer_digest(status, message.digest, self._secret, self._dialect)
        answer = ConnectAnswer(status, proof, self._dialect.version)
        return SignIn(status == 0, encode(Command.CONNECT | RESPONSE, sequence, answer, self._dialect))

    def accept(self, sequence: int, message_id: int) -> bytes:
        """See ``Speech``."""
        return encode(Command.SUBMIT | RESPONSE, sequence, SubmitAnswer(message_id, 0), self._dialect)

    def refuse(self, sequence: int, code: int) -> bytes:
        """See ``Speech``."""
        return encode(Command.SUBMIT | RESPONSE, sequence, SubmitAnswer(0, code), self._dialect)

    def receipt(self, sequence: int, message_id: int, submission: Submission, state: str) -> bytes:
        """See ``Speech``."""
        now = minute(_CHINA)
        report = Report(message_id, state, now, now, submission.number, sequence & 0xFFFFFFFF)
        content = encode_report(report, self._dialect)
        message = Deliver(message_id, submission.sender, submission.number, content, is_report=True)
        return encode(Command.DELIVER, sequence, message, self._dialect)

    def text(self, sequence: int, message_id: int, request: TextRequest, content: bytes, *, joined: bool) -> bytes:
        """See ``Speech``."""
        message = Deliver(message_id, recipient(request), request.number, content, 8, joined)
        return encode(Command.DELIVER, sequence, message, self._dialect)

    def heartbeat(self, sequence: int) -> bytes:
        """See ``Speech``."""
        return plain(Command.ACTIVE_TEST, sequence)
