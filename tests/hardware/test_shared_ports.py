from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocol
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure

from hardware.shared_ports import SeatOpener, SharedStream
from hardware.supervisor import PortError
from tests.hardware.test_supervisor import Opener


class Recorder(Protocol):
    def __init__(self) -> None:
        self.news: list[str] = []

    def connectionMade(self) -> None:
        self.news.append("made")

    def dataReceived(self, data: bytes) -> None:
        self.news.append(data.decode())

    def connectionLost(self, reason: Failure | None = None) -> None:
        self.news.append("lost")


class StreamOpener(Opener):
    """One whose port tells its protocol, as a real one does."""

    def open(self, protocol: IProtocol, on_closed: object) -> Deferred:
        self.protocol = protocol

        def closed() -> None:
            protocol.connectionLost(Failure(PortError("gone")))
            on_closed()

        return super().open(protocol, closed)


class Line:
    def __init__(self, stream: SharedStream) -> None:
        self.protocol = Recorder()
        self.closed = 0
        self.failed = ""
        self.opener = SeatOpener(stream)
        self.port = None
        self.open()

    def open(self) -> None:
        opening = self.opener.open(self.protocol, self._closed)
        opening.addCallbacks(self._opened, self._failed)

    def _opened(self, port: object) -> None:
        self.port = port

    def _failed(self, failure: Failure) -> None:
        self.failed = str(failure.value)

    def _closed(self) -> None:
        self.closed += 1


def rig(count: int = 2) -> tuple[StreamOpener, SharedStream, list[Line]]:
    opener = StreamOpener()
    stream = SharedStream(opener)
    return opener, stream, [Line(stream) for _ in range(count)]


def test_every_line_hears_all_and_the_port_is_opened_once() -> None:
    opener, stream, lines = rig()
    opener.succeed()
    opener.protocol.dataReceived(b"one")
    lines.append(Line(stream))
    opener.protocol.dataReceived(b"two")
    assert opener.openings == 1
    assert [line.protocol.news for line in lines] == [["made", "one", "two"]] * 2 + [["made", "two"]]


def test_all_learn_of_the_loss_and_it_is_opened_once_again() -> None:
    opener, _, lines = rig()
    opener.succeed().close()
    assert [(line.protocol.news, line.closed) for line in lines] == [(["made", "lost"], 1)] * 2
    for line in lines:
        line.open()
    opener.succeed()
    assert opener.openings == 2
    assert [line.protocol.news[-1] for line in lines] == ["made"] * 2


def test_all_learn_why_it_cannot_be_opened() -> None:
    opener, _, lines = rig()
    opener.fail("no such device")
    assert [(line.failed, line.closed) for line in lines] == [("no such device", 0)] * 2
    lines[0].open()
    assert opener.openings == 2
    opener.succeed()


def test_the_port_is_closed_with_its_last_line() -> None:
    opener, _, (first, second) = rig()
    port = opener.succeed()
    first.port.close()
    assert port.open
    assert (first.closed, first.protocol.news) == (1, ["made", "lost"])
    opener.protocol.dataReceived(b"more")
    assert second.protocol.news == ["made", "more"]
    second.port.close()
    assert not port.open
    assert (second.closed, second.protocol.news) == (1, ["made", "more", "lost"])


def test_giving_up() -> None:
    opener, _, (first, second) = rig()
    first.opener.give_up()
    assert first.failed == "given up"
    assert opener.given_up == 0
    second.opener.give_up()
    assert opener.given_up == 1
    # A serial port comes all the same, and is closed as nobody wants it.
    port = opener.succeed()
    second.port.close()
    assert not port.open
