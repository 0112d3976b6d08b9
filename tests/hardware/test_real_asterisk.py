"""Lines on a real Asterisk, signed in to with the rights that docs/devices/asterisk.md asks for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from hardware.asterisk_pbx import PbxSettings, pbx_directory
from hardware.drivers import SharedPorts
from hardware.pbx_port import PbxAddress
from protocols.ami.settings import AmiSettings, AmiTimings
from protocols.sayings import Said, Saying
from protocols.signals import (
    Answered,
    CallerIdentified,
    CommandFailed,
    DialFailed,
    DialFailure,
    Ended,
    FarEndRinging,
    HandsetLifted,
    HandsetReplaced,
    LineLost,
    LineReady,
    Rang,
    TakenElsewhere,
)
from tests.hardware.test_asterisk_lines import lines_on
from tests.peers.asterisk import Telephony, telephony, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

ZHANG = CallerIdentified("13800138000", "Zhang San")
CALL = [ZHANG, Rang()]
TAKEN = [HandsetLifted(), Answered()]
OVER = [HandsetReplaced(), Ended(by_far_end=True)]


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Telephony]:
    with telephony(tmp_path_factory.mktemp("asterisk")) as both:
        yield both


def directory(asterisk: Telephony, *, tls: bool = False) -> SharedPorts:
    where = PbxAddress("127.0.0.1", asterisk.pbx.manager)
    if tls:
        where = PbxAddress("127.0.0.1", asterisk.pbx.tls, tls=True, authorities=asterisk.pbx.certificate)
    settings = AmiSettings("huifang", "s3cret", timings=AmiTimings(phone_rings=3.0))
    return SharedPorts(reactor, pbx_directory([PbxSettings("main", where, settings)], reactor))


@pytest.mark.parametrize("tls", [False, True])
@ensureDeferred
async def test_a_call_is_answered_and_the_caller_hangs_up(tls: bool, asterisk: Telephony, tmp_path: Path) -> None:
    async with lines_on(directory(asterisk, tls=tls), tmp_path, "PJSIP/8001", "PJSIP/8002") as ((_, heard), (_, other)):
        await heard.first(LineReady)
        asterisk.call("9001", "13800138000", 3)
        await heard.until(lambda signals: signals == [*CALL, *TAKEN, *OVER])
        assert [type(signal) for signal in other.signals] == [LineReady]


@ensureDeferred
async def test_the_agent_puts_the_telephone_down(asterisk: Telephony, tmp_path: Path) -> None:
    async with lines_on(directory(asterisk), tmp_path, "PJSIP/8004") as ((_, heard),):
        await heard.first(LineReady)
        asterisk.call("9004", "13800138000", 30)
        await heard.until(lambda signals: signals == [*CALL, *TAKEN, HandsetReplaced(), Ended(by_far_end=False)])


@pytest.mark.parametrize("number", ["9012", "9200"])
@ensureDeferred
async def test_a_group_and_a_queue_ring_two_telephones(number: str, asterisk: Telephony, tmp_path: Path) -> None:
    async with lines_on(directory(asterisk), tmp_path, "PJSIP/8001", "PJSIP/8002") as ((_, heard), (_, other)):
        await heard.first(LineReady)
        await other.first(LineReady)
        asterisk.call(number, "13800138000", 3)
        await heard.until(lambda signals: signals == [*CALL, *TAKEN, *OVER])
        await other.until(lambda signals: signals == [*CALL, TakenElsewhere()])


@ensureDeferred
async def test_a_caller_gives_up(asterisk: Telephony, tmp_path: Path) -> None:
    async with lines_on(directory(asterisk), tmp_path, "PJSIP/8002") as ((_, heard),):
        await heard.first(LineReady)
        asterisk.call("9002", "13800138000", 1)
        await heard.until(lambda signals: signals == CALL)
        await deferToThread(asterisk.world.say, "channel request hangup all")
        await heard.until(lambda signals: signals == [*CALL, Ended(by_far_end=True)])


@ensureDeferred
async def test_a_trunk_waits_for_a_human_being(asterisk: Telephony, tmp_path: Path) -> None:
    async with lines_on(directory(asterisk), tmp_path, "PJSIP/telecom", trunk=True) as ((_, heard),):
        await heard.first(LineReady)
        asterisk.call("9100", "13800138000", 5)
        await heard.until(lambda signals: signals == [*CALL, Answered(), Ended(by_far_end=True)])


@ensureDeferred
async def test_a_number_is_dialled_and_answered(asterisk: Telephony, tmp_path: Path) -> None:
    async with lines_on(directory(asterisk), tmp_path, "PJSIP/8001") as ((device, heard),):
        await heard.first(LineReady)
        device.dial("13800001111")
        await heard.until(lambda signals: signals == [HandsetLifted(), FarEndRinging(), Answered(), *OVER])


@pytest.mark.parametrize(
    ("number", "outcome"),
    [("13810001111", DialFailed(DialFailure.BUSY)), ("13830001111", DialFailed(DialFailure.REJECTED))],
)
@ensureDeferred
async def test_a_number_does_not_answer(number: str, outcome: DialFailed, asterisk: Telephony, tmp_path: Path) -> None:
    async with lines_on(directory(asterisk), tmp_path, "PJSIP/8001") as ((device, heard),):
        await heard.first(LineReady)
        device.dial(number)
        await heard.until(lambda signals: signals == [HandsetLifted(), HandsetReplaced(), outcome])


@pytest.mark.parametrize(
    ("phone", "number", "why"),
    [
        ("PJSIP/8002", "13800001111", "PJSIP/8002 was not picked up"),
        ("PJSIP/8003", "13800001111", "PJSIP/8003 is busy"),
        ("PJSIP/8009", "13800001111", "PJSIP/8009 cannot be reached"),
        ("PJSIP/8001", "555", "the PBX refuses: Extension does not exist."),
    ],
)
@ensureDeferred
async def test_what_keeps_a_number_from_being_dialled(
    phone: str, number: str, why: str, asterisk: Telephony, tmp_path: Path
) -> None:
    async with lines_on(directory(asterisk), tmp_path, phone) as ((device, heard),):
        await heard.first(LineReady)
        device.dial(number)
        await heard.until(lambda signals: signals == [CommandFailed("dial", why)])


@ensureDeferred
async def test_hanging_up(asterisk: Telephony, tmp_path: Path) -> None:
    async with lines_on(directory(asterisk), tmp_path, "PJSIP/8001") as ((device, heard),):
        await heard.first(LineReady)
        device.dial("13820001111")
        await heard.until(lambda signals: signals == [HandsetLifted(), FarEndRinging()])
        device.hang_up()
        await heard.until(lambda signals: signals[2:] == [HandsetReplaced(), Ended(by_far_end=False)])
        asterisk.call("9001", "13800138000", 30)
        await heard.until(lambda signals: signals[4:] == [*CALL, *TAKEN])
        device.hang_up()
        await heard.until(lambda signals: signals[8:] == [HandsetReplaced(), Ended(by_far_end=False)])


@ensureDeferred
async def test_dialling_on_the_telephone_itself_shows_it_in_use(asterisk: Telephony, tmp_path: Path) -> None:
    async with lines_on(directory(asterisk), tmp_path, "PJSIP/8001") as ((device, heard),):
        await heard.first(LineReady)
        asterisk.dial_by_hand("8001", "13800001111", 5)
        await heard.until(lambda signals: signals == [HandsetLifted()])
        device.dial("13800001111")
        await heard.until(lambda signals: signals[1:] == [CommandFailed("dial", "the telephone is in use")])
        await heard.until(lambda signals: signals[2:] == [HandsetReplaced()])


@ensureDeferred
async def test_a_call_is_picked_up_at_another_telephone(asterisk: Telephony, tmp_path: Path) -> None:
    async with lines_on(directory(asterisk), tmp_path, "PJSIP/8002", "PJSIP/8004") as ((_, heard), (_, other)):
        await heard.first(LineReady)
        await other.first(LineReady)
        asterisk.call("9002", "13800138000", 4)
        await heard.until(lambda signals: signals == CALL)
        asterisk.dial_by_hand("8004", "*8", 30)
        await heard.until(lambda signals: signals == [*CALL, TakenElsewhere()])
        await other.until(lambda signals: Ended(by_far_end=True) in signals)
        assert [signal for signal in other.signals if signal != HandsetLifted()][-3:-1] == [
            Answered(),
            HandsetReplaced(),
        ]
        assert other.of(CallerIdentified) == [ZHANG]


@ensureDeferred
async def test_a_transfer_ends_the_call_of_the_first_telephone_only(asterisk: Telephony, tmp_path: Path) -> None:
    async with lines_on(directory(asterisk), tmp_path, "PJSIP/8001", "PJSIP/8002") as ((_, heard), (_, other)):
        await heard.first(LineReady)
        await other.first(LineReady)
        asterisk.call("9001", "13800138000", 30)
        await heard.until(lambda signals: signals == [*CALL, *TAKEN])
        channels = await deferToThread(asterisk.pbx.say, "core show channels concise")
        trunk = next(line.split("!")[0] for line in channels.splitlines() if line.startswith("PJSIP/telecom"))
        await deferToThread(asterisk.pbx.say, f"channel redirect {trunk} from-internal,8002,1")
        await heard.until(lambda signals: len(signals) == 6)
        await other.until(lambda signals: signals == CALL)
        await deferToThread(asterisk.world.say, "channel request hangup all")
        await other.until(lambda signals: signals == [*CALL, Ended(by_far_end=True)])
        assert heard.signals[4] == HandsetReplaced()


@ensureDeferred
async def test_a_restart_of_the_pbx_ends_the_call_unseen(asterisk: Telephony, tmp_path: Path) -> None:
    async with lines_on(directory(asterisk), tmp_path, "PJSIP/8001", "PJSIP/8002") as ((_, heard), (_, idle)):
        await heard.first(LineReady)
        await idle.first(LineReady)
        asterisk.call("9001", "13800138000", 60)
        await heard.until(lambda signals: signals == [*CALL, *TAKEN])
        asterisk.pbx.stop()
        await idle.first(LineLost)
        assert len(heard.signals) == 4
        await deferToThread(asterisk.pbx.start)
        await idle.first(LineReady)
        await heard.until(lambda signals: LineLost(Said(Saying.PBX_ENDED_UNSEEN)) in signals)
        await deferLater(reactor, 0.5)
        assert [type(signal) for signal in heard.signals[4:]] == [LineLost, LineReady]
        await deferToThread(asterisk.world.say, "channel request hangup all")
        await deferLater(reactor, 0.5)
        heard.signals.clear()
        asterisk.call("9001", "13800138000", 3)
        await heard.until(lambda signals: signals == [*CALL, *TAKEN, *OVER])
