"""Whatever a PBX says, in whatever order: no exception, and no call that stays open after its channel is gone."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.telephony.effects import CallClosed, CallOpened, DialRequest, Effect
from callcenter.telephony.line_model import Dial, Line, News
from callcenter.telephony.line_state import step
from protocols.ami.settings import PbxLine
from protocols.signals import Rang
from tests.peers.pbx import DOWN, RING, RINGING, UP, Leg
from tests.protocols.ami.bench import OTHER, PHONE, Bench

TRUNK = PbxLine("trunk", "PJSIP/telecom", trunk=True)
TRUNK_2 = PbxLine("trunk 2", "PJSIP/telecom", slot=2, trunk=True)
LINES = (PHONE, OTHER, TRUNK, TRUNK_2)
AT = datetime(2026, 3, 2, tzinfo=UTC)


class Rough:
    """A PBX whose events get lost, doubled, late or damaged on the way, by the numbers of ``source``."""

    def __init__(self, source: random.Random, harm: float) -> None:
        self.source, self.harm = source, harm
        self.bench = Bench(*LINES, connect=False)
        self.records = {line.name: Records() for line in LINES}
        self.connect()
        self.bench.pbx.tell = self.tell
        self.late: list[bytes] = []
        self.deeds: list[Callable[[], None]] = [
            self.call, self.call, self.answer, self.answer, self.hang_up, self.hang_up, self.far_out, self.own_call,
            self.dial, self.phone_rings, self.pick_up, self.end_call, self.lose, self.connect, self.wait, self.rename,
            self.noise, self.bridge, self.pick_up_elsewhere,
        ]  # fmt: skip

    def tell(self, event: bytes) -> None:
        if self.source.random() > self.harm:
            self.bench.told(event)
            return
        match self.source.randrange(5):
            case 0:
                pass
            case 1:
                self.bench.told(event)
                self.bench.told(event)
            case 2:
                self.late.append(event)
            case 3:
                damaged = bytearray(event)
                damaged[self.source.randrange(len(event) - 4)] = self.source.randrange(256)
                self.bench.told(bytes(damaged))
            case 4:
                for other in reversed(self.late):
                    self.bench.told(other)
                self.late.clear()
                self.bench.told(event)

    def any_leg(self) -> Leg | None:
        legs = self.bench.pbx.legs
        return self.source.choice(legs) if legs else None

    def phone(self) -> str:
        return self.source.choice(["PJSIP/8001", "PJSIP/8002"])

    def call(self) -> None:
        self.bench.pbx.call(self.phone(), self.source.choice(["", "10086", "13800138000", "anonymous"]))

    def answer(self) -> None:
        first, second = self.any_leg(), self.any_leg()
        if first is not None and second is not None and first is not second:
            self.bench.pbx.answer(first, second)

    def bridge(self) -> None:
        if (leg := self.any_leg()) is not None:
            self.bench.pbx.bridge(leg, technology=self.source.choice(["holding_bridge", "softmix"]))

    def hang_up(self) -> None:
        if (leg := self.any_leg()) is not None:
            self.bench.pbx.hang_up(leg, by_device=self.source.random() < 0.5)

    def own_call(self) -> None:
        self.bench.pbx.leg(self.phone(), RING, "8001")

    def far_out(self) -> None:
        if (leg := self.any_leg()) is not None:
            far = self.bench.pbx.dial_out(leg, "10010")
            if self.source.random() < 0.5:
                self.bench.pbx.dial_end(leg, far, self.source.choice(["BUSY", "NOANSWER", "CANCEL", "WHAT"]))

    def written(self) -> dict[str, Records]:
        for name, records in self.records.items():
            records.hear(self.bench.heard[name])
            self.bench.heard[name].clear()
        return self.records

    def dial(self) -> None:
        name = self.source.choice(["8001", "8002"])
        records = self.written()[name]
        if self.bench.session.ready and records.line.free:
            records.hear([Dial(DialRequest("10086", 11))])
            self.bench.dial("10086", name)

    def phone_rings(self) -> None:
        if actions := self.bench.manager.actions("Originate"):
            wanted = actions[-1]["ChannelId"]
            if all(leg.uniqueid != wanted for leg in self.bench.pbx.legs):
                leg = self.bench.pbx.leg(self.phone(), DOWN, uniqueid=wanted)
                self.bench.pbx.dial(None, leg)
                self.bench.pbx.state(leg, RINGING)

    def pick_up(self) -> None:
        if actions := self.bench.manager.actions("Originate"):
            answer = self.source.choice(["Success", "Failure"])
            about = (("ActionID", actions[-1]["ActionID"]), ("Response", answer), ("Reason", "3"))
            self.bench.pbx.event("OriginateResponse", *about)
        if (leg := self.any_leg()) is not None:
            self.bench.pbx.state(leg, UP)

    def end_call(self) -> None:
        if self.bench.session.ready:
            self.bench.hang_up(self.source.choice(["8001", "8002", "trunk"]))

    def rename(self) -> None:
        first, second = self.any_leg(), self.any_leg()
        if first is not None and second is not None:
            self.bench.pbx.rename(first, self.source.choice([second.name, "X/1-1"]))

    def pick_up_elsewhere(self) -> None:
        legs = self.bench.pbx.legs
        if len(legs) > 2:
            self.bench.pbx.pick_up(*self.source.sample(legs, 3))

    def noise(self) -> None:
        if self.bench.online:
            self.bench.say(self.source.randbytes(30) + b"\r\n\r\n")

    def wait(self) -> None:
        self.bench.wait(self.source.choice([0.5, 9, 25, 70]))
        if self.bench.session.failure:
            self.lose()

    def lose(self) -> None:
        if self.bench.online:
            self.bench.lose()

    def connect(self) -> None:
        if not self.bench.online:
            self.bench.connect()

    def calm_down(self) -> None:
        """Everybody hangs up, and from now on all goes well."""
        while self.bench.pbx.legs:
            self.hang_up()
        self.harm = 0
        self.lose()
        self.connect()
        self.bench.wait(130)


class Records:
    """What the call center makes of a line's signals."""

    def __init__(self) -> None:
        self.line = Line()
        self.effects: list[Effect] = []

    def hear(self, signals: Sequence[News]) -> None:
        for signal in signals:
            self.line, effects = step(self.line, signal, AT)
            self.effects += effects

    def count(self, kind: type[Effect]) -> int:
        return sum(isinstance(effect, kind) for effect in self.effects)


