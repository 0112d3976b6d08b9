"""What a provider gave once, while whoever hears of it cannot write it down."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.task import Clock

from hardware.gateways.http_arrivals import TELL_AGAIN, Arrivals
from protocols.http_sms.harvest import Receipt, Reply
from protocols.sms import Arrival, Fate, GatewaySignal


class Desk:
    """Keeps what it hears, as long as it wants."""

    def __init__(self) -> None:
        self.kept: list[Arrival] = []
        self.count = 0
        self.clock = Clock()
        self.arrivals = Arrivals(self.clock, self.hear, "10690")

    def hear(self, signals: Sequence[GatewaySignal]) -> None:
        self.count += len(signals)
        self.kept += [signal for signal in signals if isinstance(signal, Arrival)]

    def wait(self, times: int) -> None:
        for _ in range(times):
            self.clock.advance(TELL_AGAIN)

    def words(self) -> list[str]:
        return [getattr(signal, "text", "") or getattr(signal, "gateway_id", "") for signal in self.kept]


def test_what_somebody_keeps_is_told_once_however_long_the_database_is_away() -> None:
    desk = Desk()
    done = desk.arrivals.add([Reply("13800138000", str(number)) for number in range(1000)])
    desk.wait(8 * 60)
    assert desk.count == 1000
    assert desk.arrivals.waiting == 1000
    for signal in desk.kept:
        signal.written()
    assert done.called
    assert desk.arrivals.waiting == 0
    desk.arrivals.stop()


def test_what_nobody_keeps_is_told_again_and_nothing_else() -> None:
    desk = Desk()
    receipt = Receipt("7", "13800138002", Fate.DELIVERED, "DELIVRD")
    done = desk.arrivals.add([Reply("13800138000", "a"), Reply("13800138001", "b"), receipt])
    desk.kept[0].written()
    # A report that cannot be written is dropped by whoever heard of it, with those that came with it or without.
    del desk.kept[1]
    desk.wait(1)
    assert desk.words() == ["a", "7", "b"]
    desk.kept.clear()
    desk.wait(1)
    assert desk.words() == ["b", "7"]
    assert not done.called
    for signal in desk.kept:
        signal.written()
        # Twice does no harm.
        signal.written()
    assert done.called
    desk.kept.clear()
    desk.wait(5)
    assert desk.count == 3 + 1 + 2
    assert desk.clock.getDelayedCalls() == []


def test_what_is_written_down_late_by_one_who_let_go_of_it_counts() -> None:
    desk = Desk()
    done = desk.arrivals.add([Reply("13800138000", "a")])
    written = desk.kept.pop().written
    written()
    assert done.called
    desk.wait(1)
    assert desk.kept == []
