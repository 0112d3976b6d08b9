"""Gateway sessions on a transport: how often is written and told, and how a connection ends."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from protocols.line_endpoint import PortGoneError
from protocols.pdu_frames import PduSplitter
from protocols.smpp.codec import HEADER, encode, plain
from protocols.smpp.messages import RESPONSE, Address, BindAnswer, Command, MessageAnswer, ShortMessage
from protocols.smpp.session import SmppTongue
from protocols.smpp.settings import Role, SmppAccount
from protocols.sms import GatewayLost, GatewayReady, GatewaySignal, PartAccepted, PartUnknown, PartUnsent
from protocols.sms_actions import SmsLimits, SmsTimings
from protocols.sms_endpoint import SmsProtocol
from protocols.sms_session import SmsSession
from protocols.sms_window import SequenceNumbers
from tests.peers.sms_session import NOON, part


class Wire(StringTransport):
    """Counts writes, and says whether it was aborted."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def abortConnection(self) -> None:
        self.aborted = True


class Bench:
    def __init__(self) -> None:
        self.clock = Clock()
        self.turns: list[Sequence[GatewaySignal]] = []
        tongue = SmppTongue(SmppAccount("huifang", "secret"), Role.TRANSCEIVER, lambda: NOON)
        self.session = SmsSession(tongue, SmsLimits(1000, 100), SmsTimings(), SequenceNumbers())
        self.protocol = SmsProtocol(self.session, self.clock, self.turns.append)
        self.connect()

    def connect(self) -> None:
        self.wire = Wire()
        self.protocol.makeConnection(self.wire)

    def sign_in(self) -> None:
        self.protocol.dataReceived(encode(Command.BIND_TRANSCEIVER | RESPONSE, 1, BindAnswer(b"smsc")))
        self.turns.clear()
        self.wire.writes.clear()

    def commands(self) -> list[list[tuple[int, int]]]:
        """Of each write, the commands and sequence numbers."""
        return [[(head[1], head[3]) for head, _ in PduSplitter(HEADER).feed(write)] for write in self.wire.writes]


def test_what_is_submitted_in_a_turn_is_one_write_and_nothing_is_told_before() -> None:
    bench = Bench()
    bench.protocol.submit([part("early")])
    assert bench.turns == []
    bench.clock.advance(0)
    assert bench.turns == [(PartUnsent("early"),)]
    bench.sign_in()
    bench.protocol.submit([part("1"), part("2")])
    bench.protocol.submit([part("3")])
    assert (bench.wire.writes, bench.turns) == ([], [])
    bench.clock.advance(0)
    assert [len(commands) for commands in bench.commands()] == [3]


def test_what_one_read_brings_is_told_together() -> None:
    bench = Bench()
    bench.sign_in()
    bench.protocol.submit([part("1"), part("2")])
    bench.clock.advance(0)
    [[(_, one), (_, two)]] = bench.commands()
    answers = [encode(Command.SUBMIT_SM | RESPONSE, each, MessageAnswer(b"%d" % each)) for each in (one, two)]
    bench.protocol.dataReceived(b"".join(answers))
    assert bench.turns == [(PartAccepted("1", str(one)), PartAccepted("2", str(two)))]


def test_what_is_on_disk_in_a_turn_is_answered_by_one_write() -> None:
    bench = Bench()
    bench.sign_in()
    message = ShortMessage(Address(b"138"), Address(b"1069"), b"T")
    bench.protocol.dataReceived(b"".join(encode(Command.DELIVER_SM, each, message) for each in (1, 2, 3)))
    [texts] = bench.turns
    for text in reversed(texts):
        text.written()  # type: ignore[attr-defined]
    assert bench.wire.writes == []
    bench.clock.advance(0)
    assert bench.commands() == [[(Command.DELIVER_SM | RESPONSE, each) for each in (3, 2, 1)]]


def test_a_lost_connection_says_why_and_leaves_no_timer() -> None:
    bench = Bench()
    bench.sign_in()
    bench.protocol.submit([part("1")])
    bench.clock.advance(0)
    bench.protocol.submit([part("2")])
    bench.protocol.connectionLost(Failure(PortGoneError("the cable is cut")))
    assert bench.turns == [
        (PartUnsent("2"), PartUnknown("1", "the cable is cut"), GatewayLost("the cable is cut")),
    ]  # fmt: skip
    assert bench.clock.getDelayedCalls() == []
    bench.connect()
    bench.sign_in()
    assert bench.session.room


def test_a_listener_that_submits_what_came_back_is_heard() -> None:
    bench = Bench()
    bench.sign_in()
    again = bench.protocol
    told: list[GatewaySignal] = []

    def report(signals: Sequence[GatewaySignal]) -> None:
        told.extend(signals)
        if any(isinstance(signal, GatewayLost) for signal in signals):
            again.submit([part("again")])

    again._report = report
    again.connectionLost(Failure(PortGoneError("gone")))
    bench.clock.advance(0)
    assert told == [GatewayLost("gone"), PartUnsent("again")]
    assert bench.clock.getDelayedCalls() == []


def test_last_words_are_written_before_the_end_but_not_waited_for_for_ever() -> None:
    bench = Bench()
    bench.sign_in()
    bench.protocol.dataReceived(plain(Command.UNBIND, 9))
    assert bench.commands() == [[(Command.UNBIND | RESPONSE, 9)]]
    assert (bench.wire.disconnecting, bench.wire.aborted) == (True, False)
    bench.clock.advance(2.1)
    assert bench.wire.aborted
    bench.protocol.connectionLost(Failure(PortGoneError("gone")))
    assert bench.clock.getDelayedCalls() == []


def test_a_peer_that_talks_nonsense_is_cut_off() -> None:
    bench = Bench()
    bench.sign_in()
    bench.protocol.dataReceived(bytes(16))
    assert bench.wire.aborted


def test_time_limits_work_on_the_clock() -> None:
    bench = Bench()
    bench.clock.pump([1.0] * 21)
    assert bench.wire.aborted
    bench = Bench()
    bench.sign_in()
    assert bench.session.up
    bench.clock.pump([1.0] * 61)
    assert bench.commands() == [[(Command.ENQUIRE_LINK, 2)]]
    assert GatewayReady() not in [signal for turn in bench.turns for signal in turn]


def test_an_answer_that_came_while_the_process_stood_still_is_heard_before_it_is_said_to_be_missing() -> None:
    bench = Bench()
    bench.sign_in()
    bench.protocol.submit([part("1")])
    bench.clock.advance(0)
    ((_, sequence),) = bench.commands()[0]
    answer = encode(Command.SUBMIT_SM | RESPONSE, sequence, MessageAnswer(b"77"))
    # For ten minutes. A reactor then does what is due, here the end of the wait, before it reads.
    bench.clock.callLater(599, bench.protocol.dataReceived, answer)
    bench.clock.advance(600)
    assert [type(one) for one in bench.turns[0]] == [PartAccepted]
    assert not [one for turn in bench.turns for one in turn if isinstance(one, PartUnknown)]


def test_nothing_is_read_from_a_peer_that_does_not_read() -> None:
    bench = Bench()
    bench.sign_in()
    assert bench.wire.producer is bench.protocol
    bench.protocol.pauseProducing()
    assert bench.wire.producerState == "paused"
    bench.protocol.dataReceived(plain(Command.ENQUIRE_LINK, 7))
    assert bench.wire.producerState == "paused"
    bench.protocol.resumeProducing()
    assert bench.wire.producerState == "producing"