@given(seed=st.integers(0, 2**32), deeds=st.integers(1, 60), harm=st.sampled_from([0.0, 0.1, 0.5]))
@settings(max_examples=100, deadline=None)
def test_any_sequence(seed: int, deeds: int, harm: float) -> None:
    rough = Rough(random.Random(seed), harm)
    for _ in range(deeds):
        rough.source.choice(rough.deeds)()
    rough.calm_down()
    bench = rough.bench
    assert bench.session.failure == ""
    assert len(bench.session._lines._channels) == 0
    for name, records in rough.written().items():
        assert records.line.call is None, name
        assert records.line.ready, name
        assert not records.line.handset_up, name
        assert records.count(CallOpened) == records.count(CallClosed), name
    works_as_ever(rough)


def works_as_ever(rough: Rough) -> None:
    for records in rough.written().values():
        records.effects.clear()
    caller, phone = rough.bench.pbx.call("PJSIP/8001", "10086")
    rough.bench.pbx.answer(caller, phone)
    rough.bench.pbx.end(phone, caller, by=caller)
    for name, expected in {"8001": 1, "8002": 0, "trunk": 1, "trunk 2": 0}.items():
        records = rough.written()[name]
        assert (records.count(CallOpened), records.count(CallClosed)) == (expected, expected), name


def test_floods_are_bounded() -> None:
    bench = Bench()
    for start in range(0, 30_000, 1000):
        flood = [
            f"Event: Newchannel\r\nUniqueid: 1.{n}\r\nChannel: A/x-{n}\r\n\r\n" for n in range(start, start + 1000)
        ]
        flood += [f"Event: Hangup\r\nUniqueid: 1.{n}\r\n\r\n" for n in range(start, start + 1000, 4)]
        bench.say("".join(flood).encode())
    channels = bench.session._lines._channels
    assert len(channels) <= 20_000
    assert len(channels._dead) <= 5_000
    bench.wait(61)
    bench.pbx.call("PJSIP/8001", "10086")
    assert Rang() in bench.heard["8001"]
