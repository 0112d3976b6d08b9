"""The Twisted glue, on a memory transport and a clock."""

from __future__ import annotations

import socket
import time

from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from protocols.actions import Actions
from protocols.hayes.endpoint import HayesProtocol
from protocols.hayes.session import HayesSession
from protocols.hayes.settings import HayesSettings
from protocols.line_endpoint import LineProtocol
from protocols.signals import Answered, CommandFailed, LineLost, LineReady, LineSignal, Rang, RingingStopped
from protocols.wav import WavFormat
from tests.peers.patience import until


class Tap:
    def __init__(self) -> None:
        self.seen: list[tuple[str, bytes]] = []
        self.is_open = False

    def opened(self) -> None:
        self.is_open = True

    def closed(self) -> None:
        self.is_open = False

    def received(self, data: bytes) -> None:
        self.seen.append(("<", data))

    def sent(self, data: bytes) -> None:
        self.seen.append((">", data))


class Rig:
    def __init__(self) -> None:
        self.clock, self.transport, self.tap = Clock(), StringTransport(), Tap()
        self.signals: list[LineSignal] = []
        self.sound: list[object] = []
        session = HayesSession(HayesSettings())
        self.protocol = HayesProtocol(session, self.clock, self.signals.append, self.tap, self)
        self.protocol.makeConnection(self.transport)

    def begin(self, name: str, form: WavFormat) -> None:
        self.sound.append(name)

    def write(self, samples: bytes) -> None:
        self.sound.append(samples)

    def end(self) -> None:
        # Before the call is reported to be over.
        self.sound.append([type(signal) for signal in self.signals])

    def set_up(self) -> None:
        while LineReady("U.S. Robotics 5637 (5601)") not in self.signals:
            sent = self.transport.value()
            self.transport.clear()
            if sent:
                self.protocol.dataReceived(b"\r\n5601\r\n\r\nOK\r\n" if sent == b"ATI0\r" else b"\r\nOK\r\n")
            self.clock.advance(0.05)
        self.signals.clear()


def test_setup_ring_and_silence_by_the_clock_alone() -> None:
    rig = Rig()
    rig.set_up()
    rig.protocol.dataReceived(b"\r\nRING\r\n")
    assert rig.signals == [Rang()]
    rig.clock.advance(6.1)
    assert rig.signals == [Rang(), RingingStopped()]
    assert len(rig.clock.getDelayedCalls()) == 1
    assert rig.tap.seen[0] == (">", b"AT\r")
    assert rig.tap.seen[-1] == ("<", b"\r\nRING\r\n")


def test_what_came_while_the_process_stood_still_is_heard_before_silence_is_concluded() -> None:
    rig = Rig()
    rig.set_up()
    rig.protocol.dataReceived(b"\r\nRING\r\n")
    # For 9 s, in which it rang on. A reactor then does what is due, here the end of the ringing, before it reads.
    rig.clock.callLater(8.9, rig.protocol.dataReceived, b"\r\nRING\r\n")
    rig.clock.advance(9)
    assert rig.signals == [Rang(), Rang()]
    rig.clock.advance(9)
    assert rig.signals == [Rang(), Rang(), RingingStopped()]


def test_what_is_said_in_a_call_goes_to_its_file_and_into_no_trace() -> None:
    rig = Rig()
    rig.set_up()
    rig.protocol.dataReceived(b"\r\nRING\r\n")
    rig.protocol.answer()
    for _ in range(4):
        rig.clock.advance(0.1)
        rig.protocol.dataReceived(b"\r\nOK\r\n")
    assert rig.signals == [Rang(), Answered()]
    rig.protocol.record("a.wav")
    rig.clock.advance(0.1)
    rig.protocol.dataReceived(b"\r\nOK\r\n")
    rig.clock.advance(0.1)
    rig.tap.seen.clear()
    rig.protocol.dataReceived(b"\r\nCONNECT\r\nsecret")
    rig.protocol.dataReceived(b"words\x10b")
    assert rig.sound == ["a.wav", b"secret", b"words", [Rang, Answered]]
    rig.clock.advance(0.1)
    rig.protocol.dataReceived(b"more secrets\x10\x03\r\nOK\r\n")
    heard = b"".join(data for way, data in rig.tap.seen if way == "<")
    assert heard == b"\r\nCONNECT\r\x10\x03\r\nOK\r\n"


def test_commands() -> None:
    rig = Rig()
    rig.set_up()
    rig.protocol.answer()
    rig.protocol.hang_up()
    rig.protocol.send_digits("1")
    assert [type(signal) for signal in rig.signals] == [CommandFailed] * 3
    rig.transport.clear()
    rig.clock.advance(1)
    rig.protocol.dial("10086")
    assert rig.transport.value() == b"AT+FCLASS=8\r"


def test_a_lost_connection_leaves_no_timer() -> None:
    rig = Rig()
    rig.set_up()
    rig.protocol.connectionLost()
    assert [type(signal) for signal in rig.signals] == [LineLost]
    assert not rig.clock.getDelayedCalls()


SILENCE_SECONDS = 0.2


class Waiting:
    """A session that waits for bytes so long; ``heard`` is what came, None the end of the wait."""

    def __init__(self) -> None:
        self.heard: list[bytes | None] = []
        self.is_gone = False
        self._due: float | None = None

    def start(self, now: float) -> Actions:
        self._due = now + SILENCE_SECONDS
        return Actions()

    def receive(self, data: bytes, now: float) -> Actions:
        return self._over(data)

    def tick(self, now: float) -> Actions:
        return self._over(None)

    def port_lost(self, reason: str, now: float) -> Actions:
        self.is_gone = True
        self._due = None
        return Actions()

    def next_deadline(self) -> float | None:
        return self._due

    def _over(self, heard: bytes | None) -> Actions:
        self.heard.append(heard)
        self._due = None
        return Actions()


@ensureDeferred
async def test_what_came_while_the_reactor_stood_still_is_read_before_the_wait_for_it_ends() -> None:
    (device, ours), (knock, door) = socket.socketpair(), socket.socketpair()
    session = Waiting()
    gone: list[object] = []

    class StandsStill(Protocol):
        def dataReceived(self, data: bytes) -> None:
            device.sendall(b"RING")
            time.sleep(2 * SILENCE_SECONDS)

        def connectionLost(self, reason: object = None) -> None:
            gone.append(self)

    line = LineProtocol(session, reactor, [].append, Tap())
    still = StandsStill()
    with device, knock, ours, door:
        for end, protocol in ((ours, line), (door, still)):
            factory = Factory.forProtocol(lambda protocol=protocol: protocol)  # type: ignore[misc, arg-type]
            reactor.adoptStreamConnection(end.fileno(), socket.AF_UNIX, factory)
        knock.sendall(b"!")
        await until(lambda: session.heard)
        line.transport.abortConnection()
        still.transport.abortConnection()
        await until(lambda: gone and session.is_gone)
    assert session.heard == [b"RING"]
