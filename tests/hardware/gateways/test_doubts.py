from __future__ import annotations

from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent

from hardware.gateways.doubts import SILENCE, Doubts


def test_the_same_nonsense_without_end_is_a_line_a_minute() -> None:
    clock = Clock()
    doubts = Doubts("移动", clock)
    with capturedLogs() as logs:
        for _ in range(500):
            doubts.tell("a DELIVER that cannot be read was refused")
            clock.advance(SILENCE / 240)
        doubts.tell("the gateway does not prove that it knows the secret")
    assert [formatEvent(event) for event in logs] == [
        "gateway 移动: a DELIVER that cannot be read was refused",
        "gateway 移动: a DELIVER that cannot be read was refused, and 239 times before",
        "gateway 移动: a DELIVER that cannot be read was refused, and 239 times before",
        "gateway 移动: the gateway does not prove that it knows the secret",
    ]
